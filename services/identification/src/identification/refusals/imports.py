"""What is refused of an imported file, and the reasons that stand beside its rows."""

from common.problems import FAULTS, Text

IMPORTS: dict[str, Text] = {
    "import-unreadable": Text(
        422,
        "文件无法读取：请用 Excel 另存为 .xlsx（不加密码），或存为 UTF-8 的 .csv（引号须成对）",
        "The file cannot be read: save it as .xlsx without a password, or as .csv in UTF-8 with its quotes in pairs",
    ),
    "import-empty": Text(
        422,
        "文件没有数据：第一行为标题，从第二行起每行一条",
        "The file has no data: headings in the first row, one entry a row from the second",
    ),
    "import-one-sheet": Text(
        422,
        "文件有多张有数据的工作表（隐藏的也算）：请只保留一张",
        "More than one sheet has data, hidden ones among them: keep one",
    ),
    "import-too-large": Text(
        413,
        "文件过大：最多 {rows} 行、{columns} 列；请拆分，并删除多余的空行和格式",
        "Too large: at most {rows} rows and {columns} columns; split it, and delete empty formatted rows",
    ),
    "import-ragged": Text(
        422,
        "第 {row} 行的列数多于标题：标题须在第一行，上面的表名等请删除；标题之外的内容也请删除，CSV 请检查逗号和引号",
        "Row {row} has more cells than there are headings: these are the first row, delete a title above them, and what has no heading; in a CSV check commas and quotes",
    ),
    "import-headings": Text(
        422,
        "标题行有空白或重复的列：第一行须为不重复的列名",
        "A heading is empty or appears twice: the first row names each column once",
    ),
    "import-columns": Text(
        422,
        "列不符合要求：缺少 {missing}；不认识的列：{unknown}；请用本地址加 -template 的模板，CSV 以逗号分隔",
        "The columns do not fit: missing {missing}; columns not known: {unknown}; use the template at this address with -template, and commas in a CSV",
    ),
}

REASONS: dict[str, tuple[str, str]] = {
    **FAULTS,
    "missing": ("未填写", "empty"),
    "formula": ("单元格是公式：请改为数值或文字", "a formula: put the value itself"),
    "excel-error": ("单元格是 Excel 错误值", "an error value of Excel"),
    "garbled": (
        "含有控制字符或乱码：请重新录入该单元格，CSV 请存为 UTF-8",
        "it holds control characters, or was read in the wrong encoding: type it again, save a CSV in UTF-8",
    ),
    "merged": ("合并单元格：请取消合并，逐行填写", "a merged cell: unmerge it and fill each row"),
    "date-as-text": (
        "日期存为文本：请把该列设为日期格式后重新录入",
        "a date kept as text: give the column a date format and type it again",
    ),
    "date": ("不是有效的日期（如 2024-03-01）", "not a date (such as 2024-03-01)"),
    "digits-lost": (
        "长号码存为数字，Excel 只保留前15位：请把该列设为文本后重新录入",
        "a long number was kept as a number, of which Excel keeps 15 digits: make the column text and type it again",
    ),
    "zeros-lost": (
        "前面的 0 只是显示格式，单元格里没有：请把该列设为文本后重新录入",
        "its leading zeros are a format, the cell does not hold them: make the column text and type it again",
    ),
    "not-text": ("应为文字", "not text"),
    "yes-or-no": ("应为“是”或“否”", "not 是 or 否"),
    "differs-from-first-row": ("与本户首行不一致", "differs from the household's first row"),
    "rows-apart": ("本户各行不相连：请放在一起", "the rows of this household stand apart"),
    "yuan": (
        "应为金额（元），只写半角数字，最多两位小数",
        "not an amount in yuan: digits alone, with at most two decimals",
    ),
    "record-twice": (
        "同一记录编号和版本在文件中出现两次",
        "the same record and version appear twice in the file",
    ),
    "waits-NO_SUCH_PERSON": (
        "登记册中尚无此人，信息已留存，待其登记后生效",
        "nobody on the register has this number: kept until the person is registered",
    ),
    "waits-RESTRICTED": (
        "该人信息限制处理，信息已留存，解除限制后生效，请勿重报",
        "processing of the person's data is restricted: kept until that ends, do not send it again",
    ),
    "others": ("本户其他行有误，整户未导入", "another row of this household is at fault"),
}

"""What is refused of policy parameters and of assessments of income."""

from common.problems import Text

POLICIES: dict[str, Text] = {
    "policy-not-found": Text(
        404,
        "没有适用于该区域的政策参数：请核对区划代码",
        "No policy covers this area: check the area code",
    ),
    "policy-interval": Text(
        422,
        "失效日期须晚于生效日期（{effective_from}）",
        "effective_to must be after effective_from ({effective_from})",
    ),
    "policy-parameters": Text(
        422,
        "每个参数须且只能出现一次：{keys}",
        "Each parameter must appear once and only once: {keys}",
    ),
    "policy-parameter-unknown": Text(
        422,
        "没有参数 {key}：可用参数为 {known}",
        "There is no parameter {key}: use {known}",
    ),
    "policy-parameter-value": Text(
        422,
        "参数 {key} 的取值不合规定：应为{wanted_zh}",
        "The value of {key} is not one that it may have: give {wanted_en}",
    ),
    "policy-version-in-use": Text(
        409,
        "版本号 {version} 已用于区域 {region}：请另取版本号",
        "Version {version} was published for area {region}: take another name",
    ),
    "policy-value-changed": Text(
        409,
        "版本 {version} 已公布，{keys} 不能更改：请以新版本号公布",
        "Version {version} is published and {keys} cannot change: publish a new version",
    ),
    "policy-same-days": Text(
        409,
        "版本 {version} 同日公布、同日生效，而 {keys} 取值不同，分不出以哪一版为准：更正请把生效日期改为次日或更晚",
        "Version {version}, published on the same day and in force from the same day, gives {keys} another value,"
        " and neither comes first: give a correction a later effective_from",
    ),
    "income-sources": Text(
        422,
        "{group} 类各项合计 {lines_fen} 分，与总额 {total_fen} 分不符：请核对收入明细",
        "The lines of {group} add up to {lines_fen} fen, not to its total of {total_fen}: check the detail",
    ),
    "assessment-exists": Text(
        409,
        "该核算编号已用于内容不同的核算：更正请用新的 assessment_id",
        "This assessment_id was used for other content: give a correction an id of its own",
    ),
}

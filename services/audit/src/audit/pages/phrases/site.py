"""What every page says, and those that find a household."""

from audit.meaning.sentences import Words

SITE = {
    "title": Words("守望 · 监督", "Shouwang · Audit"),
    "other_language": Words("English", "中文"),
    "skip": Words("跳到正文", "Skip to the content"),
    "home": Words("查找农户", "Find a household"),
    "sign_in": Words("登录", "Sign in"),
    "sign_out": Words("退出", "Sign out"),
    "token": Words("访问令牌", "Access token"),
    "token_help": Words(
        "请粘贴您的访问令牌（须含 audit:read 权限）。令牌仅保存在本浏览器的会话中，关闭浏览器即失效。",
        "Paste your access token (with the scope audit:read). It is kept for this browser session only.",
    ),
    "household_id": Words("系统户号", "Household id"),
    "household_help": Words(
        "名单中列在户编号之下，时间线列在页首；不是登记册上的户编号。",
        "Lists show it below the number of the register, timelines at their top; not that number itself.",
    ),
    "by_id": Words("按系统户号查找", "Find by household id"),
    "by_called": Words("按{field}查找", "Find by {field}"),
    "called": Words("名单中的{field}", "The {field}, as lists show it"),
    "called_help": Words(
        "名单中每户所列的编号；不是证件号码，也不是系统户号。只在您的区域内查找，大小写均可。",
        "What lists call a household by; neither an identity number nor the household id. Looked for in your "
        "area only; small letters will do.",
    ),
    "same_number": Words("编号相同的农户", "Households with the same number"),
    "same_number_help": Words(
        "同一编号登记在多户名下，请核对后打开。查找已记录。",
        "Several households are registered with this number. That you looked is recorded.",
    ),
    "by_number": Words("按证件号码查找", "Find by identity number"),
    "identity_number": Words("家庭成员的证件号码", "Identity number of a member"),
    "number_help": Words(
        "可输入完整号码，或名册上的脱敏号码（如 990000********0118）。号码只用于本次查询："
        "由户情识别服务核对，本系统不保存、不记录，也不出现在网址中。",
        "Whole, or masked as lists show it (990000********0118). Used for this question only: "
        "identification looks it up; it is not kept here, not logged, and in no address.",
    ),
    "whole_number_help": Words(
        "请输入完整号码。号码只用于本次查询：由户情识别服务核对，本系统不保存、不记录，也不出现在网址中。",
        "Whole. Used for this question only: identification looks it up; it is not kept here, not logged, "
        "and in no address.",
    ),
    "candidates": Words("脱敏号码可能所属的农户", "Households the masked number may belong to"),
    "candidates_help": Words(
        "同一脱敏号码可能属于多人，请核对后打开。查找已记录。",
        "Several persons may have the same masked number. That you looked is recorded.",
    ),
    "candidates_more": Words(
        "只列出前 {n} 户，另有其他农户；请向所在乡镇或村查询。",
        "The first {n} are listed, and there are more: ask in the town or village.",
    ),
    "number_off": Words(
        "本系统没有配置户情识别服务的地址，不能按证件号码查找。",
        "The address of identification is not set up here, so this cannot be asked.",
    ),
    "find": Words("查找", "Find"),
    "open": Words("查看", "Open"),
    "villages": Words("按村查看", "By village"),
    "village": Words("村（区划代码）", "Village (area code)"),
    "households": Words("户数", "Households"),
    "events": Words("记录数", "Events"),
    "last": Words("最近一次记录", "Last recorded"),
    "nothing": Words("这里还没有记录。", "Nothing has been recorded here yet."),
    "area": Words("所在地", "Area"),
    "more": Words("更多记录", "More"),
    "times": Words("时间均为北京时间。", "All times are Asia/Shanghai."),
    "as_of": Words("数据截至 {moment}", "As of {moment}"),
    "service": Words("业务", "Service"),
    "department": Words("部门", "Department"),
    "any": Words("全部", "all"),
    "showing_only": Words("仅显示：", "Showing only: "),
    "then_also": Words("；", "; "),
    "colon": Words("：", ": "),
    "show_all": Words("显示全部", "Show all"),
    "filter": Words("筛选", "Filter"),
    "remedy": Words("请返回后再试。", "Go back and try again."),
    "invalid": Words("地址或表单中有错误", "The address or the form is not right"),
    "remedy_invalid": Words(
        "请返回，改正下列各处后再提交。",
        "Go back, put right what is named here, and send it again.",
    ),
    "remedy_403": Words(
        "如工作需要，请向系统管理员申请。", "If your work needs it, ask the administrators."
    ),
    "remedy_405": Words(
        "这里只接收表单：请从“查找农户”重新开始。",
        "Forms are sent here, nothing is to be read: begin again at “Find a household”.",
    ),
    "remedy_422": Words("请返回，改正后再提交。", "Go back, put it right, and send it again."),
    "remedy_500": Words(
        "请重试；如仍然如此，请把下面的编号告诉系统管理员。",
        "Try again; if it stays so, tell the administrators the number below.",
    ),
    "faults": Words("错误之处", "What is wrong"),
    "reference": Words("编号（trace_id）", "Number (trace_id)"),
    "again": Words("重试", "Try again"),
    "without": Words("打开本页，不带条件", "Open the page without conditions"),
    "ways": Words("继续", "Ways on"),
    "back_household": Words("返回该农户的时间线", "Back to the timeline of the household"),
    "back_county": Words("返回全域总览", "Back to the overview"),
}

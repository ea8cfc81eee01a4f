"""What a step of an episode refuses."""

from common.problems import Text

EPISODES: dict[str, Text] = {
    "date-in-future": Text(
        422, "{field} 不能晚于今天（{today}）", "{field} must not be after today ({today})"
    ),
    "date-before-previous-step": Text(
        422,
        "{field} 不能早于上一步的日期（{earliest}）",
        "{field} must not be before the previous step ({earliest})",
    ),
    "step-out-of-order": Text(
        409,
        "当前阶段为 {stage}，此步骤之前须先完成：{needed}",
        "The case is at {stage}; this step needs {needed} first",
    ),
    "clue-needs-evidence": Text(
        422,
        "线索至少需要一个风险类型和一条依据",
        "A clue needs a risk type and at least one piece of evidence",
    ),
    "officers-needed": Text(
        422,
        "入户核实至少需要 {needed} 名干部，现有 {named} 名",
        "Verification needs {needed} officers, {named} named",
    ),
    "recusal-not-declared": Text(
        422,
        "须声明核实干部与该户无亲属关系",
        "Declare that the officers are not relatives of the household",
    ),
    "home-visit-needed": Text(
        422, "须入户当面核实", "Verification takes place at home and in person"
    ),
    "income-window": Text(
        422,
        "收入核算期应为 {window_from} 至 {window_to}（核实前12个整月）",
        "The income window must be {window_from} to {window_to} (twelve whole months before the visit)",
    ),
    "income-members": Text(
        422,
        "核算人口应为共同生活人口 {members} 人",
        "The number of members must be the {members} who live together",
    ),
    "one-to-five-risks": Text(
        422,
        "须选择1至5个风险类型，现为 {named} 个",
        "Choose one to five risk types, {named} chosen",
    ),
    "not-at-risk": Text(
        409,
        "收入高于监测线且无大额刚性支出，不符合任何一类监测对象：请按不纳入处理",
        "Income is above the line and no large rigid spending was found: the household fits none of the classes; reject the clue",
    ),
    "votes-exceed-present": Text(
        422, "票数之和不能超过到会人数 {present}", "The votes must not exceed the {present} present"
    ),
    "personal-data-in-publicity": Text(
        422,
        "公示内容含有个人信息（{kinds}）：请删除后再公示",
        "The notice contains personal data ({kinds}): remove it before posting",
    ),
    "personal-data-in-text": Text(
        422,
        "{field} 含有个人信息或病名（{kinds}），会进入公开日志：请改写",
        "{field} contains personal data or an illness ({kinds}) and would go on the log: reword it",
    ),
    "publicity-too-short": Text(
        409,
        "公示只有 {days} 天：最早 {earliest} 期满",
        "Posted for {days} days only: it is over on {earliest} at the earliest",
    ),
    "separation-of-duties": Text(
        409,
        "职责分离：您已参与前一环节（{before}），须由他人办理",
        "Separation of duties: you took part in an earlier step ({before}); another person must do this",
    ),
    "class-does-not-fit": Text(
        409,
        "类别与户类别和收入不符：应为 {expected}",
        "The class does not fit category and income: it must be {expected}",
    ),
    "late-needs-reason": Text(
        422,
        "自发现起已 {elapsed} 天，超过期限 {due_on}：须填写逾期原因",
        "{elapsed} days since discovery, past {due_on}: give the reason for being late",
    ),
}

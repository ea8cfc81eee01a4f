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
        "当前阶段为“{stage_zh}”：{first_zh}接下来是{next_zh}",
        "The case is at “{stage_en}”: {first_en}next is {next_en}",
    ),
    "declaration-medium": Text(
        422,
        "农户自主申报须写明申报方式（medium）：APP、QR_CODE、TELEPHONE、PAPER 或 IN_PERSON；其他渠道不填",
        "A self-declaration says its medium: APP, QR_CODE, TELEPHONE, PAPER or IN_PERSON; no other channel has one",
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
    "officer-is-relative": Text(
        409,
        "办理人员是该户成员或已声明的亲属，须回避：请另行指派",
        "An officer belongs to the household or declared to be a relative: let somebody else do it",
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
    "survey-incomplete": Text(
        422,
        "{field} 须填写：填总数，或按成员（饮水按水质、水量、方便程度）逐项填写",
        "{field} is missing: give the total, or each member (of water: quality, quantity, convenience)",
    ),
    "survey-disagrees": Text(
        422,
        "{field} 填的是 {told}，与逐项填写的 {found} 不一致：请核对",
        "{field} says {told}, but what is told one by one comes to {found}: check both",
    ),
    "surveyed-not-a-member": Text(
        422,
        "{field}：所填人员不是本户现有成员，或其个人信息限制处理：请核对 person_id",
        "{field}: not a member of this household, or one whose data may not be used: check the person_id",
    ),
    "not-a-child-of-school-age": Text(
        422,
        "schooling 第 {number} 项不是核查之日的义务教育适龄儿童，或重复填写",
        "Item {number} of schooling is not of compulsory age on the day of the visit, or named twice",
    ),
    "children-missing": Text(
        422,
        "schooling 还缺 {missing} 名义务教育适龄儿童：须逐一填写",
        "{missing} children of compulsory age are missing in schooling: name each of them",
    ),
    "one-to-five-risks": Text(
        422,
        "须选择1至5个风险类型，现为 {named} 个",
        "Choose one to five risk types, {named} chosen",
    ),
    "disaster-subtype": Text(
        422,
        "风险含“因自然灾害”的须填灾害种类（{codes}），不含的不填",
        "Name the kind of disaster ({codes}) if NATURAL_DISASTER is among the risks, and only then",
    ),
    "votes-exceed-present": Text(
        422, "票数之和不能超过到会人数 {present}", "The votes must not exceed the {present} present"
    ),
    "personal-data-in-publicity": Text(
        422,
        "公示内容含有个人信息（{kinds_zh}）：请删除后再公示",
        "The notice contains personal data ({kinds}): remove it before posting",
    ),
    "personal-data-in-text": Text(
        422,
        "{field} 含有个人信息或病名（{kinds_zh}），会进入公开日志：请改写",
        "{field} contains personal data or an illness ({kinds}) and would go on the log: reword it",
    ),
    "publicity-too-short": Text(
        409,
        "公示只有 {days} 天：最早 {earliest} 期满",
        "Posted for {days} days only: it is over on {earliest} at the earliest",
    ),
    "separation-of-duties": Text(
        409,
        "职责分离：您已参与前一环节（{before_zh}），须由他人办理",
        "Separation of duties: you took part in an earlier step ({before_en}); another person must do this",
    ),
    "class-does-not-fit": Text(
        409,
        "类别与户类别和收入不符：应为 {expected_zh}（{expected}）",
        "The class does not fit category and income: it must be {expected}",
    ),
    "verification-corrected": Text(
        409,
        "核实所依据的收入核算或户类别已更正，原结论不再符合：请退回重新核实（T11）",
        "The income or the category behind the verification was corrected, and its conclusion no longer follows: return the case (T11)",
    ),
    "clue-after-verification": Text(
        409,
        "核实之后又有线索并入（{clues}），核实结论未包括：请先退回重新核实（T11），或由镇撤回该线索（T4）",
        "A clue joined after the verification ({clues}), which its conclusion does not cover: return the case (T11), or withdraw the clue (T4)",
    ),
    "late-needs-reason": Text(
        422,
        "自发现起已 {elapsed} 天，超过期限 {due_on}：须填写逾期原因",
        "{elapsed} days since discovery, past {due_on}: give the reason for being late",
    ),
    "reason-too-short": Text(
        422,
        "{field} 须写明理由，不少于 {needed} 个字",
        "{field} must give the reason in at least {needed} characters",
    ),
    "appeal-not-explained": Text(
        422,
        "须告知农户结果和申诉途径后再办理",
        "Tell the family the result and how to appeal, then record it",
    ),
    "rejection-needs-conclusion": Text(
        409,
        "“收入高于监测线且无风险”须有入户核实的不纳入结论（T3）：请先完成核实或另选理由",
        "“Income above and no risk” needs the verification to have found so (T3): verify first, or give another reason",
    ),
    "rejection-needs-refusal": Text(
        409,
        "“不同意授权核查”须先记录农户不同意授权（T5）",
        "“Authorisation refused” needs the family's refusal on record first (T5)",
    ),
    "clue-not-open": Text(
        409,
        "该线索不在待处理线索之中：待处理的线索为 {clues}",
        "That clue is not open; open clues are: {clues}",
    ),
    "not-your-turn": Text(
        409,
        "案件现由{level_zh}审核（{level}），应由其退回或不同意",
        "The case is now with {level_en} ({level}), who may return it or say no",
    ),
    "day-not-over": Text(
        422,
        "该业务日尚未结束：请在次日零点之后结算",
        "That day is not over: close it after midnight",
    ),
}

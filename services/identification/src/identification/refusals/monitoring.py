"""What is refused of a confirmed episode: its changes, its end, its corrections."""

from common.problems import Text

MONITORING: dict[str, Text] = {
    "clue-names-another-risk": Text(
        409,
        "该线索的风险为 {risks}：请按其风险登记，或对该线索不予纳入",
        "The clue names {risks}: add that risk, or reject the clue",
    ),
    "risk-not-recorded": Text(
        409, "该户没有登记此风险：现有 {risks}", "That risk is not recorded; recorded are {risks}"
    ),
    "last-risk": Text(
        409,
        "这是该户最后一项风险：请申请风险消除（T13）",
        "This is the last risk of the household: propose its elimination (T13)",
    ),
    "resolved-before-added": Text(
        422,
        "该项风险是{added_on}增加的，解决日期不能早于当日：请核对日期",
        "The risk was added on {added_on} and cannot be resolved before that day: check the date",
    ),
    "measures-needed": Text(
        422, "须写明解决该风险的措施", "Name the measures that resolved the risk"
    ),
    "close-through-register": Text(
        409,
        "“{reason_zh}”由登记册的变更自动结束监测：请办理迁出、并户或成员减少",
        "“{reason_en}” follows from the register: record the move, the merger or the deaths there",
    ),
    "nothing-decided": Text(
        409,
        "尚无需要录入省平台的决定（{subject_zh}）",
        "There is no decision of that kind to be entered ({subject_en})",
    ),
    "entered-already": Text(
        409,
        "该决定已录入省平台（{subject_zh}）：编号有误的请走更正流程（T20）",
        "That decision was entered already ({subject_en}): correct the record if the number is wrong (T20)",
    ),
    "nothing-to-correct": Text(
        422, "更正前后的内容相同", "Old and new value are the same: nothing to correct"
    ),
    "unknown-event": Text(
        404,
        "该户没有此事件：请从时间线取事件编号",
        "The household has no such event: take the id from its timeline",
    ),
    "correction-does-not-fit": Text(
        409,
        "该事件的 {path} 现为 {recorded}：请按原值填写",
        "{path} of that event is {recorded}: give that as the old value",
    ),
    "record-superseded": Text(
        409,
        "该记录已经更正过，现以更正后的记录为准：请从时间线取最近一次的事件编号再更正",
        "That record was corrected before: take the id of its latest version from the timeline",
    ),
    "correction-from-its-day": Text(
        422,
        "核算、核查的更正自其当日 {on} 起生效：请按此填写 effective_on",
        "An assessment is corrected from its own day: give {on} as effective_on",
    ),
    "field-follows": Text(
        422,
        "{path} 由系统算出，或用以识别该记录，不能单独更正：请更正所依据的项目，或重新核算",
        "{path} follows from the rest or names the record: correct what it follows from, or assess anew",
    ),
    "register-says-so": Text(
        409,
        "登记册现仍如此记载，不能只更正旧记录：{path} 请先办理“{step_zh}”（{step}），随之重新判断；旧记录也须更正的，办理后再更正",
        "The register still says so: change {path} there first ({step}: {step_en}), and what rests on it is judged anew; then correct the old record too, if it has to be",
    ),
    "decided-by-step": Text(
        422,
        "{path} 是该环节作出的决定，只更正记录不会改变它：须改变的用相应的步骤办理（线索撤回 T4、重新核实 T11、消除回退 T16、撤销监测 T18，变更类别、增减风险、指定责任人）",
        "{path} is what that step decided, and a correction of the record changes no decision: take the step that does (withdraw the clue T4, verify anew T11, take the elimination back T16, cancel T18, change the class, add or resolve a risk, assign who is responsible)",
    ),
    "deadline-follows": Text(
        422,
        "{path} 是系统按发现之日和参数算出的期限，不能更正：逾期的照常办理，须写原因的写明原因（S2-07）",
        "{path} is a deadline, worked out from the day of discovery and the parameters, and is not corrected: what is late is done all the same, with its reason where one is asked for (S2-07)",
    ),
    "correct-the-source": Text(
        422,
        "{path} 是逐项填写的：请更正其中有误的一项",
        "{path} is told item by item: correct the item that is wrong",
    ),
    "correction-out-of-range": Text(
        422, "{path} 的更正值超出范围", "The new value of {path} is out of range"
    ),
    "no-such-field": Text(422, "该事件没有 {path} 这一项", "That event has no field at {path}"),
}

"""Every no of this service in words, with what would satisfy it. Keys are the codes of `Refused`."""

from common.problems import Text

REFUSALS: dict[str, Text] = {
    "household-not-known": Text(
        404,
        "走访系统尚无该户：请先在户情识别中登记农户；刚登记的请稍候再试",
        "Visits does not know the household: register it with identification first; if that was a moment ago, try again",
    ),
    "visit-id-reused": Text(
        409,
        "该 visit_id 已用于内容不同的走访：新的走访请用新的 visit_id",
        "This visit_id was used for a visit with other content: give a new visit an id of its own",
    ),
    "visit-unknown": Text(
        404,
        "该户没有编号为 visit_id 的走访记录：请核对农户和编号",
        "The household has no visit with this visit_id: check both",
    ),
    "visit-voided": Text(
        409,
        "该走访记录已作废（{reason}）：实际走访过的，请用新的 visit_id 登记",
        "That visit was voided ({reason}): record one that took place under an id of its own",
    ),
    "separation-of-duties": Text(
        409,
        "批准作废的人不能是申请人，也不能是该次走访人员：请由他人批准",
        "Who approves may neither have asked for it nor have been one of the visitors",
    ),
    "visit-in-future": Text(
        422,
        "{field} 不能晚于现在（今天 {today}）：请核对走访时间",
        "{field} must not be later than now (today is {today}): check the time of the visit",
    ),
    "visitor-needed": Text(422, "须填写至少一名走访人员", "Name at least one person who went"),
    "screening-id-reused": Text(
        409,
        "该 screening_id 已用于内容不同的排查：新的排查请用新的 screening_id",
        "This screening_id was used for a screening with other content: give a new one an id of its own",
    ),
    "screening-unknown": Text(
        404,
        "该户没有编号为 screening_id 的排查表：请核对农户和编号",
        "The household has no screening with this screening_id: check both",
    ),
    "screening-voided": Text(
        409,
        "该排查表已作废（{reason}）：更正后的排查表请用新的 screening_id 登记",
        "That screening was voided ({reason}): record the corrected one under an id of its own",
    ),
    "screening-in-future": Text(
        422,
        "{field} 不能晚于今天（{today}）：请核对排查日期",
        "{field} must not be later than today ({today}): check the day of the screening",
    ),
    "screening-without-its-visit": Text(
        422,
        "该户没有编号为 visit_id 的走访记录：请先登记走访，或不填 visit_id",
        "The household has no visit with this visit_id: record the visit first, or leave visit_id out",
    ),
    "screening-incomplete": Text(
        422,
        "排查表不完整（S2-04），缺少：{missing_zh}；各项均须填写，没有的也要写明，填法见各处提示",
        "The screening form is incomplete (S2-04), it lacks: {missing_en}; every section is to be "
        "stated, also where there is nothing: each pointer says how",
    ),
}

"""What the pages say that tell who looked."""

from audit.meaning.sentences import Counted, Words

LOOKS = {
    "by": Words("查看人", "By"),
    "who_looked": Words("谁看过", "Who looked"),
    "looks_help": Words(
        "每次查看、导出和被拒绝的请求都有记录；查看本表也会被记录。",
        "Every look, export and refusal is recorded; so is reading this.",
    ),
    "show_looks": Words("显示查看记录", "Show the looks"),
    "earlier_looks": Counted("更早的 {n} 次", "{n} earlier ones", "{n} earlier one"),
    "no_such_look": Words("没有符合条件的查看记录。", "No look is like that."),
    "nobody_looked": Words("没有查看记录。", "No look has been recorded."),
    "looked_at": Words("时间", "When"),
    "was_shown": Words("查看内容", "What"),
    "outcome": Words("结果", "Outcome"),
    "refused": Words("被拒绝", "refused"),
    "only_refused": Words("只看被拒绝的", "Refused only"),
    "refused_only": Words("被拒绝的", "refused"),
    "let_in_only": Words("未被拒绝的", "let in"),
    "purpose": Words("用途", "Purpose"),
    "purpose_help": Words(
        "会被记录，不能删除：请写明事由，不要写姓名、证件号码或病情。",
        "It is recorded and cannot be removed: say what for, without names, numbers or diagnoses.",
    ),
    "looks_at_lists": Words("谁看过名单", "Who looked at lists"),
    "lists_help": Words(
        "每次查看名单、总览和被拒绝的请求都有记录；查看本表也会被记录。",
        "Every look at a list or an overview, and every refusal, is recorded; so is reading this.",
    ),
    "list_area": Words("名单区域", "Area"),
    "since": Words("自（含当日）", "From"),
    "until": Words("至（含当日）", "Until"),
}

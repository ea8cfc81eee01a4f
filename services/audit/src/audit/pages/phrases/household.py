"""What the pages of one household say."""

from audit.meaning.sentences import Counted, Words

HOUSEHOLD = {
    "timeline": Words("农户时间线", "Timeline of a household"),
    "count": Counted("共 {n} 条记录", "{n} events", "{n} event"),
    "denied": Words("记录方声明未作此记录", "its service says it did not record this"),
    "some_denied": Counted(
        "{n} 条记录与记录方签名的声明相矛盾，已逐条标明；核验卷宗时同样判为无效。",
        "{n} records contradict what their service signed, and are marked; the verifier finds the file "
        "invalid, too.",
        "{n} record contradicts what its service signed, and is marked; the verifier finds the file "
        "invalid, too.",
    ),
    "parked": Counted(
        "{n} 条记录尚未能处理，以下时间线可能不完整。",
        "{n} records could not be processed yet; the timeline below may be incomplete.",
        "{n} record could not be processed yet; the timeline below may be incomplete.",
    ),
    "unkept": Counted(
        "日志中另有 {n} 条记录，其内容未被采纳、不再保存：已由管理员放弃，或被旧版本系统略去。核验卷宗时判为不完整。",
        "The log has {n} more records, whose content was not taken and is not kept: an administrator "
        "gave them up, or an earlier version of the system left them out. The verifier finds the file incomplete.",
        "The log has {n} more record, whose content was not taken and is not kept: an administrator "
        "gave it up, or an earlier version of the system left it out. The verifier finds the file incomplete.",
    ),
    "forked": Words("历史自相矛盾", "Contradictory history"),
    "forked_help": Words(
        "同一序号有两份内容不同的记录，不可能都是真的；此后的记录一律搁置。两份都在“原始记录”和卷宗中，"
        "请通知系统管理员。",
        "Two records with different content claim the same place; both cannot be true, and whatever comes "
        "later waits. Both are among the raw records and in the dossier: tell the administrators.",
    ),
    "hidden": Counted(
        "另有 {n} 条记录与本部门任务无关，不予显示。",
        "{n} more records are not shown: your department's task does not need them.",
        "{n} more record is not shown: your department's task does not need it.",
    ),
    "quiet": Counted("{n} 天没有记录", "{n} days without a record", "{n} day without a record"),
    "month": Words("{year}年{month}月", "{year}-{month:02d}"),
    "occurred": Words("发生于", "Happened"),
    "recorded": Words("记录于", "recorded"),
    "late": Counted("迟报 {n} 天", "recorded {n} days late", "recorded {n} day late"),
    "by_whom": Words("经办：", "By: "),
    "responsible": Words("帮扶责任人", "Responsible person"),
    "not_published": Words(
        "尚未发布（负责此信息的业务系统还没有上线）",
        "not yet published (the service that knows is not there yet)",
    ),
    "not_assigned": Words("尚未指定", "nobody assigned"),
    "not_shown": Words("不向本部门显示", "not shown to your department"),
    "no_next_deadline": Words("没有未了结的期限", "none open"),
    "no_next_deadline_shown": Words(
        "没有向本部门显示的未了结期限", "none open that your department sees"
    ),
    "details": Words("技术信息", "Technical details"),
    "proof": Words("时间线校验值（SHA-256）", "Hash of this timeline (SHA-256)"),
    "overdue": Counted(
        "{n} 项已逾期，尚未完成", "{n} overdue, not done yet", "{n} overdue, not done yet"
    ),
    "next_deadline": Words("下一期限", "Next deadline"),
    "deadlines": Words("期限", "Deadlines"),
    "deadlines_order": Words(
        "未到期的在前，由近及远；其余在后，由晚到早。",
        "Those to come first, the next one first; then the others, the last one first.",
    ),
    "no_deadlines": Words("没有登记的期限。", "No deadline has been opened."),
    "no_deadlines_shown": Words("没有向本部门显示的期限。", "Your department sees no deadline."),
    "due": Words("期限", "due"),
    "closed": Words("完成于", "done"),
    "outcome_open": Words("办理中", "open"),
    "outcome_overdue": Words("已逾期", "overdue"),
    "outcome_fulfilled": Words("按期完成", "done in time"),
    "outcome_late": Words("逾期完成", "done late"),
    "two_clocks": Words("当时情况", "How it was"),
    "valid_at": Words("情况截至（实际发生）", "How things were on"),
    "known_at": Words("当时已知（已经记录）", "As it was known on"),
    "slider": Words("拖动选择日期", "drag to choose the date"),
    "look": Words("查看", "Look"),
    "as_was": Words(
        "{valid} 的情况，以 {known} 已记录的信息为准：",
        "As of {valid}, by what had been recorded on {known}: ",
    ),
    "differ": Counted(
        "{n} 项与现在不同。", "{n} fields differ from now.", "{n} field differs from now."
    ),
    "back_to_now": Words("回到现在", "Back to now"),
    "not_loaded": Words(
        "未能加载，请检查网络后重试。", "Could not be loaded: check the network and try again."
    ),
    "changes": Words("差别", "Differences"),
    "no_changes": Words("与现在没有差别。", "nothing differs from now."),
    "field": Words("项目", "Field"),
    "then": Words("当时", "Then"),
    "now": Words("现在", "Now"),
    "because": Words("依据的记录", "Because of"),
    "whole_state": Words("全部情况（{n} 项）", "All that is known ({n})"),
    "records": Words("记录", "Records"),
    "only_late": Words("只看迟报", "Late only"),
    "only_corrected": Words("只看更正", "Corrections only"),
    "only_breach": Words("只看逾期", "Missed deadlines only"),
    "late_only": Words("迟报的", "recorded late"),
    "not_late": Words("按时记录的", "recorded in time"),
    "corrected_only": Words("更正，以及被更正的", "corrections, and what they correct"),
    "not_corrected": Words("更正以外的", "all but corrections"),
    "breach_only": Words("逾期的", "missed deadlines"),
    "not_breach": Words("逾期以外的", "all but missed deadlines"),
    "no_such_record": Words("没有符合条件的记录。", "No record is like that."),
    "no_records_shown": Words("没有向本部门显示的记录。", "Your department sees no record."),
    "evidence": Words("证据", "Evidence"),
    "raw": Words("原始记录", "Raw records"),
    "raw_help": Words(
        "以日志中的原样显示：信封与内容、叶子哈希、在日志树中的包含证明（base64）。刚刚记录的，签名后才列在这里。",
        "As they are in the log: envelope and content, leaf hash, and proof of inclusion (base64). What was "
        "recorded just now is here once it is signed.",
    ),
    "checkpoint": Words("签名检查点", "Signed checkpoint"),
    "envelope": Words("信封与内容", "Envelope and content"),
    "leaf": Words("记录哈希（叶子）", "Hash of the record (leaf)"),
    "inclusion": Counted(
        "包含证明（{n} 个哈希）", "Proof of inclusion ({n} hashes)", "Proof of inclusion ({n} hash)"
    ),
    "given_up": Words(
        "内容不再保存，哈希仍可验证。", "The content is no longer kept; its hash still verifies."
    ),
    "dossier": Words("下载卷宗", "Download the dossier"),
    "badge_checking": Words("正在本浏览器内验证……", "Verifying in this browser…"),
    "badge_good": Counted(
        "已由本浏览器按内容验证：{n} 条记录未被改动，且没有遗漏",
        "Verified by this browser, by content: {n} records, unchanged and complete",
        "Verified by this browser, by content: {n} record, unchanged and complete",
    ),
    "badge_partly": Words(
        "已由本浏览器验证：按内容 {n} 条，仅按哈希 {m} 条；后者的内容没有提供，是否与所见一致无从核对",
        "Verified by this browser: by content {n}, only by hash {m}; the content of the latter was withheld, "
        "so that nobody can compare it",
    ),
    "badge_sight": Words(
        "本部门只看到部分内容，浏览器不能核验这条时间线。",
        "Your department sees part of this, so that the browser cannot verify the timeline.",
    ),
    "by_content": Words("已按内容验证", "verified by content"),
    "by_hash": Words("仅按哈希验证，内容未提供", "verified only by hash, its content withheld"),
    "by_nothing": Words("尚待签名，未验证", "waits to be signed, not verified"),
    "badge_newer": Counted(
        "；另有 {n} 条尚待签名", "; {n} more wait to be signed", "; {n} more waits to be signed"
    ),
    "badge_bad": Words(
        "验证失败，请勿采信本页：{why}", "Verification failed, do not rely on this page: {why}"
    ),
    "badge_unsigned": Words(
        "尚待签名，未验证：还没有签名检查点包含这些记录。",
        "Not verified yet: no signed checkpoint has these records.",
    ),
    "badge_away": Words(
        "未能取得卷宗，尚未验证：请检查网络，刷新本页。",
        "The dossier could not be fetched, so nothing is verified: check the network, and reload.",
    ),
    "badge_unable": Words(
        "本浏览器不能验证，请下载卷宗并运行 verify.py。",
        "This browser cannot verify: download the dossier and run verify.py.",
    ),
    "other_household": Words("涉及农户：", "Concerns household: "),
    "news_lost": Words(
        "已不再接收新的记录，点击刷新", "New records are not told of any longer: reload"
    ),
    "news": Words("有新的记录，点击刷新", "There are new records: show them"),
}

# Why records of a household wait, by the first word of the reason (`common.inbox`, `common.incoming`).
PARKED = {
    "fork": Words("同一序号的另一份记录", "another record in the same place"),
    "broken": Words("与前一条记录不相接", "does not follow from the record before it"),
    "gap": Words("之前的记录尚未到达", "a record before it has not come yet"),
    "failed": Words("处理时出错", "could not be processed"),
    "malformed": Words("不是合格的记录", "no record as services write them"),
    "behind": Words("在上述记录之后等待", "waits behind the others"),
}

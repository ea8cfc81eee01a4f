"""What is refused of a department."""

from common.problems import Text

FACTS: dict[str, Text] = {
    "wrong-department": Text(
        403,
        "没有权限：{fact_type} 只能由 {owner} 报送",
        "Not allowed: {fact_type_en} may only be posted by {departments}",
    ),
    "not-an-object": Text(
        400,
        "每个事件应为一个 JSON 对象：多个事件请放入数组，以 {batch} 提交",
        "Each event is a JSON object: send several in an array, as {batch}",
    ),
    "unknown-event-type": Text(
        422,
        "未知的事件类型：可用类型见 /v1/fact-types",
        "Unknown event type: see /v1/fact-types for those accepted",
    ),
    "record-unknown": Text(
        422,
        "没有此记录：请核对 fact_type 和 record_key；只能撤回本部门报送过的记录",
        "No such record: check fact_type and record_key; only what your department posted can be retracted",
    ),
    "record-version-reused": Text(
        409,
        "该记录的第 {version} 版已存在且内容不同：更正请用更高的 record_version",
        "Version {version} of the record exists with other content: a correction has a higher record_version",
    ),
    "record-version-passed": Text(
        409,
        "该记录已更新到第 {latest} 版，第 {version} 版来迟：更正请用更高的 record_version",
        "The record has version {latest}, so version {version} comes too late: use a higher record_version",
    ),
    "record-of-another-person": Text(
        409,
        "该记录（第 {version} 版）属于另一人：请先撤回原记录，再以新的 record_key 报送",
        "The record (version {version}) is about another person: retract it, and post a record_key of its own",
    ),
    "review-unknown": Text(
        404, "没有此复核任务：请核对编号", "No such review: check the identifier"
    ),
    "review-closed": Text(
        409,
        "该任务已复核，结论为 {outcome}：如有变化请走更正流程",
        "The review is closed with {outcome}: correct the record if that has changed",
    ),
    "review-date": Text(
        422,
        "复核日期应在 {earliest} 与今天（{today}）之间",
        "The date of the review must lie between {earliest} and today ({today})",
    ),
}

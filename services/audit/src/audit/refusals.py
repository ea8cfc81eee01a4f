"""Every no of this service in words, with what to do about it."""

from common.problems import Text

REFUSALS = {
    "not-signed-yet": Text(
        503,
        "日志还没有签名的检查点：请一分钟后再试",
        "The log has no signed checkpoint of this yet: try again in a minute",
    ),
    "not-a-cosignature": Text(
        422,
        "不是本日志已知见证人对其检查点的见证签名：请用 verify.py witness 生成，并请管理员登记见证人的公钥",
        "Not a cosignature of a checkpoint of this log by a witness that it knows: make it with "
        "verify.py witness, and have the witness's key named in LOG_WITNESSES",
    ),
    "invalid-moment": Text(
        400,
        "时间无法识别：请用日期（2024-06-03）或带时区的时间（2024-06-03T12:00:00+08:00）",
        "Not a time: give a date (2024-06-03), or a moment with its zone (2024-06-03T12:00:00+08:00)",
    ),
    "look-not-recorded": Text(
        503,
        "查看记录暂时无法写入，因此不予显示：请稍后重试",
        "The look cannot be recorded now, and so is not answered: try again in a moment",
    ),
    "not-needed": Text(
        403,
        "没有权限：部门只能查看履行任务所需的内容",
        "Not allowed: a department sees what its task needs, and no more",
    ),
    "purpose-missing": Text(
        422,
        "缺少用途：导出时请用请求头 Access-Purpose（或链接参数 purpose）写明用途",
        "The purpose is missing: state it in the header Access-Purpose (or `purpose` in a link)",
    ),
    "purpose-not-acceptable": Text(
        422,
        "用途应为不超过 200 字的一行文字（UTF-8），且不得含证件号码",
        "A purpose is one line of text (UTF-8), at most 200 characters, without an identity number",
    ),
    "unknown-checkpoint": Text(
        404,
        "没有这个编号的检查点：请核对所存检查点的第二行",
        "There is no checkpoint of this size: check the second line of the one that you kept",
    ),
}

"""Every no of this service in words, with what to do about it."""

from common.problems import Text

REFUSALS = {
    "not-signed-yet": Text(
        503,
        "日志还没有签名的检查点：请一分钟后再试",
        "The log has no signed checkpoint of this yet: try again in a minute",
    ),
    "invalid-moment": Text(
        400,
        "时间无法识别：请用日期（2024-06-03）或带时区的时间（2024-06-03T12:00:00+08:00）",
        "Not a time: give a date (2024-06-03), or a moment with its zone (2024-06-03T12:00:00+08:00)",
    ),
    "unknown-checkpoint": Text(
        404,
        "没有这个编号的检查点：请核对所存检查点的第二行",
        "There is no checkpoint of this size: check the second line of the one that you kept",
    ),
}

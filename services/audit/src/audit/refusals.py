"""Every no of this service in words, with what to do about it."""

from common.problems import Text

REFUSALS = {
    "not-signed-yet": Text(
        503,
        "日志还没有签名的检查点：请一分钟后再试",
        "The log has no signed checkpoint of this yet: try again in a minute",
    ),
    "unknown-checkpoint": Text(
        404,
        "没有这个编号的检查点：请核对所存检查点的第二行",
        "There is no checkpoint of this size: check the second line of the one that you kept",
    ),
}

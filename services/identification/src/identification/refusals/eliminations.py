"""What is refused on the way to the end of a risk."""

from common.problems import Text

ELIMINATIONS: dict[str, Text] = {
    "elimination-guards": Text(
        409,
        "不符合风险消除条件：{failing_zh}",
        "The conditions of an elimination do not hold: {failing_en}",
    ),
    "override-not-needed": Text(
        409,
        "该户有劳动能力，无需县级批准",
        "The household has labour capacity: it needs no approval by the county",
    ),
}

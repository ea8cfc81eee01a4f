"""What is refused of the registers of water, housing and schooling."""

from common.problems import Text

REGISTERS: dict[str, Text] = {
    "water-source-unknown": Text(
        404, "没有此水源：请先登记水源", "No such water source: register it first"
    ),
    "water-served-unknown": Text(
        422,
        "有 {count} 户未登记：请核对农户编号，或先登记农户，再用 /served 接入",
        "{count} of the households are not on the register: check their ids, or register and connect them later",
    ),
    "water-served-both": Text(
        422,
        "有 {count} 户既接入又断开：每户只报一种变化",
        "{count} of the households are both connected and disconnected: name each once",
    ),
    "water-source-exists": Text(
        409,
        "该水源已登记且内容不同：供水户用 /served 变更",
        "The source is registered with other content: change whom it serves by /served",
    ),
    "water-test-exists": Text(
        409,
        "该检测编号已用于内容不同的检测：请用新的 test_id",
        "This test_id was used for other content: give each test an id of its own",
    ),
    "water-outage-passed": Text(
        409,
        "该停水已报告到第 {days} 天或已结束：天数只能增加，起始日期不能改",
        "The outage is over, or known for {days} days: days only grow, and its beginning stays",
    ),
}

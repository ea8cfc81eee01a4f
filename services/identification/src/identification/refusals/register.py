"""What the register refuses."""

from common.problems import Text

REGISTER: dict[str, Text] = {
    "not-registered": Text(
        404, "该户未登记：请先登记农户", "The household is not on the register: register it first"
    ),
    "already-registered": Text(
        409,
        "该户已登记且内容不同：请走更正流程",
        "The household is registered with other content: correct the record instead",
    ),
    "register-number-in-use": Text(
        409,
        "户编号已用于另一户：请核对户编号",
        "The register number belongs to another household: check it",
    ),
    "one-head-needed": Text(
        422,
        "每户须有且只有一名户主，现有 {heads} 名",
        "A household has exactly one head, this one has {heads}",
    ),
    "person-twice-in-household": Text(
        422, "同一人在该户中出现两次", "A person appears twice in the household"
    ),
    "person-twice-in-batch": Text(
        422,
        "同一证件号码在本批多户或多人中出现",
        "The identity number appears more than once in this batch",
    ),
    "person-in-another-household": Text(
        409,
        "第 {member} 名成员已登记在另一户：请先办理迁出或更正",
        "Member {member} is registered in another household: move the person or correct that record first",
    ),
    "co-living-count": Text(
        422,
        "共同生活人口应在 1 至 {members} 之间",
        "The number living together must be between 1 and {members}",
    ),
    "birth-date-out-of-range": Text(
        422,
        "第 {member} 名成员的出生日期不合理",
        "The birth date of member {member} is out of range",
    ),
    "labour-under-sixteen": Text(
        422,
        "第 {member} 名成员未满16周岁，劳动能力应为“无劳动力”",
        "Member {member} is under 16: labour capacity must be NONE",
    ),
}

"""The words of the exports: file names, column headers, code words, towns.

The exports are written for people, in Chinese; the API takes the codes of the contracts. Both
directions live here, so that the generator and the loader cannot disagree.
"""

from uuid import NAMESPACE_URL, UUID, uuid5

HOUSEHOLDS_FILE = "households.csv"
MEMBERS_FILE = "members.csv"
SETTLEMENTS_FILE = "medical_settlements.csv"

HOUSEHOLD_COLUMNS = {
    "户编号": "Number in the register, e.g. PZ-0001",
    "镇": "Town",
    "村": "Village",
    "村民小组": "Villagers' group (part of the address)",
    "行政区划代码": "Area code of the village, 12 digits",
    "户类别": "脱贫户 (formerly poor) or 一般农户 (general rural household)",
    "2019年边缘易致贫": "是/否: on the list of marginal households made in 2019",
    "共同生活人口": "Persons who live together, the divisor of per-capita income",
    "登记日期": "Day of the collection of data that this row comes from",
}
MEMBER_COLUMNS = {
    "户编号": "Household, as in households.csv; rows are in the same order",
    "人编号": "Number of the person in the register, e.g. PZ-0001-01",
    "姓名": "Name",
    "证件类型": "Kind of document: 居民身份证",
    "证件号码": "Identity number, 18 characters",
    "与户主关系": "Relation to the head of the household; one 户主 in each",
    "性别": "男 or 女",
    "出生日期": "Birthday, the same as in the identity number",
    "劳动能力": "Labour capacity; nobody under 16 has any",
    "健康状况": "Health",
    "在校状况": "Schooling",
}
SETTLEMENT_COLUMNS = {
    "结算编号": "Number of the settlement, unique for ever",
    "证件号码": "Identity number of the insured person",
    "结算日期": "Day of settlement",
    "医疗总费用": "Total cost, yuan",
    "基本医保": "Paid by basic medical insurance, yuan",
    "大病保险": "Paid by serious illness insurance, yuan",
    "医疗救助": "Paid by medical assistance, yuan",
    "合规自付": "Own payment for allowed items, yuan; the rest of the total is not allowed for",
}

CATEGORY = {"脱贫户": "FORMERLY_POOR", "一般农户": "GENERAL"}
YES_NO = {"是": True, "否": False}
SEX = {"男": "MALE", "女": "FEMALE"}
IDENTITY_DOCUMENT = "居民身份证"
RELATION = {
    "户主": "HEAD",
    "配偶": "SPOUSE",
    "之子": "CHILD",
    "之女": "CHILD",
    "之父": "PARENT",
    "之母": "PARENT",
    "之孙子": "GRANDCHILD",
    "之孙女": "GRANDCHILD",
    "之祖父": "GRANDPARENT",
    "之祖母": "GRANDPARENT",
    "之兄弟姐妹": "SIBLING",
    "之儿媳": "OTHER",
    "其他": "OTHER",
}
LABOUR_CAPACITY = {
    "普通劳动力": "ORDINARY",
    "技能劳动力": "SKILLED",
    "弱劳动力或半劳动力": "WEAK",
    "丧失劳动力": "LOST",
    "无劳动力": "NONE",
}
CAPABLE = frozenset({"普通劳动力", "技能劳动力", "弱劳动力或半劳动力"})
HEALTH = {
    "健康": "HEALTHY",
    "长期慢性病": "CHRONIC",
    "患有大病": "SERIOUS_ILLNESS",
    "残疾": "DISABLED",
}
SCHOOLING = {
    "非在校生": "NOT_IN_SCHOOL",
    "学前教育": "PRESCHOOL",
    "小学": "COMPULSORY",
    "初中": "COMPULSORY",
    "高中": "SENIOR",
    "中职": "SENIOR",
    "大专": "HIGHER",
    "本科": "HIGHER",
}

COUNTY = "441624"
# Code -> name, letters of the register number, weight in per cent of households (7.1; invented).
TOWNS: dict[str, tuple[str, str, int]] = {
    "441624100": ("阳明镇", "YM", 20),
    "441624101": ("大坝镇", "DB", 8),
    "441624102": ("长塘镇", "CT", 3),
    "441624103": ("下车镇", "XC", 5),
    "441624104": ("上陵镇", "SL", 5),
    "441624105": ("优胜镇", "YS", 5),
    "441624106": ("贝墩镇", "BD", 6),
    "441624107": ("古寨镇", "GZ", 4),
    "441624108": ("彭寨镇", "PZ", 9),
    "441624109": ("合水镇", "HS", 5),
    "441624110": ("公白镇", "GB", 5),
    "441624111": ("青州镇", "QZ", 4),
    "441624112": ("浰源镇", "LY", 4),
    "441624113": ("热水镇", "RS", 4),
    "441624114": ("东水镇", "DS", 5),
    "441624115": ("礼士镇", "LS", 3),
    "441624116": ("林寨镇", "LZ", 5),
}
PENGZHAI = "441624108"
VILLAGES_OF_PENGZHAI = ("聚村", "上镇村", "石桥村", "双溪村", "松岗村")
# Invented; a village of the same name in two towns is as common here as in life.
VILLAGE_NAMES = (
    "石桥村", "双溪村", "松岗村", "新塘村", "大湖村", "黄田村", "竹园村", "龙潭村", "江口村", "高坑村",
    "梅岭村", "金星村", "水背村", "河东村", "茶山村", "古楼村", "白云村", "长岭村", "枫树村", "联丰村",
)  # fmt: skip

# Identifiers are derived from register numbers, so that loading twice names the same households.
# Not from identity numbers: a hash of one can be searched for.
REGISTER = uuid5(NAMESPACE_URL, "urn:gov:441624:household-register")


def household_id(register_number: str) -> UUID:
    return uuid5(REGISTER, f"household/{register_number}")


def person_id(person_number: str) -> UUID:
    return uuid5(REGISTER, f"person/{person_number}")

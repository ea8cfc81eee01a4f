"""The code lists of identification's language, each code with its label in Chinese and English.

Append-only: a code is never renamed, removed or given another meaning.
"""

from contracts.wording import Code


class Category(Code):
    """Of a household for life (domain rule: monitoring never changes it)."""

    FORMERLY_POOR = "FORMERLY_POOR", "脱贫户", "formerly poor household"
    GENERAL = "GENERAL", "一般农户", "general rural household"


class LabourCapacity(Code):
    """Of a person; a household has labour capacity if one member is ORDINARY, SKILLED or WEAK."""

    ORDINARY = "ORDINARY", "普通劳动力", "ordinary"
    SKILLED = "SKILLED", "技能劳动力", "skilled"
    WEAK = "WEAK", "弱劳动力或半劳动力", "weak or half"
    LOST = "LOST", "丧失劳动力", "lost"
    NONE = "NONE", "无劳动力", "none"


class Relation(Code):
    """To the head of the household."""

    HEAD = "HEAD", "户主", "head"
    SPOUSE = "SPOUSE", "配偶", "spouse"
    CHILD = "CHILD", "子女", "child"
    PARENT = "PARENT", "父母", "parent"
    GRANDCHILD = "GRANDCHILD", "孙子女", "grandchild"
    GRANDPARENT = "GRANDPARENT", "祖父母", "grandparent"
    SIBLING = "SIBLING", "兄弟姐妹", "sibling"
    OTHER = "OTHER", "其他", "other"


class Sex(Code):
    """As in the household register."""

    MALE = "MALE", "男", "male"
    FEMALE = "FEMALE", "女", "female"


class NumberDiffers(Code):
    """Why birthday or sex are not those in the person's identity number."""

    NUMBER_WRONG = (
        "NUMBER_WRONG",
        "证件号码编制有误，尚未更换",
        "the number was made out wrongly, and is not replaced yet",
    )
    OTHER_PAPERS = (
        "OTHER_PAPERS",
        "户口簿、出生医学证明等另有记载，核实后以其为准",
        "other papers say otherwise, and were found to be right",
    )


class Health(Code):
    """A coarse code; a diagnosis is never stored."""

    HEALTHY = "HEALTHY", "健康", "healthy"
    CHRONIC = "CHRONIC", "长期慢性病", "chronic illness"
    SERIOUS_ILLNESS = "SERIOUS_ILLNESS", "患有大病", "serious illness"
    DISABLED = "DISABLED", "残疾", "disabled"


class Schooling(Code):
    """Stage of schooling."""

    NOT_IN_SCHOOL = "NOT_IN_SCHOOL", "不在校", "not in school"
    PRESCHOOL = "PRESCHOOL", "学前教育", "preschool"
    COMPULSORY = "COMPULSORY", "义务教育", "compulsory education"
    SENIOR = "SENIOR", "高中阶段", "senior secondary"
    HIGHER = "HIGHER", "高等教育", "higher education"


class Origin(Code):
    """How a household came onto the register."""

    TOWN = "TOWN", "乡镇登记", "registered by the town"
    SELF_DECLARATION = "SELF_DECLARATION", "农户自主申报", "self-declaration"
    SPLIT = "SPLIT", "分户", "split from another household"


class Joining(Code):
    """Why a person joins a household."""

    BIRTH = "BIRTH", "出生", "birth"
    MARRIAGE_IN = "MARRIAGE_IN", "婚入", "marriage into the household"
    RETURN = "RETURN", "返回", "return"
    OMITTED = "OMITTED", "漏登补录", "omitted before"
    MERGER = "MERGER", "并户", "merger of households"


class Leaving(Code):
    """Why a person leaves a household; a split is an event of its own."""

    DEATH = "DEATH", "死亡", "death"
    MARRIAGE_OUT = "MARRIAGE_OUT", "婚出", "marriage out of the household"
    EMIGRATION = "EMIGRATION", "迁出县外", "moved out of the county"
    LONG_PRISON = "LONG_PRISON", "长期服刑", "long imprisonment"
    REGISTERED_IN_ERROR = "REGISTERED_IN_ERROR", "误登", "registered in error"


class LabourBasis(Code):
    """What an assessment of labour capacity rests on."""

    AGE = "AGE", "年龄", "age"
    SEEN_AT_HOME = "SEEN_AT_HOME", "入户查看", "seen at home"
    DISABILITY_CARD = "DISABILITY_CARD", "残疾人证", "disability card"
    MEDICAL_PROOF = "MEDICAL_PROOF", "医疗证明", "medical proof"


class SplitReason(Code):
    """Why a household splits."""

    MARRIAGE = "MARRIAGE", "结婚", "marriage"
    DIVORCE = "DIVORCE", "离婚", "divorce"
    FAMILY_DIVISION = "FAMILY_DIVISION", "分家", "division of the family"
    OTHER = "OTHER", "其他", "other"


class Deregistration(Code):
    """Why a household leaves the register."""

    ALL_DECEASED = "ALL_DECEASED", "整户自然减少", "all members deceased"
    MOVED_OUT_OF_COUNTY = "MOVED_OUT_OF_COUNTY", "迁出县外", "moved out of the county"
    ALL_LEFT = "ALL_LEFT", "成员均已离户", "every member left"
    DUPLICATE = "DUPLICATE", "重复登记", "registered twice"


class CategoryReason(Code):
    """Why category or 2019 list are corrected; monitoring is no reason."""

    REGISTERED_IN_ERROR = "REGISTERED_IN_ERROR", "登记有误", "registered in error"
    PROVINCIAL_LIST = "PROVINCIAL_LIST", "以省名单为准", "by the provincial list"


class RiskType(Code):
    """Why a household may fall back (one to five per household, T3)."""

    ILLNESS = "ILLNESS", "因病", "illness"
    DISABILITY = "DISABILITY", "因残", "disability"
    SCHOOLING = "SCHOOLING", "因学", "schooling"
    NATURAL_DISASTER = "NATURAL_DISASTER", "因自然灾害", "natural disaster"
    ACCIDENT = "ACCIDENT", "因意外事故", "accident"
    INDUSTRY_FAILURE = "INDUSTRY_FAILURE", "因产业失败", "industry failure"
    UNSTABLE_EMPLOYMENT = "UNSTABLE_EMPLOYMENT", "因务工就业不稳", "unstable employment"
    LACK_OF_LABOUR = "LACK_OF_LABOUR", "缺劳动力", "lack of labour"
    UNSAFE_HOUSING = "UNSAFE_HOUSING", "因安全住房", "unsafe housing"
    UNSAFE_WATER = "UNSAFE_WATER", "因安全饮水", "unsafe water"
    LOW_INCOME = "LOW_INCOME", "收入在监测线内", "income within the line"
    OTHER = "OTHER", "其他", "other"


class DisasterSubtype(Code):
    """Sub-item of NATURAL_DISASTER on the national form."""

    FLOOD = "FLOOD", "洪涝", "flood"
    GEOLOGICAL = "GEOLOGICAL", "地质灾害", "geological"
    DROUGHT = "DROUGHT", "旱灾", "drought"
    BIOLOGICAL = "BIOLOGICAL", "生物灾害", "biological"
    METEOROLOGICAL = "METEOROLOGICAL", "气象灾害", "meteorological"
    EARTHQUAKE = "EARTHQUAKE", "地震", "earthquake"
    OTHER = "OTHER", "其他灾害", "other"


class Channel(Code):
    """How a clue was found."""

    SELF_DECLARATION = "SELF_DECLARATION", "农户自主申报", "self-declaration"
    CADRE_SCREENING = "CADRE_SCREENING", "基层干部排查", "cadre screening"
    DEPARTMENT_WARNING = "DEPARTMENT_WARNING", "部门筛查预警", "department warning"


class DeclarationMedium(Code):
    """How a household declared itself: the county's app, its QR page, the telephone, paper, in person."""

    APP = "APP", "一键报贫(手机应用)", "app"
    QR_CODE = "QR_CODE", "一码申报(扫码)", "QR code"
    TELEPHONE = "TELEPHONE", "电话申报(12317)", "telephone"
    PAPER = "PAPER", "书面申请", "paper"
    IN_PERSON = "IN_PERSON", "到村镇当面申报", "in person"


class Severity(Code):
    """Of a clue, rising."""

    YELLOW = "YELLOW", "黄色", "yellow"
    ORANGE = "ORANGE", "橙色", "orange"
    RED = "RED", "红色", "red"


class MonitoredClass(Code):
    """三类监测对象, fixed at county approval (T10)."""

    UNSTABLE_FORMERLY_POOR = "UNSTABLE_FORMERLY_POOR", "脱贫不稳定户", "unstable formerly poor"
    MARGINAL = "MARGINAL", "边缘易致贫户", "marginal"
    SUDDEN_HARDSHIP = "SUDDEN_HARDSHIP", "突发严重困难户", "sudden serious hardship"


class HousingGrade(Code):
    """Safety grade of the house lived in; C and D are dangerous (S1.3-03)."""

    A = "A", "A级", "A"
    B = "B", "B级", "B"
    C = "C", "C级危房", "C, partly dangerous"
    D = "D", "D级危房", "D, wholly dangerous"
    NONE = "NONE", "无房", "no house"

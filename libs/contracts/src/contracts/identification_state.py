"""The fields of a household's state, as identification's events make them true: their names for people,
and which department's task needs them."""

from collections.abc import Mapping

from contracts.codes import (
    Category,
    Health,
    HousingGrade,
    LabourCapacity,
    MonitoredClass,
    Relation,
    RiskType,
    Schooling,
)
from contracts.fact_codes import FactType, FactValue
from contracts.focus import FocusGroup
from contracts.housing import RemedyStep
from contracts.meaning import StateField
from contracts.routing import BY_LABOUR, EVERY, ROUTED
from contracts.schooling import DropoutBasis
from contracts.stages import Stage
from contracts.wording import Code


class Standing(Code):
    """Whether a household is on the register."""

    REGISTERED = "REGISTERED", "在册", "on the register"
    ABSORBED = "ABSORBED", "已并入他户", "absorbed by another"
    DEREGISTERED = "DEREGISTERED", "已注销", "off the register"


_PHASES: dict[str, str] = {
    **dict.fromkeys(
        (
            Stage.CLUE_OPEN,
            Stage.VERIFYING,
            Stage.NOT_AT_RISK,
            Stage.VERIFIED,
            Stage.VILLAGE_REVIEWED,
            Stage.PUBLICISED,
            Stage.PUBLICITY_OVER,
            Stage.TOWN_REVIEWED,
        ),
        "CLUE",
    ),
    **dict.fromkeys(
        (
            Stage.MONITORED,
            Stage.ELIM_VERIFYING,
            Stage.ELIM_VERIFIED,
            Stage.ELIM_VILLAGE_REVIEWED,
            Stage.ELIM_PUBLICISED,
            Stage.ELIM_PUBLICITY_OVER,
            Stage.ELIM_TOWN_REVIEWED,
        ),
        "MONITORED",
    ),
    Stage.ELIMINATED: "ELIMINATED",
}
_MINZHENG = frozenset({"minzheng"})

FIELDS: Mapping[str, StateField] = {
    "standing": StateField("在册状态", "standing", Standing, needed_by=EVERY),
    "stage": StateField("办理阶段", "stage", Stage, _PHASES, needed_by=EVERY, naming=2),
    "register_number": StateField("户编号", "register number", naming=1),
    "category": StateField("户类别", "category", Category),
    "marginal_2019": StateField("2019年边缘易致贫户", "on the list of 2019"),
    "region": StateField("所在区划", "area", needed_by=EVERY),
    "co_living_count": StateField("共同生活人数", "living together", naming=3),
    "survivor_id": StateField("并入户", "absorbed by"),
    "responsible_person": StateField("帮扶责任人", "responsible person"),
    "risk_types": StateField("风险类型", "risks", RiskType, routes=ROUTED),
    "clue": StateField("线索", "clue"),
    "clue.risk_types": StateField("线索的风险类型", "risks of the clue", RiskType, routes=ROUTED),
    "due_on": StateField("认定期限", "decision due", needed_by=EVERY),
    "monitored_class": StateField("监测类别", "monitored as", MonitoredClass, needed_by=EVERY),
    "monitored_since": StateField("认定日期", "monitored since", needed_by=EVERY),
    "eliminated_on": StateField("消除日期", "eliminated on", needed_by=EVERY),
    "elimination.due_on": StateField("申请消除期限", "elimination proposal due"),
    "income.disposable_fen": StateField("家庭可支配收入", "disposable income", needed_by=_MINZHENG),
    "income.line_fen": StateField("监测线", "line", needed_by=_MINZHENG),
    "income.members": StateField("核算人数", "persons counted", needed_by=_MINZHENG),
    "income.within_line": StateField("收入在线内", "within the line", needed_by=_MINZHENG),
    "safeguard.housing": StateField(
        "住房等级", "housing", HousingGrade, needed_by=frozenset({"zhujian"})
    ),
    "safeguard.water_safe": StateField("饮水合格", "water safe", needed_by=frozenset({"shuiwu"})),
    "safeguard.dropouts": StateField("失学人数", "dropouts", needed_by=frozenset({"jiaoyu"})),
    "safeguard.uninsured": StateField("未参保人数", "uninsured", needed_by=frozenset({"yibao"})),
    "member": StateField("成员", "member"),
    "member.relation": StateField("与户主关系", "relation to the head", Relation, naming=1),
    "member.labour_capacity": StateField(
        "劳动能力",
        "labour capacity",
        LabourCapacity,
        needed_by=BY_LABOUR.to | BY_LABOUR.otherwise,
        also=BY_LABOUR,
    ),
    "member.health": StateField(
        "健康状况", "health", Health, needed_by=frozenset({"canlian", "weijian", "yibao"})
    ),
    "member.schooling": StateField(
        "就学情况", "schooling", Schooling, needed_by=frozenset({"jiaoyu"})
    ),
    "member.restricted": StateField("限制处理", "processing restricted", withholds=True),
    "member.without_number": StateField("尚无证件号码", "no identity number yet"),
    "member.erased": StateField("个人信息已删除", "personal data erased"),
    "member.out_of_school": StateField(
        "失学辍学", "out of school", DropoutBasis, needed_by=frozenset({"jiaoyu"})
    ),
    "member.focus": StateField("重点人群", "focus group", FocusGroup),
    "focus": StateField("重点人群", "focus group of the household", FocusGroup),
    "dangerous_house": StateField("危房台账", "ledger of dangerous houses"),
    "dangerous_house.grade": StateField(
        "危房等级",
        "grade of the dangerous house",
        HousingGrade,
        needed_by=frozenset({"zhujian"}),
    ),
    "dangerous_house.due_on": StateField(
        "改造启动期限", "remedy to start by", needed_by=frozenset({"zhujian"})
    ),
    "dangerous_house.remedy": StateField(
        "改造进展", "remedy", RemedyStep, needed_by=frozenset({"zhujian"})
    ),
    "fact": StateField("部门信息", "fact"),
    "fact.type": StateField("信息类型", "type of fact", FactType),
    "fact.version": StateField("版本", "version"),
    "fact.detected_on": StateField("发生日期", "happened on"),
    "fact.values": StateField("数值", "values", FactValue),
}

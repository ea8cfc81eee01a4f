"""What identification's events make true of a household."""

from contracts.circumstances import CoLivingCounted, HealthRecorded, SchoolingRecorded
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
from contracts.deadlines import (
    EliminationEligibilityDetected,
    EliminationEligibilityLapsed,
    EliminationProposalOverdue,
    IdentificationDeadlineMissed,
)
from contracts.eliminations import (
    EliminationProposed,
    EliminationRejected,
    EliminationVerified,
    RiskEliminated,
    RiskEliminationRevoked,
)
from contracts.episodes import (
    ClueRejected,
    ClueWithdrawn,
    HouseholdFoundNotAtRisk,
    HouseholdVerified,
    IncomeAssessed,
    MonitoringConfirmed,
    PublicityCompleted,
    PublicityPosted,
    ReviewReturned,
    RiskClueAttached,
    RiskDetected,
    SafeguardAssessed,
    TownReviewApproved,
    VerificationStarted,
    VillageReviewHeld,
)
from contracts.fact_codes import FactType
from contracts.facts import (
    DepartmentFactCorrected,
    DepartmentFactRecorded,
    DepartmentFactRetracted,
)
from contracts.households import (
    CategoryCorrected,
    EpisodeTakenOver,
    HeadChanged,
    HouseholdAbsorbed,
    HouseholdDeregistered,
    HouseholdMemberAdded,
    HouseholdMemberRemoved,
    HouseholdRegistered,
    HouseholdRelocated,
    HouseholdSplit,
    LabourCapacityAssessed,
    MergerCompleted,
)
from contracts.housing import (
    DangerousHousingCleared,
    DangerousHousingLedgered,
    DangerousHousingRegraded,
    HousingRemedyNoted,
    HousingRemedyOverdue,
    HousingRemedyWithdrawn,
    RemedyStep,
)
from contracts.meaning import Amendment, Choice, Look, Meaning, Meanings, StateField
from contracts.monitoring import (
    MonitoringCancelled,
    MonitoringCategoryChanged,
    MonitoringClosed,
    RecordCorrected,
)
from contracts.persons import (
    AccessRefused,
    PersonalDataErased,
    PersonalDataRevealed,
    ProcessingRestricted,
    RestrictionLifted,
)
from contracts.routing import EVERY, ROUTED
from contracts.schooling import DropoutBasis, DropoutDetected, DropoutEnded
from contracts.stages import Stage
from contracts.wording import Code

CLOCK = "identification-clock"
PROPOSAL = "elimination-proposal"


class Standing(Code):
    """Whether a household is on the register."""

    REGISTERED = "REGISTERED", "在册", "on the register"
    ABSORBED = "ABSORBED", "已并入他户", "absorbed by another"
    DEREGISTERED = "DEREGISTERED", "已注销", "off the register"


def _member(at: str, item: str = "") -> dict[str, str | None]:
    """The fields of a member whose id is at `at`, and everything else under `item`."""
    names = ("relation", "labour_capacity", "health", "schooling", "restricted")
    return {f"member.{{{at}}}.{name}": item + name for name in names}


def _by_procedure(identification: Stage, elimination: Stage) -> dict[str, Choice]:
    codes = {"IDENTIFICATION": identification.value, "ELIMINATION": elimination.value}
    return {"stage": Choice(("procedure",), codes)}


_FACT = {
    "fact.{record_key}.type": "fact_type",
    "fact.{record_key}.version": "record_version",
    "fact.{record_key}.detected_on": "detected_on",
    "fact.{record_key}.values": "values",
}
_REVIEWED = {
    "IDENTIFICATION/true": Stage.VILLAGE_REVIEWED.value,
    "IDENTIFICATION/false": Stage.NONE.value,
    "ELIMINATION/true": Stage.ELIM_VILLAGE_REVIEWED.value,
    "ELIMINATION/false": Stage.MONITORED.value,
}
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
_ENDED = {
    "clue": None,
    "risk_types": None,
    "due_on": None,
    "monitored_class": None,
    "monitored_since": None,
}
_MINZHENG = frozenset({"minzheng"})
_CLUE = {"clue.{clue_id}.risk_types": "risk_types"}


def _taken_back(**left: str) -> Meaning:
    """A clue is no more; with the last one goes the case."""
    return Meaning(
        makes={"stage": "NONE"},
        sets={"risk_types": None, "due_on": None, "clue": None},
        when={"ends_case": True},
        regardless={"clue.{clue_id}": None, **left},
        closes=CLOCK,
    )


IDENTIFICATION = Meanings(
    {
        HouseholdRegistered: Meaning(
            makes={"standing": "REGISTERED", "stage": "NONE"},
            sets={
                "category": "category",
                "marginal_2019": "marginal_2019",
                "region": "region",
                "co_living_count": "co_living_count",
            },
            each={"members": _member("person_id")},
        ),
        HouseholdMemberAdded: Meaning(
            sets={
                "co_living_count": "co_living_count",
                **_member("member.person_id", "member."),
            }
        ),
        HouseholdMemberRemoved: Meaning(
            sets={"co_living_count": "co_living_count", "member.{person_id}": None}
        ),
        HeadChanged: Meaning(each={"relations": {"member.{person_id}.relation": "relation"}}),
        LabourCapacityAssessed: Meaning(sets={"member.{person_id}.labour_capacity": "capacity"}),
        CoLivingCounted: Meaning(sets={"co_living_count": "co_living_count"}),
        HealthRecorded: Meaning(sets={"member.{person_id}.health": "health"}),
        SchoolingRecorded: Meaning(sets={"member.{person_id}.schooling": "schooling"}),
        CategoryCorrected: Meaning(
            sets={"category": "to_category", "marginal_2019": "marginal_2019"}
        ),
        HouseholdRelocated: Meaning(sets={"region": "to_region"}),
        HouseholdSplit: Meaning(
            sets={"co_living_count": "co_living_count"},
            each={"moved": {"member.{person_id}": None}},
        ),
        HouseholdAbsorbed: Meaning(
            makes={"standing": "ABSORBED", "stage": "NONE"},
            sets={"survivor_id": "survivor_id", "member": None, **_ENDED},
        ),
        MergerCompleted: Meaning(sets={"co_living_count": "co_living_count"}),
        EpisodeTakenOver: Meaning(
            makes={"stage": Stage.MONITORED.value},
            sets={"monitored_class": "monitored_class", "monitored_since": "confirmed_on"},
        ),
        HouseholdDeregistered: Meaning(makes={"standing": "DEREGISTERED", "stage": "NONE"}),
        RiskDetected: Meaning(
            makes={"stage": Stage.CLUE_OPEN.value},
            sets={"risk_types": "risk_types", "due_on": "due_on", **_CLUE},
            step="CLUE",
            opens=CLOCK,
        ),
        RiskClueAttached: Meaning(sets={**_CLUE}),
        VerificationStarted: Meaning(makes={"stage": Stage.VERIFYING.value}),
        IncomeAssessed: Meaning(
            sets={
                "income.disposable_fen": "disposable_fen",
                "income.line_fen": "line_fen",
                "income.members": "members",
                "income.within_line": "within_line",
            }
        ),
        SafeguardAssessed: Meaning(
            sets={
                "safeguard.housing": "housing_grade",
                "safeguard.water_safe": "water_safe",
                "safeguard.dropouts": "dropouts",
                "safeguard.uninsured": "uninsured",
            }
        ),
        HouseholdVerified: Meaning(
            makes={"stage": Stage.VERIFIED.value},
            sets={"risk_types": "risk_types", "clue": None},
            step="VERIFIED",
        ),
        HouseholdFoundNotAtRisk: Meaning(makes={"stage": Stage.NOT_AT_RISK.value}, step="VERIFIED"),
        ClueRejected: _taken_back(),
        ClueWithdrawn: _taken_back(risk_types="left.risk_types"),
        VillageReviewHeld: Meaning(chooses={"stage": Choice(("procedure", "passed"), _REVIEWED)}),
        PublicityPosted: Meaning(chooses=_by_procedure(Stage.PUBLICISED, Stage.ELIM_PUBLICISED)),
        PublicityCompleted: Meaning(
            chooses=_by_procedure(Stage.PUBLICITY_OVER, Stage.ELIM_PUBLICITY_OVER)
        ),
        TownReviewApproved: Meaning(
            chooses=_by_procedure(Stage.TOWN_REVIEWED, Stage.ELIM_TOWN_REVIEWED)
        ),
        ReviewReturned: Meaning(makes={"stage": Stage.VERIFYING.value}),
        MonitoringConfirmed: Meaning(
            makes={"stage": Stage.MONITORED.value},
            sets={
                "monitored_class": "monitored_class",
                "monitored_since": "confirmed_on",
                "risk_types": "risk_types",
                "due_on": None,
            },
            step="CONFIRMED",
            closes=CLOCK,
        ),
        MonitoringCategoryChanged: Meaning(sets={"monitored_class": "new"}),
        MonitoringCancelled: Meaning(makes={"stage": "NONE"}, sets={**_ENDED}),
        MonitoringClosed: Meaning(makes={"stage": "NONE"}, sets={**_ENDED}, closes=CLOCK),
        EliminationEligibilityDetected: Meaning(
            sets={"elimination.due_on": "propose_by"}, opens=PROPOSAL
        ),
        EliminationEligibilityLapsed: Meaning(sets={"elimination.due_on": None}, closes=PROPOSAL),
        EliminationProposalOverdue: Meaning(breach=True),
        EliminationProposed: Meaning(
            makes={"stage": Stage.ELIM_VERIFYING.value},
            sets={"elimination.due_on": None},
            closes=PROPOSAL,
        ),
        EliminationVerified: Meaning(makes={"stage": Stage.ELIM_VERIFIED.value}),
        EliminationRejected: Meaning(makes={"stage": Stage.MONITORED.value}),
        RiskEliminated: Meaning(
            makes={"stage": Stage.ELIMINATED.value},
            sets={"eliminated_on": "eliminated_on"},
            step="ELIMINATED",
        ),
        RiskEliminationRevoked: Meaning(
            makes={"stage": Stage.MONITORED.value}, sets={"eliminated_on": None}
        ),
        RecordCorrected: Meaning(amends=Amendment("corrected_event_id", "path", "new_value")),
        IdentificationDeadlineMissed: Meaning(breach=True),
        DepartmentFactRecorded: Meaning(sets={**_FACT}),
        DepartmentFactCorrected: Meaning(sets={**_FACT}, corrects="previous_event_id"),
        DepartmentFactRetracted: Meaning(
            sets={"fact.{record_key}": None}, corrects="previous_event_id"
        ),
        DangerousHousingLedgered: Meaning(
            sets={"dangerous_house.grade": "grade", "dangerous_house.due_on": "due_on"},
            opens="entry_id",
        ),
        DangerousHousingRegraded: Meaning(sets={"dangerous_house.grade": "grade"}),
        HousingRemedyNoted: Meaning(
            sets={"dangerous_house.remedy": "step", "dangerous_house.due_on": None},
            closes="entry_id",
        ),
        HousingRemedyWithdrawn: Meaning(
            sets={"dangerous_house.remedy": None, "dangerous_house.due_on": "due_on"},
            opens="entry_id",
        ),
        HousingRemedyOverdue: Meaning(breach=True),
        DangerousHousingCleared: Meaning(sets={"dangerous_house": None}, closes="entry_id"),
        DropoutDetected: Meaning(sets={"member.{person_id}.out_of_school": "basis"}),
        DropoutEnded: Meaning(sets={"member.{person_id}.out_of_school": None}),
        ProcessingRestricted: Meaning(makes={"member.{person_id}.restricted": True}),
        RestrictionLifted: Meaning(makes={"member.{person_id}.restricted": False}),
        PersonalDataErased: Meaning(makes={"member.{person_id}.erased": True}),
        PersonalDataRevealed: Meaning(look=Look(purpose="purpose")),
        AccessRefused: Meaning(look=Look(refusal="denial")),
    },
    {
        "standing": StateField("在册状态", "standing", Standing, needed_by=EVERY),
        "stage": StateField("办理阶段", "stage", Stage, _PHASES, needed_by=EVERY),
        "category": StateField("户类别", "category", Category),
        "marginal_2019": StateField("2019年边缘易致贫户", "on the list of 2019"),
        "region": StateField("所在区划", "area", needed_by=EVERY),
        "co_living_count": StateField("共同生活人数", "living together"),
        "survivor_id": StateField("并入户", "absorbed by"),
        "risk_types": StateField("风险类型", "risks", RiskType, routes=ROUTED),
        "clue": StateField("线索", "clue"),
        "clue.risk_types": StateField(
            "线索的风险类型", "risks of the clue", RiskType, routes=ROUTED
        ),
        "due_on": StateField("认定期限", "to be decided by", needed_by=EVERY),
        "monitored_class": StateField("监测类别", "monitored as", MonitoredClass, needed_by=EVERY),
        "monitored_since": StateField("认定日期", "monitored since", needed_by=EVERY),
        "eliminated_on": StateField("消除日期", "eliminated on", needed_by=EVERY),
        "elimination.due_on": StateField("申请消除期限", "elimination to be proposed by"),
        "income.disposable_fen": StateField(
            "家庭可支配收入", "disposable income", needed_by=_MINZHENG
        ),
        "income.line_fen": StateField("监测线", "line", needed_by=_MINZHENG),
        "income.members": StateField("核算人数", "persons counted", needed_by=_MINZHENG),
        "income.within_line": StateField("收入在线内", "within the line", needed_by=_MINZHENG),
        "safeguard.housing": StateField(
            "住房等级", "housing", HousingGrade, needed_by=frozenset({"zhujian"})
        ),
        "safeguard.water_safe": StateField(
            "饮水合格", "water safe", needed_by=frozenset({"shuiwu"})
        ),
        "safeguard.dropouts": StateField("失学人数", "dropouts", needed_by=frozenset({"jiaoyu"})),
        "safeguard.uninsured": StateField(
            "未参保人数", "uninsured", needed_by=frozenset({"yibao"})
        ),
        "member": StateField("成员", "member"),
        "member.relation": StateField("与户主关系", "relation to the head", Relation),
        "member.labour_capacity": StateField(
            "劳动能力",
            "labour capacity",
            LabourCapacity,
            needed_by=frozenset({"minzheng", "renshe"}),
        ),
        "member.health": StateField(
            "健康状况", "health", Health, needed_by=frozenset({"canlian", "weijian", "yibao"})
        ),
        "member.schooling": StateField(
            "就学情况", "schooling", Schooling, needed_by=frozenset({"jiaoyu"})
        ),
        "member.restricted": StateField("限制处理", "processing restricted"),
        "member.erased": StateField("个人信息已删除", "personal data erased"),
        "member.out_of_school": StateField(
            "失学辍学", "out of school", DropoutBasis, needed_by=frozenset({"jiaoyu"})
        ),
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
        "fact.detected_on": StateField("发生日期", "of"),
        "fact.values": StateField("数值", "values"),
    },
)

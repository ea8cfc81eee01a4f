"""The table of department facts: who may post which, and what each one says.

To add a type, add a row here and its codes to `contracts.fact_codes`. Rules that look at it are named in
`domain.rulebook`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from contracts.fact_codes import FactCode, FactType, FactValue

# Department codes as tokens carry them, with the name that people know.
DEPARTMENTS: dict[str, str] = {
    "jiaoyu": "教育部门",
    "minzheng": "民政部门",
    "renshe": "人社部门",
    "zhujian": "住建部门",
    "shuiwu": "水务部门",
    "yibao": "医保部门",
    "weijian": "卫健部门",
    "canlian": "残联",
    "nongye": "农业农村部门",
    "jinrong": "金融部门",
    "shuiwuju": "税务部门",
    "shichang": "市场监管部门",
    "budongchan": "不动产登记部门",
    "sifa": "司法部门",
    "yingji": "应急部门",
    "gongan": "公安部门",
}


class Subject(Enum):
    """Whom a fact concerns. Either way it is posted with a person's identity number."""

    PERSON = "person"
    HOUSEHOLD = "household"


@dataclass(frozen=True, kw_only=True)
class FactSpec:
    """One row. `dated` is the field with the department's date; `values` and `optional` are amounts.

    `codes` maps a field to the codes of which it holds one; `optional_codes` may be left out.
    `counted` is the value that rules look at.
    """

    departments: tuple[str, ...]
    subject: Subject
    dated: str
    values: tuple[FactValue, ...] = ()
    optional: tuple[FactValue, ...] = ()
    codes: Mapping[str, tuple[FactCode, ...]] = field(default_factory=dict)
    optional_codes: Mapping[str, tuple[FactCode, ...]] = field(default_factory=dict)
    counted: FactValue | None = None

    @property
    def owner(self) -> str:
        """The departments that may post it, by name."""
        return "、".join(DEPARTMENTS[code] for code in self.departments)


_C, _V, _T = FactCode, FactValue, FactType
_PERSON, _HOUSEHOLD = Subject.PERSON, Subject.HOUSEHOLD
_CAUSES = (_C.BY_POVERTY, _C.BY_AVERSION, _C.BY_ILLNESS, _C.BY_OTHER)
_DISASTERS = (
    _C.FLOOD,
    _C.GEOLOGICAL,
    _C.DROUGHT,
    _C.BIOLOGICAL,
    _C.METEOROLOGICAL,
    _C.EARTHQUAKE,
    _C.OTHER_DISASTER,
)


def _person(department: str, dated: str, **rest: Any) -> FactSpec:
    return FactSpec(departments=(department,), subject=_PERSON, dated=dated, **rest)


def _household(department: str, dated: str, **rest: Any) -> FactSpec:
    return FactSpec(departments=(department,), subject=_HOUSEHOLD, dated=dated, **rest)


FACT_TYPES: dict[FactType, FactSpec] = {
    _T.ENROLMENT: _person(
        "jiaoyu",
        "checked_on",
        codes={
            "term": (_C.SPRING, _C.AUTUMN),
            "status": (_C.ENROLLED, _C.HOME_TEACHING, _C.SUSPECTED_DROPOUT, _C.DROPOUT, _C.EXEMPT),
        },
        optional_codes={"cause": _CAUSES},
    ),
    _T.SCHOOLING_COST: _person("jiaoyu", "paid_on", values=(_V.OWN_COST,), counted=_V.OWN_COST),
    _T.STUDENT_AID: _person("jiaoyu", "paid_on", values=(_V.AMOUNT,)),
    _T.HIGHER_EDUCATION: _person("jiaoyu", "admitted_on"),
    _T.SOCIAL_PROTECTION: _household(
        "minzheng",
        "decided_on",
        optional=(_V.MONTHLY,),
        codes={
            "scheme": (
                _C.SUBSISTENCE,
                _C.EXTREME_POVERTY,
                _C.MARGINAL_FAMILY,
                _C.RIGID_EXPENDITURE,
            ),
            "decision": (_C.GRANTED, _C.REFUSED, _C.ENDED),
        },
    ),
    _T.TEMPORARY_RELIEF: _household("minzheng", "paid_on", values=(_V.AMOUNT,), counted=_V.AMOUNT),
    _T.CHILD_IN_NEED: _person(
        "minzheng", "recognised_on", codes={"kind": (_C.ORPHAN, _C.UNATTENDED)}
    ),
    _T.DISABILITY_ALLOWANCE: _person(
        "minzheng",
        "decided_on",
        optional=(_V.MONTHLY,),
        codes={
            "kind": (_C.LIVING_ALLOWANCE, _C.NURSING_ALLOWANCE),
            "decision": (_C.GRANTED, _C.REFUSED, _C.ENDED),
        },
    ),
    _T.DEATH: FactSpec(
        departments=("minzheng", "weijian", "gongan"), subject=_PERSON, dated="died_on"
    ),
    _T.INSURED_EMPLOYMENT: _person(
        "renshe",
        "changed_on",
        optional=(_V.MONTHLY,),
        codes={"state": (_C.STARTED, _C.ENDED)},
    ),
    _T.UNEMPLOYMENT: _person("renshe", "registered_on"),
    _T.SKILL_TRAINING: _person("renshe", "completed_on", values=(_V.HOURS,)),
    _T.SKILL_CERTIFICATE: _person("renshe", "obtained_on"),
    _T.PUBLIC_POST: _person(
        "renshe",
        "changed_on",
        values=(_V.MONTHLY,),
        codes={"state": (_C.STARTED, _C.ENDED)},
    ),
    _T.PENSION_PREMIUM: _person(
        "renshe",
        "paid_on",
        values=(_V.AMOUNT,),
        codes={"payer": (_C.PAID_BY_GOVERNMENT, _C.PAID_BY_PERSON)},
    ),
    _T.WAGE_DISPUTE: _person(
        "renshe", "changed_on", values=(_V.AMOUNT,), codes={"state": (_C.OPENED, _C.CLOSED)}
    ),
    _T.HOUSING_SAFETY: _household(
        "zhujian",
        "assessed_on",
        codes={
            "grade": (_C.GRADE_A, _C.GRADE_B, _C.GRADE_C, _C.GRADE_D),
            "use": (_C.LIVED_IN, _C.NOT_LIVED_IN),
        },
    ),
    _T.HOUSING_RENOVATION: _household(
        "zhujian",
        "changed_on",
        optional=(_V.AMOUNT,),
        codes={"state": (_C.STARTED, _C.FINISHED)},
    ),
    _T.HOUSING_DAMAGE: _household(
        "zhujian",
        "damaged_on",
        codes={"damage": (_C.DAMAGE_LIGHT, _C.DAMAGE_SEVERE, _C.COLLAPSED)},
    ),
    _T.MEDICAL_SETTLEMENT: _person(
        "yibao",
        "settled_on",
        values=(
            _V.TOTAL,
            _V.BASIC_INSURANCE,
            _V.SERIOUS_ILLNESS_INSURANCE,
            _V.MEDICAL_ASSISTANCE,
            _V.COMPLIANT_OWN_COST,
        ),
        counted=_V.COMPLIANT_OWN_COST,
    ),
    _T.INSURANCE_STATE: _person(
        "yibao",
        "since",
        codes={"state": (_C.INSURED_RESIDENT, _C.INSURED_EMPLOYEE, _C.UNINSURED)},
    ),
    _T.MEDICAL_ASSISTANCE: _person("yibao", "paid_on", values=(_V.AMOUNT,)),
    _T.MEDICAL_PREMIUM: _person(
        "yibao",
        "paid_on",
        values=(_V.AMOUNT,),
        codes={"payer": (_C.PAID_BY_GOVERNMENT, _C.PAID_BY_PERSON)},
    ),
    _T.SERIOUS_ILLNESS: _person("weijian", "recognised_on"),
    _T.DOCTOR_FOLLOW_UP: _person("weijian", "visited_on"),
    _T.BIRTH: _person("weijian", "born_on"),
    _T.DISABILITY_CARD: _person(
        "canlian",
        "decided_on",
        codes={
            "level": (_C.LEVEL_1, _C.LEVEL_2, _C.LEVEL_3, _C.LEVEL_4),
            "change": (_C.NEW_CARD, _C.LEVEL_CHANGED, _C.CARD_ENDED),
        },
    ),
    _T.FARMING_SCALE: _household("nongye", "counted_on", optional=(_V.AREA, _V.HEADS)),
    _T.CROP_LOSS: _household("nongye", "happened_on", values=(_V.LOSS,), counted=_V.LOSS),
    _T.LAND_TRANSFER: _household("nongye", "signed_on", values=(_V.AREA,), optional=(_V.AMOUNT,)),
    _T.MICROCREDIT: _household(
        "jinrong",
        "changed_on",
        values=(_V.AMOUNT, _V.DAYS_OVERDUE),
        codes={"state": (_C.ISSUED, _C.OVERDUE, _C.REPAID)},
        counted=_V.DAYS_OVERDUE,
    ),
    _T.INSURANCE_CLAIM: _person(
        "jinrong",
        "paid_on",
        values=(_V.PAID,),
        codes={"cause": (_C.ILLNESS_CLAIM, _C.ACCIDENT_CLAIM)},
        counted=_V.PAID,
    ),
    _T.BUSINESS: FactSpec(
        departments=("shuiwuju", "shichang"),
        subject=_PERSON,
        dated="changed_on",
        codes={"state": (_C.STARTED, _C.ENDED)},
    ),
    _T.VEHICLE: FactSpec(
        departments=("shuiwuju", "gongan"),
        subject=_PERSON,
        dated="changed_on",
        codes={"state": (_C.STARTED, _C.ENDED)},
    ),
    _T.PROPERTY: _person("budongchan", "changed_on", codes={"state": (_C.STARTED, _C.ENDED)}),
    _T.IMPRISONMENT: _person("sifa", "changed_on", codes={"state": (_C.STARTED, _C.ENDED)}),
    _T.DISASTER: _household(
        "yingji",
        "happened_on",
        optional=(_V.LOSS,),
        codes={
            "kind": _DISASTERS,
            "impact": (_C.HOUSE_LOST, _C.CROP_LOST, _C.NOTHING_LOST),
        },
    ),
    _T.ACCIDENT: _person(
        "gongan", "happened_on", codes={"outcome": (_C.DIED, _C.DISABLED, _C.INJURED)}
    ),
    _T.REGISTER_CHANGE: _person(
        "gongan",
        "changed_on",
        codes={"change": (_C.BORN, _C.CANCELLED, _C.SPLIT, _C.MOVED_IN, _C.MOVED_OUT)},
    ),
}

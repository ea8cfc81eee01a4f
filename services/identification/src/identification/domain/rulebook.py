"""The rules by name: what each looks at, and what it means in plain words.

`docs/rules.md` and `GET /v1/rules` show this table. A rule that is not in it does not run.
"""

from collections.abc import Callable
from dataclasses import dataclass

from contracts.fact_codes import FactType
from identification.domain import rules, rules_of_losses
from identification.domain.findings import Counted, Finding, History, KnownHousehold
from identification.domain.policy import Policy

FactRule = Callable[[Counted, KnownHousehold, History, Policy], Finding | None]

_T = FactType


@dataclass(frozen=True)
class Rule:
    """One rule over a type of fact. `looks_back` are the types whose history it needs.

    A correction (T20) of what it reads makes it judge again: an assessment (`reads_income`), or a birth
    date (`reads_age`; also if it reads only who is able to work).
    """

    id: str
    version: int
    hears: FactType
    find: FactRule
    zh: str
    en: str
    looks_back: tuple[FactType, ...] = ()
    reads_income: bool = False
    reads_age: bool = False


FACT_RULES: tuple[Rule, ...] = (
    Rule(
        "MEDICAL-OWN-COST",
        1,
        _T.MEDICAL_SETTLEMENT,
        rules.medical_cost,
        "全户12个月内合规自付医疗费达到标准为橙色,达到两倍为红色(因病)",
        "own medical cost of the household in 12 months: ORANGE at the threshold, RED at twice it",
        (_T.MEDICAL_SETTLEMENT,),
    ),
    Rule(
        "SERIOUS-ILLNESS",
        1,
        _T.SERIOUS_ILLNESS,
        rules.serious_illness,
        "脱贫户或监测对象新增大病或特殊病种为黄色(因病)",
        "a new serious illness in a formerly poor or monitored household: YELLOW",
    ),
    Rule(
        "DROPOUT",
        1,
        _T.ENROLMENT,
        rules.dropout,
        "义务教育阶段适龄儿童失学辍学为红色(因学)",
        "a child of compulsory age out of school: RED",
        reads_age=True,
    ),
    Rule(
        "SCHOOLING-COST",
        1,
        _T.SCHOOLING_COST,
        rules.schooling_cost,
        "全户一学年就学自付达到标准为黄色(因学)",
        "own cost of schooling of the household in a school year: YELLOW at the threshold",
        (_T.SCHOOLING_COST,),
    ),
    Rule(
        "UNIVERSITY-ENTRANT",
        1,
        _T.HIGHER_EDUCATION,
        rules.higher_education,
        "收入接近监测线的家庭有人新考入高等院校为黄色(因学)",
        "a new student in a household near the line: YELLOW",
        reads_income=True,
    ),
    Rule(
        "PROTECTION-GRANTED",
        1,
        _T.SOCIAL_PROTECTION,
        rules.protection_granted,
        "未监测的家庭新纳入低保为黄色(收入)",
        "new subsistence allowance for a household not monitored: YELLOW",
    ),
    Rule(
        "PROTECTION-STOPPED",
        1,
        _T.SOCIAL_PROTECTION,
        rules.protection_stopped,
        "收入仍在监测线内而停发低保为橙色(收入)",
        "the subsistence allowance ended while income is within the line: ORANGE",
        reads_income=True,
    ),
    Rule(
        "LARGE-RELIEF",
        1,
        _T.TEMPORARY_RELIEF,
        rules.large_relief,
        "未监测的家庭获得大额临时救助为黄色(其他)",
        "large temporary relief to a household not monitored: YELLOW",
    ),
    Rule(
        "UNEMPLOYMENT",
        1,
        _T.UNEMPLOYMENT,
        rules.unemployment,
        "主要劳动力失业,或全户无人就业为橙色(务工不稳)",
        "the breadwinner is unemployed, or nobody able to work has work: ORANGE",
        (_T.UNEMPLOYMENT, _T.INSURED_EMPLOYMENT),
        reads_age=True,
    ),
    Rule(
        "HOUSING-GRADE",
        1,
        _T.HOUSING_SAFETY,
        rules_of_losses.dangerous_house,
        "居住C级危房为橙色,D级为红色(住房)",
        "living in a house of grade C: ORANGE, of grade D: RED",
    ),
    Rule(
        "HOUSE-DAMAGED",
        1,
        _T.HOUSING_DAMAGE,
        rules_of_losses.damaged_house,
        "房屋因灾严重损坏或倒塌为红色(自然灾害)",
        "a house severely damaged or collapsed: RED",
    ),
    Rule(
        "DISABILITY-CARD",
        1,
        _T.DISABILITY_CARD,
        rules_of_losses.new_disability,
        "新评定重度残疾为橙色(因残)",
        "newly assessed as severely disabled: ORANGE",
    ),
    Rule(
        "CROP-LOSS",
        1,
        _T.CROP_LOSS,
        rules_of_losses.crop_loss,
        "种养损失达到家庭经营收入的规定比例为橙色(产业失败)",
        "a loss that reaches the share of operating income: ORANGE",
        reads_income=True,
    ),
    Rule(
        "LOAN-OVERDUE",
        1,
        _T.MICROCREDIT,
        rules_of_losses.overdue_loan,
        "小额信贷逾期超过规定天数为黄色(其他)",
        "microcredit overdue for longer than the limit: YELLOW",
    ),
    Rule(
        "LARGE-CLAIM",
        1,
        _T.INSURANCE_CLAIM,
        rules_of_losses.large_claim,
        "防返贫保险大额理赔为黄色(因病或因意外)",
        "a large claim on the prevention insurance: YELLOW",
    ),
    Rule(
        "DISASTER",
        1,
        _T.DISASTER,
        rules_of_losses.disaster,
        "因灾房屋受损为红色,农作物受损为橙色(自然灾害)",
        "house damaged by a disaster: RED; crop damaged: ORANGE",
    ),
    Rule(
        "ACCIDENT",
        1,
        _T.ACCIDENT,
        rules_of_losses.accident,
        "劳动力因交通事故死亡或致残为红色(意外事故)",
        "a member able to work died or was disabled in an accident: RED",
        reads_age=True,
    ),
)

OVER_FACTS = {rule.id: rule for rule in FACT_RULES}

# What departments report of one risk in one window is one clue, whichever of these rules find it.
OF_DEPARTMENTS = OVER_FACTS.keys() | {"WATER-TEST-FAILED", "WATER-OUTAGE"}

SCREENED = "HOUSEHOLD-SCREENED"

# Rules over what is no department fact; they are run where that is heard.
OTHER_RULES: tuple[tuple[str, int, str, str], ...] = (
    (
        "INCOME-LINE",
        1,
        "范围内家庭的收入在监测线以内为橙色(收入)",
        "income of a household in scope within the line: ORANGE",
    ),
    (
        "INCOME-FALL",
        1,
        "人均收入较前12个月下降达到规定比例为黄色(其他)",
        "income a head fell by the share within twelve months: YELLOW",
    ),
    (
        "WATER-TEST-FAILED",
        1,
        "水源检测不合格,所供脱贫户和监测对象为橙色(饮水)",
        "a failed water test, for each formerly poor or monitored household served: ORANGE",
    ),
    (
        "WATER-OUTAGE",
        1,
        "停水超过规定天数,所供脱贫户和监测对象为黄色(饮水)",
        "water cut for longer than the limit, for each such household served: YELLOW",
    ),
    (
        SCREENED,
        1,
        "镇村干部的排查表填有疑似风险为黄色(所填的风险类型)",
        "staff suspected risks in a household that they screened: YELLOW, of those risks",
    ),
)

VERSIONS = {rule.id: rule.version for rule in FACT_RULES} | {id: v for id, v, *_ in OTHER_RULES}

BY_FACT: dict[FactType, tuple[Rule, ...]] = {
    fact: tuple(rule for rule in FACT_RULES if rule.hears is fact) for fact in FactType
}


def findings(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> list[Finding]:
    """What the rules that hear this type of fact find."""
    found = (r.find(fact, household, history, policy) for r in BY_FACT[fact.fact_type])
    return [finding for finding in found if finding]

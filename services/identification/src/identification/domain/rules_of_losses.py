"""Risk rules over housing, water, disability, losses, debts and disasters."""

from uuid import UUID

from contracts.codes import RiskType, Severity
from contracts.fact_codes import FactCode
from identification.domain.findings import Counted, Finding, History, KnownHousehold, yuan
from identification.domain.policy import Policy


def _found(
    rule_id: str,
    risk: RiskType,
    severity: Severity,
    fact: Counted,
    zh: str,
    en: str,
    *also: UUID,
) -> Finding:
    return Finding(rule_id, risk, severity, (fact.event_id, *also), zh, en)


def dangerous_house(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """HOUSING-GRADE v1 (住建, S1.3-03): a dangerous house that is lived in. C is ORANGE, D is RED."""
    grades = {FactCode.GRADE_C: Severity.ORANGE, FactCode.GRADE_D: Severity.RED}
    grade = next((g for g in grades if g in fact.codes), None)
    if grade is None or FactCode.LIVED_IN not in fact.codes:
        return None
    return _found(
        "HOUSING-GRADE",
        RiskType.UNSAFE_HOUSING,
        grades[grade],
        fact,
        f"居住的房屋鉴定为{grade.zh}危房",
        f"the house lived in is of {grade.en}",
    )


def new_disability(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """DISABILITY-CARD v1 (残联): a new card of level 1 or 2, or a change to it."""
    severe = FactCode.LEVEL_1 in fact.codes or FactCode.LEVEL_2 in fact.codes
    if not severe or FactCode.CARD_ENDED in fact.codes:
        return None
    return _found(
        "DISABILITY-CARD",
        RiskType.DISABILITY,
        Severity.ORANGE,
        fact,
        "家庭成员新评定为重度残疾",
        "a member was newly assessed as severely disabled",
    )


def crop_loss(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """CROP-LOSS v1 (农业农村): a loss of at least 30 % of the household's operating income."""
    last = household.incomes[0] if household.incomes else None
    if last is None or last.operating_fen == 0:
        return None
    if 100 * fact.amount < policy.crop_loss_percent * last.operating_fen:
        return None
    return _found(
        "CROP-LOSS",
        RiskType.INDUSTRY_FAILURE,
        Severity.ORANGE,
        fact,
        f"种养损失{yuan(fact.amount)}元，达到经营收入的{policy.crop_loss_percent}%",
        f"a loss of {yuan(fact.amount)} yuan reaches {policy.crop_loss_percent} % of operating income",
        last.event_id,
    )


def overdue_loan(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """LOAN-OVERDUE v1 (金融): microcredit overdue for more than 30 days."""
    if FactCode.OVERDUE not in fact.codes or fact.amount <= policy.loan_overdue_days:
        return None
    return _found(
        "LOAN-OVERDUE",
        RiskType.OTHER,
        Severity.YELLOW,
        fact,
        f"小额信贷逾期{fact.amount}天",
        f"microcredit is {fact.amount} days overdue",
    )


def large_claim(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """LARGE-CLAIM v1 (金融): a large claim was paid for an illness or an accident."""
    if fact.amount < policy.claim_fen:
        return None
    by_accident = FactCode.ACCIDENT_CLAIM in fact.codes
    return _found(
        "LARGE-CLAIM",
        RiskType.ACCIDENT if by_accident else RiskType.ILLNESS,
        Severity.YELLOW,
        fact,
        f"防返贫保险理赔{yuan(fact.amount)}元",
        f"a claim of {yuan(fact.amount)} yuan on the prevention insurance was paid",
    )


def disaster(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """DISASTER v1 (应急): house damaged is RED, crop damaged ORANGE; the emergency lane is T12."""
    severity = (
        Severity.RED
        if FactCode.HOUSE_LOST in fact.codes
        else Severity.ORANGE
        if FactCode.CROP_LOST in fact.codes
        else None
    )
    if severity is None:
        return None
    house = severity is Severity.RED
    return _found(
        "DISASTER",
        RiskType.NATURAL_DISASTER,
        severity,
        fact,
        "因自然灾害房屋受损" if house else "因自然灾害农作物受损",
        "house damaged by a disaster" if house else "crop damaged by a disaster",
    )


def damaged_house(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """HOUSE-DAMAGED v1 (住建): severely damaged or collapsed."""
    if FactCode.DAMAGE_LIGHT in fact.codes:
        return None
    return _found(
        "HOUSE-DAMAGED",
        RiskType.NATURAL_DISASTER,
        Severity.RED,
        fact,
        "房屋因灾严重损坏或倒塌",
        "the house was severely damaged or collapsed",
    )


def accident(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """ACCIDENT v1 (公安): an accident in which somebody who works died or was disabled."""
    hurt = FactCode.DIED in fact.codes or FactCode.DISABLED in fact.codes
    if not hurt or not _works(household, fact.person_id):
        return None
    return _found(
        "ACCIDENT",
        RiskType.ACCIDENT,
        Severity.RED,
        fact,
        "家庭劳动力因交通事故死亡或致残",
        "a member able to work died or was disabled in a traffic accident",
    )


def _works(household: KnownHousehold, person_id: UUID) -> bool:
    """Whether the person is able to work. Somebody who has left the register since counts as able."""
    person = household.person(person_id)
    return person is None or person in household.workers

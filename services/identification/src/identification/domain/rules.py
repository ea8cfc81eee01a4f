"""Risk rules over department facts: pure functions, named, versioned, explained in `rulebook`.

A rule raises a clue; it never changes a status. People verify, people decide. Each is given a fact,
the household it concerns, the household's facts around it and the parameters in force.
"""

from datetime import date, timedelta
from uuid import UUID

from contracts.codes import Relation, RiskType, Severity
from contracts.fact_codes import FactCode, FactType
from identification.domain.findings import Counted, Finding, History, KnownHousehold, yuan
from identification.domain.policy import Policy
from identification.domain.schooling import of_school_age, school_year, year_begins

ROLLING = timedelta(days=365)
# Facts that a clue names, the latest: an event has a limit, a chronic illness has none.
EVIDENCE = 500


def medical_cost(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """MEDICAL-OWN-COST v1 (医保, S4.2-03): the household's own cost in twelve rolling months.

    Of all twelve-month windows that contain the settlement it takes the dearest, so that a settlement that
    arrives late counts too. ORANGE at the threshold, RED at twice the threshold.
    """
    series = history.of(FactType.MEDICAL_SETTLEMENT)
    ends = series.days(fact.detected_on, fact.detected_on + ROLLING)
    if not ends:
        return None
    after = timedelta(days=1)
    total, last = max((series.total(day - ROLLING + after, day + after), day) for day in ends)
    evidence = series.between(last - ROLLING + after, last + after)
    return own_cost(total, household.at_risk_group, policy, tuple(f.event_id for f in evidence))


def own_cost(
    total: int, at_risk_group: bool, policy: Policy, evidence: tuple[UUID, ...]
) -> Finding | None:
    """What MEDICAL-OWN-COST says of a total of twelve months."""
    threshold = policy.medical_threshold(at_risk_group=at_risk_group)
    if total < threshold:
        return None
    return Finding(
        "MEDICAL-OWN-COST",
        RiskType.ILLNESS,
        Severity.RED if total >= 2 * threshold else Severity.ORANGE,
        evidence[-EVIDENCE:],
        f"12个月内合规自付医疗费{yuan(total)}元，达到{yuan(threshold)}元",
        f"own medical cost of {yuan(total)} yuan in 12 months reaches {yuan(threshold)} yuan",
    )


def serious_illness(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """SERIOUS-ILLNESS v1 (卫健): a new serious illness in a formerly poor or monitored household."""
    if not household.at_risk_group:
        return None
    return Finding(
        "SERIOUS-ILLNESS",
        RiskType.ILLNESS,
        Severity.YELLOW,
        (fact.event_id,),
        "家庭成员新增大病或特殊病种",
        "a member is newly recognised as seriously ill",
    )


def dropout(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """DROPOUT v1 (教育, S1.3-02): a child of compulsory age is out of school."""
    child = household.person(fact.person_id)
    if FactCode.DROPOUT not in fact.codes or child is None:
        return None
    if not of_school_age(child.born_on, fact.detected_on, policy):
        return None
    poor = FactCode.BY_POVERTY in fact.codes
    return Finding(
        "DROPOUT",
        RiskType.SCHOOLING,
        Severity.RED,
        (fact.event_id,),
        "义务教育阶段适龄儿童失学辍学" + ("（因贫）" if poor else ""),
        "a child of compulsory age dropped out of school" + (" for poverty" if poor else ""),
    )


def schooling_cost(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """SCHOOLING-COST v1 (教育): the household's own cost of schooling in one school year."""
    year = school_year(fact.detected_on)
    series = history.of(FactType.SCHOOLING_COST)
    total = series.total(year_begins(year), year_begins(year + 1))
    threshold = policy.schooling_cost_fen
    if total < threshold:
        return None
    return Finding(
        "SCHOOLING-COST",
        RiskType.SCHOOLING,
        Severity.YELLOW,
        tuple(f.event_id for f in series.between(year_begins(year), year_begins(year + 1))),
        f"{year}学年就学自付{yuan(total)}元，达到{yuan(threshold)}元",
        f"own cost of schooling of {yuan(total)} yuan in {year}/{year + 1} reaches {yuan(threshold)} yuan",
    )


def higher_education(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """UNIVERSITY-ENTRANT v1 (教育): a new student in a household near the line."""
    if not household.incomes:
        return None
    last, percent = household.incomes[0], policy.entrant_line_percent
    if 100 * policy.basis_of(last) > percent * policy.income_line_fen * last.members:
        return None
    return Finding(
        "UNIVERSITY-ENTRANT",
        RiskType.SCHOOLING,
        Severity.YELLOW,
        (fact.event_id, last.event_id),
        f"新考入高等院校，家庭人均收入不高于监测线的{percent}%",
        f"a member enters higher education; income is at most {percent} % of the line",
    )


def protection_granted(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """PROTECTION-GRANTED v1 (民政): new 低保 for a household that is not monitored."""
    new = {FactCode.SUBSISTENCE, FactCode.GRANTED} <= fact.codes
    if household.monitored or not new:
        return None
    return Finding(
        "PROTECTION-GRANTED",
        RiskType.LOW_INCOME,
        Severity.YELLOW,
        (fact.event_id,),
        "新纳入最低生活保障，尚未纳入监测",
        "newly granted the subsistence allowance, and not monitored",
    )


def protection_stopped(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """PROTECTION-STOPPED v1 (民政): 低保 ended although the household is within the line."""
    if not {FactCode.SUBSISTENCE, FactCode.ENDED} <= fact.codes or not household.incomes:
        return None
    last = household.incomes[0]
    if not policy.within_line(policy.basis_of(last), last.members):
        return None
    return Finding(
        "PROTECTION-STOPPED",
        RiskType.LOW_INCOME,
        Severity.ORANGE,
        (fact.event_id, last.event_id),
        "停发最低生活保障，家庭收入仍在监测线内",
        "the subsistence allowance ended while income is within the line",
    )


def large_relief(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """LARGE-RELIEF v1 (民政): large temporary relief to a household that is not monitored."""
    if household.monitored or fact.amount < policy.relief_fen:
        return None
    return Finding(
        "LARGE-RELIEF",
        RiskType.OTHER,
        Severity.YELLOW,
        (fact.event_id,),
        f"获得临时救助{yuan(fact.amount)}元，尚未纳入监测",
        f"temporary relief of {yuan(fact.amount)} yuan, and not monitored",
    )


def unemployment(
    fact: Counted, household: KnownHousehold, history: History, policy: Policy
) -> Finding | None:
    """UNEMPLOYMENT v1 (人社): the breadwinner lost work, or nobody who is able to work has any.

    The breadwinner is the head, if able to work, or else the only member who is. Somebody who is registered
    as unemployed counts as such until insured employment starts again.
    """
    person = household.person(fact.person_id)
    workers = household.workers
    if person is None or person not in workers:
        return None
    idle = {w.person_id for w in workers if _unemployed(w.person_id, history, fact.detected_on)}
    idle.add(person.person_id)
    nobody = all(worker.person_id in idle for worker in workers)
    if not nobody and person.relation is not Relation.HEAD:
        return None
    return Finding(
        "UNEMPLOYMENT",
        RiskType.UNSTABLE_EMPLOYMENT,
        Severity.ORANGE,
        (fact.event_id,),
        "家庭劳动力均处于失业状态" if nobody else "家庭主要劳动力新登记失业",
        "nobody able to work has work" if nobody else "the breadwinner is newly unemployed",
    )


def still_unemployed(history: History, on: date) -> list[Counted]:
    """The unemployment registrations of those who are without work on a day."""
    known = (f for f in history.of(FactType.UNEMPLOYMENT).facts if f.detected_on <= on)
    last = {fact.person_id: fact for fact in known}
    return [
        fact._replace(detected_on=on)
        for person_id, fact in last.items()
        if _unemployed(person_id, history, on)
    ]


def _unemployed(person_id: UUID, history: History, on: date) -> bool:
    """Whether the latest of the person's registrations and insured jobs is a registration."""
    facts = [
        *history.of(FactType.UNEMPLOYMENT).facts,
        *(f for f in history.of(FactType.INSURED_EMPLOYMENT).facts if FactCode.STARTED in f.codes),
    ]
    own = [f for f in facts if f.person_id == person_id and f.detected_on <= on]
    last = max(own, key=lambda f: f.detected_on, default=None)
    return last is not None and last.fact_type == FactType.UNEMPLOYMENT

"""Households and facts as rules are given them, for tests to vary."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from contracts.codes import Category, LabourCapacity, Relation
from contracts.fact_codes import FactCode, FactType
from identification.domain.findings import (
    Counted,
    Finding,
    History,
    IncomeSeen,
    KnownHousehold,
    Person,
)
from identification.domain.policy import Policy
from identification.domain.rulebook import findings
from services.identification.tests.story import POLICY

HEAD, CHILD = UUID(int=1), UUID(int=2)
DAY = date(2024, 3, 1)
HOUSEHOLD = KnownHousehold(
    region="441624108201",
    category=Category.FORMERLY_POOR,
    marginal_2019=False,
    stage="NONE",
    persons=(
        Person(HEAD, date(1970, 1, 1), LabourCapacity.ORDINARY, Relation.HEAD),
        Person(CHILD, date(2012, 8, 31), LabourCapacity.NONE, Relation.CHILD),
    ),
)
GENERAL = replace(HOUSEHOLD, category=Category.GENERAL)
MONITORED = replace(GENERAL, stage="MONITORED")


def income(disposable_fen: int, members: int = 4, **change: Any) -> IncomeSeen:
    """An assessment of the twelve months to February 2024, without costs outside farming."""
    seen = IncomeSeen(
        event_id=UUID(int=77),
        window_to=date(2024, 2, 29),
        members=members,
        disposable_fen=disposable_fen,
        net_fen=disposable_fen,
        reference_fen=disposable_fen,
        operating_fen=0,
    )
    return replace(seen, **change)


def fact(
    fact_type: FactType,
    *codes: FactCode,
    amount: int = 0,
    on: date = DAY,
    person: UUID = HEAD,
    number: int = 1,
) -> Counted:
    """A fact of the household."""
    return Counted(UUID(int=number), person, fact_type, on, amount, frozenset(codes))


def found(
    last: Counted,
    *earlier: Counted,
    household: KnownHousehold = HOUSEHOLD,
    policy: Policy = POLICY,
) -> list[Finding]:
    """What the rules find when this fact comes after those."""
    return findings(last, household, History([*earlier, last]), policy)


def ids(findings: list[Finding]) -> list[tuple[str, str, str]]:
    """Rule, risk and severity of each."""
    return [(f.rule_id, f.risk_type.value, f.severity.value) for f in findings]

"""T20: rules over facts that read an assessment look again once it is corrected, at the facts that stand."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.service import Runtime
from common.testing import eventually
from contracts.fact_codes import FactCode as C
from contracts.fact_codes import FactType as T
from identification.domain.findings import Counted, History
from identification.domain.rulebook import FACT_RULES, findings
from identification.domain.screening import standing
from identification.effects.second_look import READING_INCOME
from identification.effects.weighing import borne_out
from identification.read_model.evidence import Cited
from services.identification.tests.asking import Callers
from services.identification.tests.registrar import Register
from services.identification.tests.seen import CHILD, HEAD, HOUSEHOLD, fact, income
from services.identification.tests.story import POLICY
from services.identification.tests.test_api_facts import by, events, post
from services.identification.tests.test_api_facts import fact as told
from services.identification.tests.test_recalculated import Office, desks, office

__all__ = ["desks", "office"]  # fixtures
TODAY = date(2024, 10, 1)


def days_ago(days: int, fact_type: T, *codes: C, number: int, **change: Any) -> Counted:
    return fact(fact_type, *codes, on=TODAY - timedelta(days=days), number=number, **change)


def test_T20_a_rule_that_reads_incomes_is_looked_at_again() -> None:
    """Whatever rule finds something else of another income is marked, and no other."""
    facts = {
        T.HIGHER_EDUCATION: fact(T.HIGHER_EDUCATION),
        T.SOCIAL_PROTECTION: fact(T.SOCIAL_PROTECTION, C.SUBSISTENCE, C.ENDED),
        T.CROP_LOSS: fact(T.CROP_LOSS, amount=10**6),
    }
    poor = income(1, operating_fen=1)
    reading = set()
    for rule in FACT_RULES:
        about = facts.get(rule.hears, fact(rule.hears, amount=10**7))
        alone, with_income = (
            rule.find(about, one, History([about]), POLICY) for one in (HOUSEHOLD, _assessed(poor))
        )
        if alone != with_income:
            reading.add(rule.id)
    assert reading == {rule.id for rule in FACT_RULES if rule.reads_income}
    assert {*READING_INCOME} == {*facts}


def _assessed(*incomes: Any) -> Any:
    return replace(HOUSEHOLD, incomes=incomes)


def test_T20_what_stands_is_what_a_screening_looks_at() -> None:
    stand = [
        days_ago(364, T.CROP_LOSS, amount=1, number=1),
        days_ago(30, T.SCHOOLING_COST, amount=1, number=2),
        days_ago(9, T.MICROCREDIT, C.OVERDUE, number=3),
        days_ago(9, T.ENROLMENT, C.DROPOUT, number=4, person=CHILD),
    ]
    over = [
        days_ago(365, T.CROP_LOSS, amount=1, number=11),
        days_ago(31, T.SCHOOLING_COST, amount=1, number=12),  # of the school year before
        days_ago(9, T.SOCIAL_PROTECTION, C.SUBSISTENCE, C.ENDED, number=13),
        days_ago(8, T.SOCIAL_PROTECTION, C.SUBSISTENCE, C.GRANTED, number=14),
        days_ago(9, T.ENROLMENT, C.DROPOUT, number=15, person=HEAD),
        days_ago(8, T.ENROLMENT, C.ENROLLED, number=16, person=HEAD),
        days_ago(-1, T.INSURANCE_CLAIM, amount=1, number=17),
    ]
    found = {one.event_id for one in standing(History([*stand, *over]), TODAY)}
    assert found == {one.event_id for one in stand}


CITED = Cited(
    UUID(int=5), UUID(int=99), frozenset({"UNIVERSITY-ENTRANT"}), frozenset({UUID(int=1)})
)
ASSESSED = UUID(int=55)


@pytest.mark.parametrize(
    ("cited", "about", "bears_out", "contradicts"),
    [
        (
            "UNIVERSITY-ENTRANT",
            fact(T.HIGHER_EDUCATION),
            income(5_184_000),
            income(5_184_001),
        ),
        (
            "PROTECTION-STOPPED",
            fact(T.SOCIAL_PROTECTION, C.SUBSISTENCE, C.ENDED),
            income(4_320_000),
            income(4_320_001),
        ),
        (
            "CROP-LOSS",
            fact(T.CROP_LOSS, amount=300),
            income(9_000_000, operating_fen=1_000),
            income(9_000_000, operating_fen=1_001),
        ),
    ],
)
def test_T20_a_clue_of_a_rule_over_facts_is_weighed_by_the_corrected_income(
    cited: str, about: Counted, bears_out: Any, contradicts: Any
) -> None:
    clue, history = replace(CITED, rules=frozenset({cited})), History([about])
    for seen, expected in ((bears_out, True), (contradicts, False)):
        household = _assessed(replace(seen, assessment_id=ASSESSED))
        assert bool(findings(about, household, history, POLICY)) is expected
        assert borne_out(clue, household, history, POLICY, ASSESSED) is expected


@pytest.fixture
def recent(runtime: Runtime) -> str:
    return str(runtime.clock.today() - timedelta(days=30))


async def test_T20_a_corrected_income_finds_the_loss_that_it_makes_grave(
    office: Office,
    register: Register,
    sql: asyncpg.Connection,
    recent: str,
    runtime: Runtime,
) -> None:
    home = await register.household()
    await office.assessed(home, 9_000_000)
    loss = await office.lost(home, recent)
    assert await office.clues(home) == []
    now = await office.correct(home, "operating_fen", 1_000_000)
    (clue,) = await eventually(lambda: office.clues(home))
    assert (clue["rule_id"], clue["risk_types"]) == ("CROP-LOSS", ["INDUSTRY_FAILURE"])
    assert clue["evidence_event_ids"] == [loss, str(now)]
    assert clue["discovered_on"] == str(runtime.clock.today())
    # It is as grave by another figure, and then it is not: people are asked, and nobody is delisted.
    last = await office.correct(home, "operating_fen", 1_200_000)
    gone = await office.correct(home, "operating_fen", 5_000_000)

    async def replaced() -> Any:
        found = await office.evidence(home)
        return found if len(found) == 2 else None

    (_, still), (_, then) = await eventually(replaced)
    assert (still["withdrawal_proposed"], still["event_id"]) == (False, str(last))
    assert (then["withdrawal_proposed"], then["event_id"]) == (True, str(gone))
    assert (await register.get(home.id))["stage"] == "CLUE_OPEN"
    said = ("RiskDetected", "RiskClueAttached", "ClueEvidenceAdded")
    assert [kind for kind, _ in await events(sql, f"household-{home.id}", *said)] == [said[0]]


async def test_T20_a_clue_that_the_corrected_income_still_bears_out_stays(
    app: httpx.AsyncClient, callers: Callers, office: Office, register: Register, recent: str
) -> None:
    home = await register.household()
    await office.assessed(home, 1_200_000)
    entrant = told(home.people[0], "jiaoyu", "HigherEducationEntrance", admitted_on=recent)
    answer = await post(app, by(callers, "jiaoyu"), entrant)
    assert answer.status_code == 201, answer.text
    (clue,) = await eventually(lambda: office.clues(home))
    assert clue["rule_id"] == "UNIVERSITY-ENTRANT"
    await office.correct(home, "wage_fen", 1_250_000)
    await office.correct(home, "wage_fen", 2_000_000)

    async def replaced() -> Any:
        found = await office.evidence(home)
        return found if len(found) == 2 else None

    (_, still), (_, gone) = await eventually(replaced)
    assert (still["still_supported"], still["withdrawal_proposed"]) == (True, False)
    assert (gone["still_supported"], gone["withdrawal_proposed"]) == (False, True)
    assert await office.clues(home) == [clue]

"""PIPL 47: what was corrected while a person's data could not be used is judged when it can be again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from msgspec import structs

from common.policies import Policies
from common.service import Runtime
from common.testing import envelope, eventually
from contracts.fact_codes import FactType as T
from identification.domain.findings import History
from identification.effects.heard import Heard
from identification.effects.second_look import found_anew
from services.identification.tests.asking import Callers
from services.identification.tests.registrar import DAY, Home, Register
from services.identification.tests.seen import CHILD, HEAD, HOUSEHOLD, fact, income
from services.identification.tests.story import POLICY, REGISTERED
from services.identification.tests.test_api_facts import events, heard_all
from services.identification.tests.test_births import correct_birth, watch
from services.identification.tests.test_labour import ABLE
from services.identification.tests.test_protection_anew import earns, elderly
from services.identification.tests.test_recalculated import Office, desks, office
from services.identification.tests.watched import Watch, years_before

__all__ = ["desks", "elderly", "office", "watch"]  # fixtures


class Officer:
    """The county's officer for persons' rights, who waits until everything was heard."""

    def __init__(self, desk: Register, sql: asyncpg.Connection) -> None:
        self._desk, self._sql = desk, sql

    async def restrict(self, home: Home, place: int) -> None:
        path = f"members/{home.person(place)}/restriction"
        await self._desk.done(home.id, path, reason="CONTESTED", restricted_on=DAY)
        await heard_all(self._sql, f"household-{home.id}")

    async def lift(self, home: Home, place: int) -> None:
        path = f"members/{home.person(place)}/restriction-end"
        await self._desk.done(home.id, path, lifted_on=DAY)
        await heard_all(self._sql, f"household-{home.id}")

    async def clues(self, home: Home) -> list[dict[str, Any]]:
        await heard_all(self._sql, f"household-{home.id}")
        types = ("RiskDetected", "RiskClueAttached", "ClueEvidenceAdded")
        found = await events(self._sql, f"household-{home.id}", *types)
        return [data for _, data in found]

    async def withheld(self, home: Home, place: int) -> int:
        """How many events wait for the person's data."""
        count: int = await self._sql.fetchval(
            "select count(*) from vault.withheld where person_id = $1", UUID(home.person(place))
        )
        return count


@pytest.fixture
def officer(app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection) -> Officer:
    desk = Register(app, callers.staff("members:rights", "officer", "441624"))
    return Officer(desk, sql)


async def test_an_income_that_was_corrected_twice_meanwhile_is_judged_as_it_stands(
    register: Register,
    office: Office,
    officer: Officer,
    runtime: Runtime,
) -> None:
    home = await register.household()
    await office.assessed(home, 9_000_000)
    recent = str(runtime.clock.today() - timedelta(days=30))
    loss = await office.lost(home, recent)
    await officer.restrict(home, 0)
    await office.correct(home, "operating_fen", 1_000_000)
    last = await office.correct(home, "operating_fen", 1_200_000)
    assert await officer.clues(home) == []
    assert await officer.withheld(home, 0) == 2
    await officer.lift(home, 0)
    (clue,) = await eventually(lambda: officer.clues(home))
    assert clue["rule_id"] == "CROP-LOSS"
    assert clue["evidence_event_ids"] == [loss, str(last)]
    assert clue["discovered_on"] == str(runtime.clock.today())
    assert await officer.withheld(home, 0) == 0
    await officer.restrict(home, 0)
    await officer.lift(home, 0)
    assert await officer.clues(home) == [clue]  # it is judged once


@pytest.mark.parametrize(("operating_fen", "proposed"), [(1_200_000, False), (5_000_000, True)])
async def test_a_clue_is_weighed_by_an_income_corrected_meanwhile_when_the_facts_may_be_used(
    register: Register,
    office: Office,
    officer: Officer,
    runtime: Runtime,
    operating_fen: int,
    proposed: bool,
) -> None:
    home = await register.household()
    await office.assessed(home, 9_000_000)
    recent = str(runtime.clock.today() - timedelta(days=30))
    await office.lost(home, recent)
    was = await office.correct(home, "operating_fen", 1_000_000)
    (clue,) = await eventually(lambda: officer.clues(home))
    await officer.restrict(home, 0)
    await office.correct(home, "operating_fen", 6_000_000)
    now = await office.correct(home, "operating_fen", operating_fen)
    assert await office.evidence(home) == []
    await officer.lift(home, 0)
    ((kind, weighed),) = await eventually(lambda: office.evidence(home))
    assert (kind, weighed["clue_id"]) == ("ClueEvidenceReplaced", clue["clue_id"])
    assert (weighed["previous_event_id"], weighed["event_id"]) == (str(was), str(now))
    assert weighed["withdrawal_proposed"] is proposed
    assert weighed["replaced_on"] == str(runtime.clock.today())
    assert await officer.clues(home) == [clue]
    assert (await register.get(home.id))["stage"] == "CLUE_OPEN"  # it is for people to decide


async def test_what_was_found_meanwhile_of_somebody_else_is_not_found_again(
    app: httpx.AsyncClient,
    callers: Callers,
    register: Register,
    office: Office,
    officer: Officer,
    runtime: Runtime,
) -> None:
    home = await register.household(2)
    await earns(app, callers, home)
    recent = str(runtime.clock.today() - timedelta(days=30))
    facts = [await office.lost(home, recent, place) for place in (0, 1)]
    before = len(await officer.clues(home))  # of the income itself
    await officer.restrict(home, 0)
    now = await office.correct(home, "operating_fen", 1_000_000)
    *_, other = await eventually(lambda: _more(officer, home, before))
    assert other["evidence_event_ids"] == [facts[1], str(now)]
    await officer.lift(home, 0)
    *_, again, late = await eventually(lambda: _more(officer, home, before + 1))
    assert again == other
    assert late["evidence_event_ids"] == [facts[0]]  # the rule's clue has the income already


@pytest.mark.parametrize("persons", [{HEAD}, {CHILD}, None])
def test_only_what_was_withheld_is_looked_at_when_that_ends(persons: set[UUID] | None) -> None:
    """However long ago somebody else's clue was, and whatever people decided of it."""
    losses = [fact(T.CROP_LOSS, amount=400, person=who, number=who.int) for who in (HEAD, CHILD)]
    was, household = (
        replace(HOUSEHOLD, incomes=(income(9_000_000, operating_fen=fen),)) for fen in (0, 1_000)
    )
    now = datetime(2024, 3, 2, tzinfo=UTC)
    event = structs.replace(envelope(REGISTERED), recorded_at=now)
    heard = Heard(None, Policies((POLICY,)), [])  # type: ignore[arg-type]
    asked = found_anew(heard, event, UUID(int=9), household, was, History(losses), persons)
    found = {intent.command.evidence_event_ids[0] for intent in asked}
    assert found == {who for who in (HEAD, CHILD) if persons is None or who in persons}


async def _more(officer: Officer, home: Home, than: int) -> list[dict[str, Any]]:
    found = await officer.clues(home)
    return found if len(found) > than else []


async def test_a_birth_date_that_was_corrected_meanwhile_is_judged_and_delists_nobody(
    app: httpx.AsyncClient,
    callers: Callers,
    watch: Watch,
    officer: Officer,
    sql: asyncpg.Connection,
    runtime: Runtime,
) -> None:
    today = runtime.clock.today()
    county = Register(app, callers.staff("episodes:county households:read", "county", "441624"))
    home = await watch.household({"born_on": "2000-01-01"})
    recent = str(today - timedelta(days=30))
    out = {"checked_on": recent, "term": "AUTUMN", "status": "DROPOUT"}
    await watch.told(home.people[1], "jiaoyu", "EnrolmentStatus", out)
    await heard_all(sql, f"facts-of-household-{home.id}")
    await officer.restrict(home, 1)
    _, birth, _ = await correct_birth(county, sql, home, "2000-01-01", years_before(today, 12))
    assert await officer.clues(home) == []
    await officer.lift(home, 1)
    (clue,) = await eventually(lambda: officer.clues(home))
    assert (clue["rule_id"], clue["discovered_on"]) == ("DROPOUT", str(today))
    assert clue["evidence_event_ids"][1:] == [birth["event_id"]]

    await officer.restrict(home, 1)
    await correct_birth(county, sql, home, years_before(today, 12), "2000-01-01")
    assert await events(sql, f"evidence-of-household-{home.id}") == []
    await officer.lift(home, 1)

    async def replaced() -> Any:
        return await events(sql, f"evidence-of-household-{home.id}")

    ((kind, gone),) = await eventually(replaced)
    assert (kind, gone["withdrawal_proposed"]) == ("ClueEvidenceReplaced", True)
    assert (await county.get(home.id))["stage"] == "CLUE_OPEN"  # it is for people to decide


async def test_labour_that_was_assessed_meanwhile_is_judged(
    app: httpx.AsyncClient, callers: Callers, register: Register, elderly: Home, officer: Officer
) -> None:
    await earns(app, callers, elderly)
    assert await officer.clues(elderly) == []
    await officer.restrict(elderly, 1)
    await register.done(elderly.id, "labour", person_id=elderly.person(1), **ABLE)
    assert await officer.clues(elderly) == []
    await officer.lift(elderly, 1)
    (clue,) = await eventually(lambda: officer.clues(elderly))
    assert clue["rule_id"] == "INCOME-LINE"

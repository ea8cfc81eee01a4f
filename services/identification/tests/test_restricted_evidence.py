"""PIPL 47: evidence that was corrected or retracted while other facts of the household could not be used
is weighed when they can be again."""

from typing import Any

import asyncpg
import httpx
import pytest

from common.service import Runtime
from common.testing import eventually
from services.identification.tests.asking import Callers
from services.identification.tests.registrar import Home, Register, joining, leaving
from services.identification.tests.test_api_facts import by, events, fact, heard_all, post
from services.identification.tests.test_recalculated import Office, desks, office
from services.identification.tests.test_restricted_corrections import Officer, officer
from services.identification.tests.test_restricted_facts import Told, told
from services.identification.tests.way import CLUE, INCOME

__all__ = ["desks", "office", "officer", "told"]  # fixtures


class Scales:
    """What is said of the evidence of a household's clues, once everything was heard."""

    def __init__(self, sql: asyncpg.Connection) -> None:
        self._sql = sql

    async def said(self, home: Home) -> list[tuple[str, bool]]:
        """What happened to each piece, and whether withdrawing its clue is proposed."""
        return [(e["change"], e["withdrawal_proposed"]) for e in await self.events(home)]

    async def found(self, home: Home, rule_id: str) -> bool:
        """Whether a rule found something of the household."""
        types = ("RiskDetected", "RiskClueAttached")
        told = await events(self._sql, f"household-{home.id}", *types)
        return any(event["rule_id"] == rule_id for _, event in told)

    async def events(self, home: Home) -> list[dict[str, Any]]:
        for stream in (f"facts-of-household-{home.id}", f"household-{home.id}"):
            await heard_all(self._sql, stream)
        found = await events(self._sql, f"evidence-of-household-{home.id}")
        assert {kind for kind, _ in found} <= {"ClueEvidenceReplaced"}
        return [event for _, event in found]


@pytest.fixture
def scales(sql: asyncpg.Connection) -> Scales:
    return Scales(sql)


class Doctors:
    """What the health department says of serious illness; a rule that looks at one fact."""

    def __init__(self, app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection) -> None:
        self._app, self._headers, self._sql = app, by(callers, "weijian"), sql

    async def found_ill(self, home: Home) -> None:
        """All of the household: one clue, with a piece of evidence of each."""
        for number in home.people:
            await self._told(fact(number, "weijian", "SeriousIllness", recognised_on="2024-02-20"))
        await eventually(lambda: events(self._sql, f"household-{home.id}", "ClueEvidenceAdded"))

    async def took_back(self, number: int) -> None:
        said = fact(number, "weijian", "SeriousIllness")
        data = {
            "fact_type": "SeriousIllness",
            "record_key": str(number),
            "record_version": 2,
            "reason": "WRONG_PERSON",
        }
        kind = "cn.shouwang.fact.Retraction.v1"
        await self._told(said | {"id": f"{said['id']}-gone", "type": kind, "data": data})

    async def _told(self, event: dict[str, Any]) -> None:
        answer = await post(self._app, self._headers, event)
        assert answer.status_code == 201, answer.text


@pytest.fixture
def doctors(app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection) -> Doctors:
    return Doctors(app, callers, sql)


async def costs(told: Told, scales: Scales, home: Home, *fen: int) -> Any:
    """The clue of own costs, one of each person, that only together reach the threshold."""
    for number, own_cost_fen in zip(home.people, fen, strict=True):
        await told(number, own_cost_fen)
    (clue,) = await eventually(lambda: told.clues(home))
    await scales.events(home)
    return clue


@pytest.mark.parametrize("own", [600_000, 1_100_000])
async def test_evidence_retracted_meanwhile_is_weighed_with_the_facts_that_were_withheld(
    register: Register, officer: Officer, told: Told, scales: Scales, runtime: Runtime, own: int
) -> None:
    home = await register.household(2)
    clue = await costs(told, scales, home, own, 600_000)
    await officer.restrict(home, 0)
    await told.retract(home.people[1], 2)
    assert await scales.said(home) == []
    assert await officer.withheld(home, 0) == 1
    await officer.lift(home, 0)
    (weighed,) = await eventually(lambda: scales.events(home))
    assert (weighed["clue_id"], weighed["change"]) == (clue["clue_id"], "RETRACTED")
    assert weighed["withdrawal_proposed"] is (own < 1_000_000)
    assert weighed["replaced_on"] == str(runtime.clock.today())
    assert await officer.withheld(home, 0) == 0
    assert (await register.get(home.id))["stage"] == "CLUE_OPEN"  # it is for people to decide


@pytest.mark.parametrize("last", [450_000, 100_000])
async def test_evidence_corrected_twice_meanwhile_is_weighed_as_it_stands(
    register: Register, officer: Officer, told: Told, scales: Scales, last: int
) -> None:
    home = await register.household(2)
    clue = await costs(told, scales, home, 600_000, 600_000)
    number = home.people[1]
    await officer.restrict(home, 0)
    await told(number, 300_000, id=f"{number}-2", record_version=2)
    await scales.events(home)
    now = await told(number, last, id=f"{number}-3", record_version=3)
    assert await scales.said(home) == []
    await officer.lift(home, 0)
    (weighed,) = await eventually(lambda: scales.events(home))
    assert weighed["previous_event_id"] == clue["evidence_event_ids"][1]
    assert weighed["event_id"] == now["event_id"]
    assert weighed["withdrawal_proposed"] is (last == 100_000)


async def test_evidence_waits_only_where_what_may_not_be_used_decides(
    register: Register, officer: Officer, told: Told, scales: Scales
) -> None:
    home = await register.household(3)
    await costs(told, scales, home, 100_000, 300_000, 1_100_000)
    await officer.restrict(home, 0)
    await told.retract(home.people[1], 2)
    assert await eventually(lambda: scales.said(home)) == [("RETRACTED", False)]
    assert await officer.withheld(home, 0) == 0


async def test_evidence_is_weighed_by_what_waited_for_the_end_too(
    register: Register, officer: Officer, told: Told, scales: Scales
) -> None:
    """Had there been no restriction, the correction had come first."""
    home = await register.household(2)
    await costs(told, scales, home, 600_000, 600_000)
    await officer.restrict(home, 0)
    first = home.people[0]
    assert (await told(first, 1_100_000, id=f"{first}-2", record_version=2))["waits"]
    await told.retract(home.people[1], 2)
    assert await scales.said(home) == []
    await officer.lift(home, 0)

    async def both() -> list[tuple[str, bool]]:
        said = await scales.said(home)
        return sorted(said) if len(said) == 2 else []

    assert await eventually(both) == [("CORRECTED", False), ("RETRACTED", False)]


async def test_a_figure_that_was_corrected_meanwhile_opens_no_clue_at_the_end(
    register: Register, officer: Officer, told: Told, scales: Scales
) -> None:
    home = await register.household(2)
    first, second = home.people
    await told(first, 600_000)
    await scales.events(home)
    await officer.restrict(home, 0)
    assert (await told(first, 100_000, id=f"{first}-2", record_version=2))["waits"]
    await told(second, 600_000)
    await scales.events(home)
    assert await officer.withheld(home, 0) == 1
    await officer.lift(home, 0)
    await eventually(lambda: _corrected(told, home))
    await scales.events(home)
    assert await told.clues(home) == []


async def _corrected(told: Told, home: Home) -> bool:
    return ("DepartmentFactCorrected", 2) in await told.of(home)


async def test_a_household_that_was_confirmed_meanwhile_is_reviewed_at_the_end(
    register: Register, officer: Officer, told: Told, office: Office, scales: Scales
) -> None:
    home, desks = await register.household(2), office.desks
    await desks.village.done(home.id, "clues", **CLUE)
    for number in home.people:
        await told(number, 600_000)
    await eventually(lambda: scales.found(home, "MEDICAL-OWN-COST"))
    await officer.restrict(home, 0)
    await told.retract(home.people[1], 2)
    await desks.monitored(home, income=INCOME | {"members": 2})
    assert await office.evidence(home) == []
    await officer.lift(home, 0)
    ((kind, review),) = await eventually(lambda: office.evidence(home))
    assert (kind, review["still_supported"]) == ("CaseReviewRequested", False)
    assert (await register.get(home.id))["stage"] == "MONITORED"


async def test_A50_a_piece_of_evidence_that_is_left_bears_the_clue_out(
    register: Register, scales: Scales, doctors: Doctors
) -> None:
    home = await register.household(2)
    await doctors.found_ill(home)
    await doctors.took_back(home.people[1])
    assert await eventually(lambda: scales.said(home)) == [("RETRACTED", False)]


async def test_a_piece_that_may_not_be_used_decides_at_the_end(
    register: Register, officer: Officer, scales: Scales, doctors: Doctors
) -> None:
    home = await register.household(2)
    await doctors.found_ill(home)
    await officer.restrict(home, 0)
    await doctors.took_back(home.people[1])
    assert await scales.said(home) == []
    await officer.lift(home, 0)
    assert await eventually(lambda: scales.said(home)) == [("RETRACTED", False)]


async def test_A50_a_correction_reaches_the_clue_of_the_household_that_its_person_left(
    register: Register, told: Told, scales: Scales
) -> None:
    old, new = await register.household(2), await register.household()
    await costs(told, scales, old, 600_000, 600_000)
    number = old.people[1]
    await register.done(old.id, "departures", **leaving(old.person(1)))
    await register.done(new.id, "members", **joining(number))
    for version, fen in ((2, 500_000), (3, 100_000)):
        await told(number, fen, id=f"{number}-{version}", record_version=version)
        await scales.events(new)
    said = await eventually(lambda: scales.said(old))
    assert said == [("CORRECTED", False), ("CORRECTED", True)]

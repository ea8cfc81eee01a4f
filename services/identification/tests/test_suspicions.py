"""S2-04: a risk that staff suspect after screening a household is a clue, once; and nothing more."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, get_args
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.ids import new_id
from common.kafka import Log
from common.testing import envelope, eventually, message_of
from common.topics import events_topic
from contracts.codes import Channel, HousingGrade, RiskType, Severity
from contracts.envelope import Envelope
from contracts.episodes import RiskClueAttached, RiskDetected
from contracts.evidence import ClueEvidenceAdded
from contracts.identification import HouseholdEvent, IdentificationEvent
from contracts.visits import (
    Difficulty,
    HouseholdScreened,
    ScreeningVoided,
    ScreeningVoidReason,
    VisitsEvent,
)
from identification.domain.household import HOUSEHOLD
from identification.domain.states import Household
from identification.effects.suspicions import reported
from identification.reactions import HEARD, IGNORED
from services.identification.tests.asking import Callers
from services.identification.tests.registrar import DAY, Home, Register, leaving
from services.identification.tests.story import POLICY, REGISTERED, STEPS, history, state
from services.identification.tests.test_api_facts import events
from services.identification.tests.test_restricted_facts import RESTRICTION
from services.identification.tests.way import Desks

SCREENED = HouseholdScreened(
    household_id=REGISTERED.household_id,
    screening_id=UUID(int=31),
    visit_id=None,
    screened_on=date(2024, 3, 1),
    disposable_fen=4_320_000,
    dropouts=0,
    uninsured=1,
    housing_grade=HousingGrade.B,
    water_safe=True,
    rigid_expenditure_fen=1_800_000,
    industry=Difficulty.NONE,
    employment=Difficulty.POTENTIAL,
    medical_care=Difficulty.BOTH,
    suspected_risks=[RiskType.ILLNESS],
)
LATER = replace(SCREENED, screening_id=UUID(int=32), screened_on=date(2024, 3, 20))


def told(said: HouseholdScreened | ScreeningVoided, **changes: Any) -> Envelope:
    """The event of visits, in a stream of its own: on the broker of all suites a real visits may speak
    of the same household, and two first events of one stream would be a fork to whoever hears both."""
    return envelope(
        said,
        service="visits",
        household_id=said.household_id,
        stream=f"screenings-of-household-{said.household_id}",
        **changes,
    )


def heard(given: Sequence[HouseholdEvent], *screenings: HouseholdScreened) -> list[HouseholdEvent]:
    """What the household records when it hears of screenings, each of them twice."""
    found = list(given)
    for screened in screenings:
        event = told(screened)
        for _ in range(2):
            found += HOUSEHOLD.when(reported(event, screened, POLICY), given=found)
    return found[len(given) :]


# Rules


def test_S204_a_suspected_risk_is_a_clue_by_cadre_screening_due_in_fifteen_days() -> None:
    (clue,) = heard(history(), SCREENED)
    assert isinstance(clue, RiskDetected)
    assert (clue.channel, clue.severity) == (Channel.CADRE_SCREENING, Severity.YELLOW)
    assert clue.risk_types == [RiskType.ILLNESS]
    assert (clue.discovered_on, clue.due_on) == (date(2024, 3, 1), date(2024, 3, 16))
    assert (clue.rule_id, clue.rule_version) == ("HOUSEHOLD-SCREENED", 1)
    assert len(clue.evidence_event_ids) == 1


def test_S204_the_same_suspicion_within_the_window_is_evidence_of_its_clue() -> None:
    clue, added = heard(history(), SCREENED, LATER)
    assert isinstance(clue, RiskDetected)
    assert isinstance(added, ClueEvidenceAdded)
    assert (added.clue_id, added.evidence_count) == (clue.clue_id, 1)
    assert set(added.evidence_event_ids).isdisjoint(clue.evidence_event_ids)


def test_S204_another_suspicion_joins_the_open_case() -> None:
    other = replace(LATER, suspected_risks=[RiskType.LOW_INCOME])
    clue, joined = heard(history(), SCREENED, other)
    assert isinstance(clue, RiskDetected)
    assert isinstance(joined, RiskClueAttached)
    assert joined.risk_types == [RiskType.LOW_INCOME]


@pytest.mark.parametrize("steps", [(), STEPS[:1], STEPS[:2], STEPS])
def test_S204_a_suspicion_changes_no_status_of_a_case(steps: tuple[Any, ...]) -> None:
    given = history(*steps)
    after = HOUSEHOLD.fold(
        [*given, *heard(given, replace(LATER, suspected_risks=[RiskType.OTHER]))]
    )
    assert isinstance(after, Household)
    assert after.stage == (state(given).stage if steps else "CLUE_OPEN")


def test_S204_every_event_of_both_languages_is_heard_or_ignored_on_purpose() -> None:
    known = {event.__name__ for event in get_args(IdentificationEvent | VisitsEvent)}
    assert set(HEARD.types) | IGNORED == known
    assert not set(HEARD.types) & IGNORED
    assert {"HouseholdVisited", "ObligationOpened"} <= IGNORED


# Over Kafka

Say = Callable[..., Awaitable[Envelope]]


@pytest.fixture
async def say(servers: Any, app: httpx.AsyncClient) -> Any:
    """Publishes a screening on the topic of visits, as its relay would, some times over."""
    kafka = Log(servers.kafka)

    async def publish(home: str, *risks: RiskType, times: int = 1, **change: Any) -> Envelope:
        changes = {"suspected_risks": list(risks), "screening_id": new_id(), **change}
        event = told(replace(SCREENED, household_id=UUID(home), **changes))
        for _ in range(times):
            await kafka.publish([message_of(event, events_topic("visits"))])
        return event

    yield publish
    await kafka.close()


async def past(sql: asyncpg.Connection, event: Envelope) -> None:
    """Wait until identification has taken the event."""

    async def taken() -> Any:
        cursor = "select version from es.cursors where stream = $1 and version = $2"
        return await sql.fetchval(cursor, event.stream, event.version)

    await eventually(taken)
    parked = await sql.fetchval("select count(*) from es.parked where key = $1", event.key)
    assert parked == 0


async def clues(sql: asyncpg.Connection, home: Home) -> list[dict[str, Any]]:
    found = await events(sql, f"household-{home.id}", "RiskDetected")
    return [data for _, data in found]


async def test_S204_a_screening_on_the_topic_of_visits_opens_one_clue(
    app: httpx.AsyncClient,
    register: Register,
    say: Say,
    callers: Callers,
    sql: asyncpg.Connection,
) -> None:
    home = await register.household()
    screened = await say(home.id, RiskType.ILLNESS, RiskType.LOW_INCOME, times=2)
    await past(sql, screened)
    (clue,) = await clues(sql, home)
    assert clue["evidence_event_ids"] == [str(screened.event_id)]
    recorded = await sql.fetchrow(
        "select causation_id, correlation_id from es.events where stream = $1 and type = $2",
        f"household-{home.id}",
        "RiskDetected",
    )
    assert recorded
    assert tuple(recorded) == (screened.event_id, screened.correlation_id)
    staff = callers.staff("episodes:read", "reader")
    shown = await app.get(
        "/v1/clues",
        params={"household_id": home.id, "channel": "CADRE_SCREENING"},
        headers=staff,
    )
    (listed,) = shown.json()
    assert (listed["status"], listed["risk_types"]) == ("OPEN", ["ILLNESS", "LOW_INCOME"])
    assert (await register.get(home.id))["stage"] == "CLUE_OPEN"


async def test_S204_a_clue_stays_when_the_screening_that_raised_it_is_voided(
    servers: Any, register: Register, say: Say, sql: asyncpg.Connection
) -> None:
    home = await register.household()
    screened = await say(home.id, RiskType.ILLNESS)
    await past(sql, screened)
    voided = ScreeningVoided(
        household_id=UUID(home.id),
        screening_id=new_id(),
        screened_on=SCREENED.screened_on,
        reason=ScreeningVoidReason.MISSTATED,
        requested_by=new_id(),
        approved_by="town",
        voided_on=date(2024, 3, 5),
        last_screened_on=None,
        last_suspected_risks=None,
    )
    kafka = Log(servers.kafka)
    event = told(voided, prev=screened)
    await kafka.publish([message_of(event, events_topic("visits"))])
    await kafka.close()
    await past(sql, event)
    assert len(await clues(sql, home)) == 1
    assert (await register.get(home.id))["stage"] == "CLUE_OPEN"


async def test_S204_a_screening_that_suspects_nothing_opens_nothing(
    register: Register, say: Say, sql: asyncpg.Connection
) -> None:
    home = await register.household()
    await past(sql, await say(home.id))
    assert await clues(sql, home) == []


async def test_S204_a_screening_of_a_household_that_nobody_registered_is_passed_over(
    app: httpx.AsyncClient, say: Say, sql: asyncpg.Connection
) -> None:
    unknown = str(new_id())
    await past(sql, await say(unknown, RiskType.ILLNESS))
    assert await events(sql, f"household-{unknown}") == []


async def test_S204_a_household_off_the_register_has_no_clue(
    register: Register, say: Say, sql: asyncpg.Connection
) -> None:
    home = await register.household()
    await register.done(home.id, "departures", **leaving(home.person(0), reason="EMIGRATION"))
    await past(sql, await say(home.id, RiskType.ILLNESS))
    assert await clues(sql, home) == []


async def test_A54_who_was_screened_in_an_absorbed_household_has_the_clue_in_the_survivor(
    register: Register, say: Say, sql: asyncpg.Connection
) -> None:
    absorbed, survivor = await register.household(), await register.household()
    await register.done(survivor.id, "merger", absorbed_ids=[absorbed.id], effective_on=DAY)

    async def merged() -> bool:
        return bool((await register.get(absorbed.id))["status"] == "MERGED")

    await eventually(merged)
    screened = await say(absorbed.id, RiskType.ILLNESS)
    await past(sql, screened)
    (clue,) = await clues(sql, survivor)
    assert clue["evidence_event_ids"] == [str(screened.event_id)]
    assert await clues(sql, absorbed) == []


async def test_S204_a_screening_names_nobody_and_is_heard_while_a_member_is_restricted(
    app: httpx.AsyncClient,
    register: Register,
    say: Say,
    callers: Callers,
    sql: asyncpg.Connection,
) -> None:
    home = await register.household()
    officer = Register(app, callers.staff("members:rights households:read", "officer", "441624"))
    await officer.done(home.id, f"members/{home.person(0)}/restriction", **RESTRICTION)
    await past(sql, await say(home.id, RiskType.ILLNESS))
    assert len(await clues(sql, home)) == 1


@pytest.fixture
def desks(app: httpx.AsyncClient, register: Register, callers: Callers) -> Desks:
    """Everybody whom a case needs."""
    return Desks.of(app, register, callers)


async def test_S204_a_monitored_household_stays_monitored(
    register: Register, desks: Desks, say: Say, sql: asyncpg.Connection
) -> None:
    home = await desks.monitored()
    await past(sql, await say(home.id, RiskType.OTHER, screened_on=date(2024, 6, 1)))
    joined = await events(sql, f"household-{home.id}", "RiskClueAttached")
    assert [d["risk_types"] for _, d in joined if d["channel"] == "CADRE_SCREENING"] == [["OTHER"]]
    assert (await register.get(home.id))["stage"] == "MONITORED"

"""What visits makes of what identification says."""

from dataclasses import replace
from datetime import date
from typing import get_args
from uuid import UUID

import pytest

from common.codec import UnknownType
from common.ids import new_id
from common.inbox import Inbox
from common.incoming import Incoming, incoming
from common.intents import Connection
from common.kafka import Record
from common.testing import envelope, record_of
from common.topics import events_topic
from contracts.envelope import Envelope
from contracts.identification import IdentificationEvent
from contracts.visits import ObligationOpened, ObligationType, VisitsEvent
from services.visits.tests.given import (
    CONFIRMED,
    MOVED,
    OPENED,
    POLICIES,
    VILLAGE,
    asked,
    confirmed,
    registered,
    told,
)
from visits.domain.household import VISITS
from visits.main import STORE
from visits.reactions import HEARD, IGNORED, reacting

TOPIC = events_topic("identification")


def test_every_event_that_it_hears_of_is_heard_or_ignored_on_purpose() -> None:
    known = {event.__name__ for event in get_args(IdentificationEvent | VisitsEvent)}
    assert set(HEARD.types) | IGNORED == known
    assert not set(HEARD.types) & IGNORED


def test_a_confirmation_asks_for_the_duty_of_its_month() -> None:
    cause = confirmed(registered())
    payload = replace(CONFIRMED, household_id=cause.household_id)  # type: ignore[arg-type]
    intent = asked(cause, payload)
    assert intent.stream == f"visits-of-household-{cause.household_id}"
    assert intent.household_id == cause.household_id
    assert VISITS.when(intent.command, given=[]) == [
        replace(
            OPENED,
            household_id=payload.household_id,
            obligation_id=intent.command.obligation_id,
            responsible_region=VILLAGE,
        )
    ]


def test_a_duty_carries_the_circumstances_of_its_cause() -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    cause = confirmed(registered(region="441624108202"), traceparent=trace)
    intent = asked(cause, CONFIRMED)
    context = intent.context
    assert (context.correlation_id, context.causation_id) == (cause.correlation_id, cause.event_id)
    assert (context.region, context.occurred_at) == ("441624108202", cause.occurred_at)
    assert (context.traceparent, context.policy_version) == (trace, "44-16-24/2024/1")
    assert (context.actor.post, context.actor.department) == ("RULE_ENGINE", "visits")


def test_A58_a_duty_has_the_same_id_however_often_it_is_heard_and_another_in_another_month() -> (
    None
):
    def duty_of(payload: object) -> UUID:
        found: UUID = asked(confirmed(registered()), payload).command.obligation_id
        return found

    assert duty_of(CONFIRMED) == duty_of(replace(CONFIRMED, confirmed_on=date(2024, 4, 1)))
    assert duty_of(CONFIRMED) != duty_of(replace(CONFIRMED, confirmed_on=date(2024, 5, 1)))
    assert duty_of(CONFIRMED) != duty_of(replace(CONFIRMED, household_id=new_id()))


def test_a_region_without_a_policy_is_an_error_and_not_a_guess() -> None:
    cause = confirmed(registered(region="110101001001"))
    with pytest.raises(LookupError):
        asked(cause, CONFIRMED)


# In a transaction of the real database, through the inbox


def inbox() -> Inbox:
    """A reader of its own, beside the one of the running service."""
    return Inbox(f"test-{new_id()}", reacting(STORE, POLICIES))


def items(*events: Envelope) -> list[Incoming]:
    return [incoming(record_of(event, TOPIC, offset)) for offset, event in enumerate(events)]


async def opened(connection: Connection, household_id: UUID | None) -> list[ObligationOpened]:
    """The monthly duties."""
    rows = await connection.fetch(
        "select type, schema_version, data from es.events where household_id = $1", household_id
    )
    found = [STORE.codec.decode(r["type"], r["schema_version"], r["data"]) for r in rows]
    return [one for one in found if one.obligation is ObligationType.MONTHLY_VISIT]


async def test_A58_the_same_records_three_times_open_one_duty(connection: Connection) -> None:
    first = registered()
    reader, batch = inbox(), items(first, confirmed(first))
    for _ in range(3):
        await reader.apply(connection, batch)
    assert len(await opened(connection, first.household_id)) == 1


async def test_a_batch_of_many_households_opens_the_duties_of_those_confirmed(
    connection: Connection,
) -> None:
    firsts = [registered() for _ in range(40)]
    seconds = [confirmed(first) for first in firsts[:20]]
    late = [confirmed(first, date(2024, 4, 25)) for first in firsts[20:30]]
    await inbox().apply(connection, items(*firsts, *seconds, *late))
    ids = [first.household_id for first in firsts]
    known = await connection.fetchval(
        "select count(*) from read.known_household where household_id = any($1::uuid[])", ids
    )
    duties = await connection.fetch(
        "select household_id, status from read.obligation "
        "where household_id = any($1::uuid[]) and obligation = 'MONTHLY_VISIT'",
        ids,
    )
    assert known == 40
    assert {row["household_id"] for row in duties} == {second.household_id for second in seconds}


@pytest.mark.parametrize(("inside", "town"), [(True, "441624109201"), (False, VILLAGE)])
async def test_T19_a_household_that_moves_inside_the_county_is_visited_by_its_new_town(
    connection: Connection, inside: bool, town: str
) -> None:
    first = registered()
    move = told(replace(MOVED, inside_county=inside), first)
    await inbox().apply(connection, items(first, move))
    region = await connection.fetchval(
        "select region from read.known_household where household_id = $1", first.household_id
    )
    assert region == town


async def test_facts_and_steps_that_do_not_concern_visits_change_nothing(
    connection: Connection,
) -> None:
    first = registered()
    step = envelope(prev=first, type="RiskDetected")
    await inbox().apply(connection, items(first, step, confirmed(step)))
    assert len(await opened(connection, first.household_id)) == 1


async def test_an_unknown_type_parks_its_household_and_the_rest_flows(
    connection: Connection,
) -> None:
    strange, other = registered(), registered()
    reader = inbox()
    events = [strange, envelope(prev=strange, type="OfTheFuture"), other, confirmed(other)]
    with pytest.raises(UnknownType):
        await reader.apply(connection, items(*events))
    await reader.apply(connection, items(*events), singly=True)
    rows = await connection.fetch("select key from es.parked where consumer = $1", reader.name)
    assert [row["key"] for row in rows] == [str(strange.household_id)]
    assert len(await opened(connection, other.household_id)) == 1


async def test_a_message_that_is_no_event_parks_under_its_key(connection: Connection) -> None:
    record = record_of(registered(), TOPIC, 0)
    broken = Record(record.place, 0, record.key, record.headers, b"{")
    reader = inbox()
    await reader.apply(connection, [incoming(broken)])
    rows = await connection.fetch("select key from es.parked where consumer = $1", reader.name)
    assert [row["key"].encode() for row in rows] == [record.key]

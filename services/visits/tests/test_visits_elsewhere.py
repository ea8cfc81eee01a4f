"""A54: visits to a household that was absorbed count in the survivor, whenever they are uploaded."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from common.eventstore import record
from common.ids import new_id
from common.inbox import Inbox
from common.incoming import incoming
from common.intents import Connection, Context, Intent, Recorded, accepted
from common.rows import from_row
from common.service import Runtime
from common.testing import eventually, record_of
from common.topics import events_topic
from contracts.envelope import Envelope
from contracts.visits import VisitMode
from services.visits.tests.given import (
    MOVED,
    OPENED,
    POLICIES,
    VILLAGE,
    Tell,
    fulfilled,
    registered,
    told,
    visit,
    visited,
)
from services.visits.tests.test_api import Desk, body
from services.visits.tests.test_api import desk as desk
from services.visits.tests.test_taking_over import FROM, MERGED, taken_over
from visits import read_model
from visits.domain.commands import (
    CountVisit,
    RecordScreening,
    RecordVisit,
    VoidScreening,
    VoidVisit,
)
from visits.domain.household import VISITS, stream_of
from visits.main import STORE
from visits.opening import RULES
from visits.reactions import reacting
from visits.read_model.tables import TakenOverRow

JULY = datetime(2024, 7, 1, tzinfo=UTC)
THERE = visited(visit("2024-04-12T10:00:00+08:00", number=41, household_id=FROM))
COUNT = CountVisit(household_id=OPENED.household_id, visit=THERE)


def test_A54_a_visit_made_elsewhere_fulfils_the_open_duty_of_its_month() -> None:
    done = replace(fulfilled(visit(number=41)), fulfilled_by=THERE.visit_id)
    assert VISITS.when(COUNT, given=[OPENED]) == [done]
    assert VISITS.when(COUNT, given=[OPENED, done]) == []
    assert VISITS.when(COUNT, given=[]) == []


@pytest.mark.parametrize(
    "change",
    [
        {"visited_on": date(2024, 5, 1)},
        {"mode": VisitMode.PHONE},
    ],
)
def test_A54_a_visit_made_elsewhere_counts_only_if_it_would_count_here(
    change: dict[str, Any],
) -> None:
    command = replace(COUNT, visit=replace(THERE, **change))
    assert VISITS.when(command, given=[OPENED]) == []


class Mergers:
    """What is heard and recorded in one transaction that leaves nothing behind."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._offsets = connection, count()
        self._inbox = Inbox(f"test-{new_id()}", reacting(STORE, POLICIES))

    async def hear(self, *events: Envelope) -> None:
        places = [
            incoming(record_of(e, events_topic(e.service), next(self._offsets))) for e in events
        ]
        await self._inbox.apply(self._connection, places)

    async def merge(self, absorbed: Envelope, survivor: Envelope) -> Envelope:
        """On 10 June; what identification says of it."""
        assert absorbed.household_id
        over = replace(taken_over(), from_household_id=absorbed.household_id)
        said = told(over, survivor, occurred_at=MERGED)
        await self.hear(said)
        return said

    async def upload(self, household: Envelope, day: str) -> Envelope:
        """Somebody was there that day."""
        assert household.household_id
        command = visit(f"{day}T10:00:00+08:00", visit_id=new_id(), now=JULY)
        return await self.ask(replace(command, household_id=household.household_id))

    async def ask(
        self, *commands: RecordVisit | VoidVisit | RecordScreening | VoidScreening
    ) -> Envelope:
        """All in one transaction; the first event of what is recorded."""
        of = [c.screened if isinstance(c, RecordScreening) else c for c in commands]
        intents = [
            Intent(
                stream=stream_of(about.household_id),
                household_id=about.household_id,
                decider=VISITS,
                command=command,
                context=Context(
                    actor=RULES, region=VILLAGE, occurred_at=MERGED, correlation_id=new_id()
                ),
            )
            for command, about in zip(commands, of, strict=True)
        ]
        outcomes = await record(self._connection, STORE, intents)
        accepted(outcomes)
        first = outcomes[0]
        assert isinstance(first, Recorded)
        return first.events[0]

    async def hear_itself(self, household: Envelope) -> None:
        """All that was recorded of the household's visits."""
        assert household.household_id
        rows = await self._connection.fetch(
            "select * from es.events where stream = $1 order by version",
            stream_of(household.household_id),
        )
        await self.hear(*(from_row("visits", row) for row in rows))

    async def fulfilled_on(self, household: Envelope) -> tuple[str, date | None]:
        row = await self._connection.fetchrow(
            "select status, fulfilled_on from read.obligation "
            "where household_id = $1 and obligation = 'MONTHLY_VISIT'",
            household.household_id,
        )
        assert row
        return row["status"], row["fulfilled_on"]


@pytest.fixture
def mergers(connection: Connection) -> Mergers:
    return Mergers(connection)


async def test_A54_a_visit_before_the_merger_counts_whenever_it_was_uploaded(
    mergers: Mergers,
) -> None:
    for uploaded_before in (True, False):
        survivor, absorbed = registered(), registered()
        await mergers.hear(survivor, absorbed)
        if uploaded_before:
            said = await mergers.upload(absorbed, "2024-06-10")
            await mergers.merge(absorbed, survivor)
            assert await mergers.fulfilled_on(survivor) == ("FULFILLED", date(2024, 6, 10))
        else:
            await mergers.merge(absorbed, survivor)
            assert await mergers.fulfilled_on(survivor) == ("OPEN", None)
            said = await mergers.upload(absorbed, "2024-06-10")
        await mergers.hear(said)
        assert await mergers.fulfilled_on(survivor) == ("FULFILLED", date(2024, 6, 10))


async def test_A54_a_visit_after_the_merger_is_none_of_a_household_that_is_no_more(
    mergers: Mergers,
) -> None:
    for uploaded_before in (True, False):
        survivor, absorbed = registered(), registered()
        await mergers.hear(survivor, absorbed)
        if uploaded_before:  # visits heard of the merger late
            said = await mergers.upload(absorbed, "2024-06-11")
            await mergers.merge(absorbed, survivor)
        else:
            await mergers.merge(absorbed, survivor)
            said = await mergers.upload(absorbed, "2024-06-11")
        await mergers.hear(said)
        assert await mergers.fulfilled_on(survivor) == ("OPEN", None)


async def test_A54_a_visit_is_carried_through_a_second_merger(mergers: Mergers) -> None:
    first, second, third = registered(), registered(), registered()
    await mergers.hear(first, second, third)
    await mergers.merge(first, second)
    await mergers.merge(second, third)
    await mergers.hear(await mergers.upload(first, "2024-06-03"))
    assert await mergers.fulfilled_on(third) == ("FULFILLED", date(2024, 6, 3))
    assert await mergers.fulfilled_on(second) == ("OPEN", None)


async def test_A54_who_asks_during_a_merger_waits_for_it(
    connection: Connection, runtime: Runtime
) -> None:
    """Else a visit that is uploaded in that moment would be seen by neither."""
    absorbed = new_id()
    taken = TakenOverRow(
        household_id=absorbed, survivor_id=UUID(int=1), region=VILLAGE, merged_on=date(2024, 6, 10)
    )
    async with runtime.pool.acquire() as other:
        merging = other.transaction()
        await merging.start()
        await read_model.take_over(other, [taken])
        asking = asyncio.create_task(read_model.taken_over(connection, [absorbed]))
        done, _ = await asyncio.wait([asking], timeout=0.3)
        assert not done
        await merging.commit()
        found = await asyncio.wait_for(asking, 10)
        assert found[absorbed].survivor_id == UUID(int=1)
        await other.execute("delete from read.taken_over where household_id = $1", absorbed)


async def test_A54_a_late_upload_over_http_fulfils_the_duty_of_the_survivor(
    desk: Desk, tell: Tell
) -> None:
    absorbed, survivor = await desk.household(), await desk.household()
    assert absorbed.household_id
    over = replace(taken_over(date(2024, 3, 1)), from_household_id=absorbed.household_id)
    merged = told(over, survivor, occurred_at=datetime(2024, 4, 15, tzinfo=UTC))
    await tell(merged)
    (duty,) = await eventually(lambda: desk.duties(survivor))
    assert duty["status"] == "OPEN"
    answer = await desk.post(body(absorbed))
    assert answer.status_code == 201, answer.text

    async def done() -> Any:
        return await desk.duties(survivor, status="FULFILLED")

    (duty,) = await eventually(done)
    assert duty["fulfilled_on"] == "2024-04-12"


async def test_an_upload_repeated_with_its_key_has_its_answer_where_another_town_answers_by_now(
    desk: Desk,
) -> None:
    household = await desk.household()
    upload, key = body(household), str(new_id())
    first = await desk.post(upload, key)
    await desk.tell(told(replace(MOVED, effective_on=date(2024, 4, 10)), household))

    async def refused() -> bool:
        return (await desk.post(upload)).status_code == 403

    await eventually(refused)
    again = await desk.post(upload, key)
    assert (again.status_code, again.content) == (201, first.content)
    assert (await desk.post({**upload, "mode": "PHONE"}, key)).status_code == 403

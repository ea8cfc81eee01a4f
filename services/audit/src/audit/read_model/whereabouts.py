"""Which households there are, and where: kept with each batch of events, or computed from the timeline.

A household is where the last event of its own stream, `household-…`, says. Others may hear late of a move,
and go on recording events in the area where the household was. If it has no such event, its last event in
order says where it is.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from common.incoming import Incoming
from common.intents import Connection
from contracts.envelope import Envelope

Listing = Callable[[Connection, Sequence[Incoming]], Awaitable[None]]


def listing(schema: str) -> Listing:
    """Puts the households of a batch into the list of `schema`, in one statement."""
    upsert = _UPSERT.format(schema=schema)

    async def put(connection: Connection, items: Sequence[Incoming]) -> None:
        last: dict[UUID, Envelope] = {}
        recorded: dict[UUID, datetime] = {}
        count: dict[UUID, int] = {}
        for item in items:
            event = item.event
            if event is None or event.household_id is None:
                continue
            household = event.household_id
            count[household] = count.get(household, 0) + 1
            recorded[household] = max(recorded.get(household, event.recorded_at), event.recorded_at)
            if household not in last or _telling(event) > _telling(last[household]):
                last[household] = event
        if last:
            events = last.values()
            await connection.execute(
                upsert,
                list(last),
                [event.region for event in events],
                [count[household] for household in last],
                [recorded[household] for household in last],
                [event.service for event in events],
                [event.stream for event in events],
                [event.version for event in events],
            )

    return put


async def fill(connection: Connection, schema: str) -> None:
    """Make the list anew from the timeline of `schema`."""
    await connection.execute(f"truncate {schema}.households")
    await connection.execute(_FILL.format(schema=schema))


def _telling(event: Envelope) -> tuple[bool, tuple[Any, ...]]:
    """A value to compare events of a household by: the greatest says where it is."""
    if event.stream == f"household-{event.household_id}":
        return True, (event.version, event.service)
    return False, (event.recorded_at, event.service, event.stream, event.version)


_OWN = "stream = 'household-' || household_id"
_TELLING = f"""
    {_OWN} desc, case when {_OWN} then version end desc, case when {_OWN} then null else recorded_at end desc,
    service desc, stream desc, version desc
"""
# Order-free: the sum of the counts, the latest moment, and the region that the greatest tells.
_UPSERT = f"""
insert into {{schema}}.households as h
    (household_id, region, events, recorded_at, service, stream, version)
select * from unnest(
    $1::uuid[], $2::text[], $3::int[], $4::timestamptz[], $5::text[], $6::text[], $7::bigint[]
)
on conflict (household_id) do update set
    events = h.events + excluded.events,
    recorded_at = greatest(h.recorded_at, excluded.recorded_at),
    (region, service, stream, version) = (
        select t.region, t.service, t.stream, t.version
        from (values
            (h.household_id, h.region, h.recorded_at, h.service, h.stream, h.version),
            (h.household_id, excluded.region, excluded.recorded_at, excluded.service, excluded.stream,
                excluded.version)
        ) as t (household_id, region, recorded_at, service, stream, version)
        order by {_TELLING} limit 1
    )
"""
_FILL = f"""
insert into {{schema}}.households (household_id, region, events, recorded_at, service, stream, version)
select distinct on (key) household_id, region, count(*) over (partition by key),
    max(recorded_at) over (partition by key), service, stream, version
from {{schema}}.timeline where household_id is not null
order by key, {_TELLING}
"""

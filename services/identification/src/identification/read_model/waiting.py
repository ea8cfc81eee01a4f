"""Facts that wait for their person, or waited."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from common.intents import Connection, Fresh
from contracts.facts import UnmatchedFactParked, UnmatchedFactResolved
from identification import unmatched
from identification.domain.facts import content_of
from identification.read_model.facts import hashed


async def put(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Add facts that wait, and end the waiting of those that were resolved."""
    parked = [f for f in fresh if isinstance(f.payload, UnmatchedFactParked)]
    if parked:
        facts: list[UnmatchedFactParked] = [f.payload for f in parked]
        await connection.execute(
            _PARK,
            [f.fact_id for f in facts],
            [hashed(f).key for f in parked],
            [f.record_version for f in facts],
            [hashed(f).content for f in parked],
            [f.event.event_id for f in parked],
            [f.event.region for f in parked],
            [f.department for f in facts],
            [f.fact_type.value for f in facts],
            [f.reason.value for f in facts],
            [f.detected_on for f in facts],
            [f.received_on for f in facts],
        )
        indexes = [(f.payload.fact_id, i) for f in parked if (i := hashed(f).index)]
        if indexes:
            await unmatched.keep(connection, indexes)
    resolved = [f.payload for f in fresh if isinstance(f.payload, UnmatchedFactResolved)]
    if resolved:
        await connection.execute(
            _RESOLVE,
            [r.fact_id for r in resolved],
            [r.outcome.value for r in resolved],
            [r.resolved_on for r in resolved],
            [r.waited_days for r in resolved],
        )
        await unmatched.forget(connection, [r.fact_id for r in resolved])
    retracted = [f for f in fresh if _retracts(f.payload)]
    if retracted:
        await connection.execute(
            _RETRACTED,
            [f.payload.fact_id for f in retracted],
            [f.payload.record_version for f in retracted],
            [content_of(date.min, {}, [f.payload.reason]) for f in retracted],
            [f.event.event_id for f in retracted],
        )


def _retracts(payload: object) -> bool:
    return isinstance(payload, UnmatchedFactResolved) and payload.record_version is not None


_PARK = """
insert into read.unmatched (fact_id, fact_key, record_version, content, event_id, region, department,
    fact_type, reason, detected_on, received_on)
select * from unnest($1::uuid[], $2::bytea[], $3::int[], $4::bytea[], $5::uuid[], $6::text[],
    $7::text[], $8::text[], $9::text[], $10::date[], $11::date[])
"""
_RESOLVE = """
update read.unmatched u
set outcome = t.outcome, resolved_on = t.resolved_on, waited_days = t.waited_days
from unnest($1::uuid[], $2::text[], $3::date[], $4::int[])
    as t (fact_id, outcome, resolved_on, waited_days)
where u.fact_id = t.fact_id
"""


# A retraction is a version too: what is lower comes too late. It waits for nobody, and goes by its event.
_RETRACTED = """
insert into read.unmatched (fact_id, fact_key, record_version, content, event_id, region, department,
    fact_type, reason, detected_on, received_on, outcome, resolved_on)
select t.event_id, u.fact_key, t.version, t.content, t.event_id, u.region, u.department, u.fact_type,
    u.reason, u.detected_on, u.received_on, u.outcome, u.resolved_on
from unnest($1::uuid[], $2::int[], $3::bytea[], $4::uuid[]) as t (fact_id, version, content, event_id)
join read.unmatched u using (fact_id)
"""


async def replaced(connection: Connection, parked: Sequence[UUID]) -> list[UUID]:
    """The facts that still wait although a later version of their record waits too: nobody needs them any
    more."""
    rows = await connection.fetch(
        """
        select distinct before.fact_id
        from read.unmatched u join read.unmatched before using (fact_key)
        where u.fact_id = any($1::uuid[]) and before.record_version < u.record_version
            and before.outcome is null
        """,
        parked,
    )
    return [row["fact_id"] for row in rows]

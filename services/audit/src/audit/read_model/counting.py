"""What the county page counts, kept by household: its phase, the steps it has reached, its duties; and
what it is called by.

A household is counted anew when events were recorded of it since, or when services publish other
meanings: `counted` remembers how many events, and which meanings, its rows are made of. So hearing an
event costs nothing here, nothing can be missed, and reading sums up a few small tables. Whoever looks
counts the few households that changed, and waits for nobody who counts (`at_a_look`); a worker counts
the many, in a load of facts, after a rebuild or a new catalogue: a few at a time, and with a rest after
each few while something is heard, since a fact is to be on the timeline at once, and a number of the
county page may be some minutes old, if the page says so.
"""

import hashlib
import json
from asyncio import sleep
from collections.abc import Sequence
from time import monotonic
from typing import Final

import asyncpg
import structlog

from audit.meaning import declared
from audit.meaning.vocabulary import Vocabulary
from audit.read_model import called
from common.intents import Connection
from common.outage import AWAY
from common.service import Runtime

log = structlog.get_logger()

VERSION: Final = 6  # of the queries below: another number counts everything anew
MOST: Final = 2_000  # households that the worker looks up at once
AT_ONCE: Final = 100  # of which it counts so many in a transaction: a fiftieth of a second
AT_A_LOOK: Final = 100  # households that a look counts itself
EVERY: Final = 5.0  # seconds between looks of the worker
REST: Final = 3.0  # times as long as it counted, the worker rests
HEARING: Final = 1.0  # seconds since something was heard for which it does
LONGEST_ID: Final = 200  # characters of what tells a duty from another: an index takes only so much
ONE_AT_A_TIME: Final = 7_301_006  # advisory lock


async def at_a_look(pool: asyncpg.Pool, vocabulary: Vocabulary, region: str) -> int:
    """Count the few households that changed, unless somebody else is counting just now. How many still have
    to be counted."""
    return await count(pool, vocabulary, region, AT_A_LOOK)


async def count(pool: asyncpg.Pool, vocabulary: Vocabulary, region: str, most: int = MOST) -> int:
    """Count up to `most` changed households of an area, or none while somebody else counts; how many
    others wait to be counted."""
    rules = _rules(vocabulary)
    if rules is None:
        return 0
    async with pool.acquire() as connection, connection.transaction():
        free = await connection.fetchval("select pg_try_advisory_xact_lock($1)", ONE_AT_A_TIME)
        found = await connection.fetch(_CHANGED, region, rules, most if free else 1)
        if not found:
            return 0
        if not free:
            return int(found[0]["changed"])
        await _count(connection, vocabulary, rules, found)
    waiting: int = found[0]["changed"] - len(found)
    return waiting


async def _count(
    connection: Connection, vocabulary: Vocabulary, rules: int, found: Sequence[asyncpg.Record]
) -> None:
    """Count these households, each with the `region` and the number of `events` that it had just now: what
    is heard meanwhile counts again at the next look."""
    households = [row["household_id"] for row in found]
    regions = [row["region"] for row in found]
    events = [row["events"] for row in found]
    for table in ("steps", "duties"):
        await connection.execute(_FORGET.format(table=table), households)
    await connection.execute(
        _PHASE, households, *declared.stages(vocabulary), regions, events, rules
    )
    await connection.execute(_STEPS, households, *declared.steps(vocabulary), regions)
    await connection.execute(_DUTIES, households, *declared.moves(vocabulary), regions)
    await called.keep(connection, vocabulary, households)


async def keep_counted(runtime: Runtime, vocabulary: Vocabulary) -> None:
    """Count what has changed, for ever; a look costs one query while nothing was heard."""
    seen = None
    while True:
        try:
            heard, rules = await runtime.pool.fetchval(_HEARD), _rules(vocabulary)
            if (heard, rules) != seen:
                await _catch_up(runtime.pool, vocabulary, heard)
                seen = heard, rules
        except AWAY as error:
            log.warning("counting_interrupted", error=repr(error))
        await sleep(EVERY)


async def _catch_up(pool: asyncpg.Pool, vocabulary: Vocabulary, heard: int) -> None:
    """Count all that have changed, in the order of their ids, so that each has its turn. `heard` is what
    was heard just now: while more is, counting takes a part of the time only."""
    last, after = monotonic(), None
    while (rules := _rules(vocabulary)) is not None:
        changed = [row["household_id"] for row in await pool.fetch(_NEXT, rules, after, MOST)]
        for n in range(0, len(changed), AT_ONCE):
            began = monotonic()
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute("select pg_advisory_xact_lock($1)", ONE_AT_A_TIME)
                found = await connection.fetch(_STILL, rules, changed[n : n + AT_ONCE])
                await _count(connection, vocabulary, rules, found)
            ended, now = monotonic(), await pool.fetchval(_HEARD)
            if now != heard:
                heard, last = now, ended
            if ended - last < HEARING:
                await sleep(REST * (ended - began))
        if len(changed) < MOST:
            return
        after = changed[-1]


def _rules(vocabulary: Vocabulary) -> int | None:
    """A number that stands for what services have declared; `None` before anything is known of it."""
    if not len(vocabulary):
        return None
    declarations = (declared.stages, declared.steps, declared.moves)
    rules = [sorted(zip(*of(vocabulary), strict=True)) for of in declarations]
    name = called.first(vocabulary)
    named = sorted(zip(*declared.touching(vocabulary, [name]), strict=True))
    digest = hashlib.sha256(json.dumps([VERSION, rules, name, named]).encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


_HEARD = "select coalesce(sum(next), 0)::bigint from es.offsets"
_CHANGED = """
select h.household_id, h.region, h.events, count(*) over () as changed
from read.households h left join read.counted c using (household_id)
where h.region >= $1 and h.region < $1 || ':'
    and (c.events, c.rules) is distinct from (h.events, $2::bigint)
limit $3
"""
_NEXT = """
select h.household_id from read.households h left join read.counted c using (household_id)
where ($2::uuid is null or h.household_id > $2)
    and (c.events, c.rules) is distinct from (h.events, $1::bigint)
order by h.household_id limit $3
"""
_STILL = """
select h.household_id, h.region, h.events
from read.households h left join read.counted c using (household_id)
where h.household_id = any($2) and (c.events, c.rules) is distinct from (h.events, $1::bigint)
"""
_FORGET = "delete from read.{table} where household_id = any($1::uuid[])"

# Codes, ids and dates are ASCII, so a payload may be read as Latin-1, which never fails; what is no
# JSON is null, and so is what Postgres might find too deep: that would be no null, but an error.
_TEXT = "convert_from(t.data, 'LATIN1')"
_DOC = f"""case when position('\\x00'::bytea in t.data) = 0 then
    case when length({_TEXT}) - length(translate({_TEXT}, '[{{', '')) <= 1000 then
        case when pg_input_is_valid({_TEXT}, 'jsonb') then {_TEXT}::jsonb end end end"""
_DAY = "(t.occurred_at at time zone 'Asia/Shanghai')::date"
_EVENTS = """from read.timeline t join rule r using (service, type, schema_version)
    where t.key = any($1::uuid[]::text[])"""

_PHASE = f"""
with rule as (
    select * from unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::bool[])
        as r (service, type, schema_version, wanted, phase, as_told)
), latest as (
    select distinct on (t.household_id) t.household_id, r.phase
    {_EVENTS} and (r.wanted = '{{}}' or {_DOC} @> r.wanted::jsonb)
    order by t.household_id, r.as_told, case when not r.as_told then t.occurred_at end desc,
        t.recorded_at desc, t.service desc, t.stream desc, t.version desc
)
insert into read.counted (household_id, region, events, rules, phase)
select household_id, a.region, a.events, $10, nullif(latest.phase, '')
from unnest($1::uuid[], $8::text[], $9::int[]) as a (household_id, region, events)
    left join latest using (household_id)
on conflict (household_id) do update set
    (region, events, rules, phase) = (excluded.region, excluded.events, excluded.rules, excluded.phase)
"""

# Round 0 says that a step was reached. A time between two steps is that from the first event of the
# earlier to the first of the later one; a household that goes through twice has two rounds.
_STEPS = f"""
with rule as (
    select * from unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::int[])
        as r (service, type, schema_version, step, rank)
), found as (
    select t.household_id, r.rank, t.occurred_at, t.recorded_at, {_DAY} as day {_EVENTS}
), pairs as (
    select n, rank, household_id, day, count(*) filter (where rank = n + 1) over (
        partition by n, household_id order by occurred_at, recorded_at, rank
        rows between unbounded preceding and 1 preceding) as round
    from found join generate_series(1, 3) as pair (n) on rank in (n, n + 1)
), spans as (
    select household_id, n + 1 as rank, round + 1 as round,
        min(day) filter (where rank = n + 1) - min(day) filter (where rank = n) as days
    from pairs group by n, household_id, round
)
insert into read.steps (household_id, region, rank, round, days)
select household_id, a.region, rank, round, days
from (
    select distinct household_id, rank, 0 as round, null::int as days from found
    union all select household_id, rank, round, days from spans where days >= 0
) as each join unnest($1::uuid[], $7::text[]) as a (household_id, region) using (household_id)
"""

# As on the page of a household (`audit.meaning.deadlines`): a duty that is opened again while it is open stays what
# it was opened as first; one that ended may be reopened, and its last end counts; one that was cancelled is none.
# It is with the area where the household was when it was done or, sooner, had to be, so that a
# breach has one owner. From where the household has moved since, its own stream says, as it says where it is
# (`whereabouts`). That is read once, not for each duty.
_RECORDED = "recorded_at, service, stream, version"
_DUTIES = f"""
with rule as (
    select * from unnest(
            $2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[])
        as r (service, type, schema_version, id, due, wanted, move)
), moved as (
    select household_id, recorded_at, service, stream, version, day, move,
        move in ('closes', 'cancels') as ends,
        service || '.' || type || '.v' || schema_version as kind,
        left(coalesce(doc #>> string_to_array(id, '.'), id), {LONGEST_ID}) as id,
        case when doc #>> string_to_array(due, '.') ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$'
            and pg_input_is_valid(doc #>> string_to_array(due, '.'), 'date')
            then (doc #>> string_to_array(due, '.'))::date end as due_on
    from (
        select t.household_id, t.recorded_at, t.service, t.stream, t.version, t.type,
            t.schema_version, r.id, r.due, r.wanted, r.move, {_DAY} as day, {_DOC} as doc {_EVENTS}
    ) as each where wanted = '{{}}' or doc @> wanted::jsonb
), rounds as (
    select *, count(*) filter (where ends) over (
        partition by household_id, id order by {_RECORDED}, ends desc
        rows between unbounded preceding and 1 preceding) as round
    from moved
), spells as (
    select household_id, id, round,
        (array_agg(kind order by {_RECORDED}) filter (where not ends))[1] as kind,
        (array_agg(due_on order by {_RECORDED}) filter (where not ends))[1] as due_on,
        (array_agg(move order by {_RECORDED}) filter (where not ends))[1] = 'reopens' as again,
        min(day) filter (where ends) as ended_on, bool_or(move = 'cancels') as cancelled
    from rounds group by household_id, id, round having bool_or(not ends)
), duties as (
    select *, count(*) filter (where not again) over (
        partition by household_id, id order by round) as nth from spells
), before as materialized (
    select household_id, version, until, region from (
        select t.household_id, t.version, {_DAY} as until, t.region as moved_to,
            lag(t.region) over (partition by t.key order by t.version, t.service) as region
        from read.timeline t where t.key = any($1::uuid[]::text[]) and t.stream = 'household-' || t.key
    ) as each where region <> moved_to
)
insert into read.duties (household_id, region, id, round, kind, due_on, closed_on)
select household_id, coalesce((
        select region from before where before.household_id = each.household_id
            and until > least(each.due_on, each.closed_on) order by until, version limit 1
    ), a.region), id, nth, kind, due_on, closed_on
from (
    select household_id, id, nth, (array_agg(kind order by round))[1] as kind,
        (array_agg(due_on order by round))[1] as due_on, (array_agg(ended_on order by round desc))[1] as closed_on
    from duties group by household_id, id, nth having not (array_agg(cancelled order by round desc))[1]
) as each join unnest($1::uuid[], $9::text[]) as a (household_id, region) using (household_id)
"""

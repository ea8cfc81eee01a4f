"""The event store: load, decide, append, project, in one transaction and a fixed number of statements.

`record` does it for many commands at once; a single command is a batch of one (`common.writer`).
Guarantees, by the unique `(stream, version)`: of two writers one wins and the other's intent comes
back as `Conflict`, while its neighbours in the batch are recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from common.codec import encode, schema_version_of
from common.decider import Refused
from common.ids import new_id
from common.intents import (
    Conflict,
    Connection,
    Fresh,
    Intent,
    Key,
    KeyReused,
    Outcome,
    Recorded,
    Store,
    receipt,
)
from contracts.envelope import ZERO_HASH, Envelope, sealed

# Bytes of a payload. A broker takes 1 MiB; more would stand at the head of the outbox for ever.
MAX_DATA = 512 * 1024


@dataclass(slots=True)
class _Stream:
    state: Any
    version: int = 0
    hash: bytes = ZERO_HASH
    recorded_at: datetime | None = None


async def known(pool: asyncpg.Pool, key: Key) -> Recorded | None:
    """What was answered to this request under its key, if it was recorded."""
    row = await pool.fetchrow(_STORED, key.client, key.value, key.fingerprint)
    return Recorded(row["answer"], replayed=True) if row else None


_STORED = "select answer from es.idempotency where client = $1 and key = $2 and fingerprint = $3"


async def record(connection: Connection, store: Store, intents: Sequence[Intent]) -> list[Outcome]:
    """Decide every intent and append what they decide, in the caller's transaction.

    Intents of one stream see one another's events, in the order given. Returns an outcome for each,
    in the same order; raises only what is not the fault of one intent (`asyncpg` errors).
    """
    now, answered, streams = await _load(connection, store, intents)
    outcomes: list[Outcome] = []
    fresh: list[Fresh] = []
    keys: list[tuple[Key, bytes, str | None]] = []
    depends: list[str | None] = []  # the stream whose race decides whether the outcome stands
    moved: set[str] = set()  # streams with events that are not yet appended
    for intent in intents:
        key, stream = intent.key, streams[intent.stream]
        # A refusal or an empty answer stands on what it saw: if that loses its race, it falls too.
        depends.append(intent.stream if intent.stream in moved else None)
        if key and (known := answered.get((key.client, key.value))):
            same = known[0] == key.fingerprint
            outcomes.append(Recorded(known[1], replayed=True) if same else KeyReused(key.value))
            depends[-1] = known[2]
            continue
        if intent.expected_version not in (None, stream.version):
            outcomes.append(Refused("version-moved-on", version=stream.version))
            continue
        try:
            payloads = intent.decider.decide(intent.command, stream.state)
            encoded = [encode(payload) for payload in payloads]
            if any(len(data) > MAX_DATA for data in encoded):
                raise Refused("event-too-large", limit=MAX_DATA)
        except Refused as refusal:
            outcomes.append(refusal)
            continue
        events = []
        for payload, data in zip(payloads, encoded, strict=True):
            event = _sealed(store, intent, stream, payload, data, now)
            events.append(event)
            fresh.append(Fresh(event, payload, stream.state, intent.private))
        if events:
            moved.add(intent.stream)
            depends[-1] = intent.stream
        answer = receipt(events)
        if key:
            answered[key.client, key.value] = (key.fingerprint, answer, depends[-1])
            keys.append((key, answer, depends[-1]))
        outcomes.append(Recorded(answer, False, tuple(events), stream.version))
    if not fresh and not keys:
        return outcomes
    won = await _append(connection, [item.event for item in fresh], keys)
    kept = [item for item in fresh if item.event.stream in won]
    if kept:
        await store.project(connection, kept)
    return [
        outcome if stream is None or stream in won else Conflict(stream)
        for outcome, stream in zip(outcomes, depends, strict=True)
    ]


# All that a decision needs, in one round trip: the database's time (with those keys that were answered
# before), the events of streams that are folded, the heads of the others.
_LOAD = """
select null collate "C" as stream, null::bigint as version, null as type,
    null::smallint as schema_version, null::bytea as data, null::bytea as hash,
    clock_timestamp() as recorded_at, i.client, i.key, i.fingerprint, i.answer
from (select 1) as one
left join (
    select i.* from es.idempotency i
    join unnest($1::text[], $2::text[]) as asked (client, key) using (client, key)
) as i on true
union all
select stream, version, type, schema_version, data, hash, recorded_at, null, null, null, null
from es.events where stream = any($3::text[])
union all
select head.stream, head.version, null, null, null, head.hash, head.recorded_at, null, null, null, null
from unnest($4::text[]) as asked (stream)
cross join lateral (
    select stream, version, hash, recorded_at from es.events e
    where e.stream = asked.stream order by version desc limit 1
) as head
order by stream, version
"""
_Answered = dict[tuple[str, str], tuple[bytes, bytes, str | None]]


async def _load(
    connection: Connection, store: Store, intents: Sequence[Intent]
) -> tuple[datetime, _Answered, dict[str, _Stream]]:
    """The database's time, the stored answers of those keys that were answered before, and every stream
    that the intents name: folded, or only its head where a decision needs no state."""
    keys = [intent.key for intent in intents if intent.key]
    deciders = {intent.stream: intent.decider for intent in intents}
    streams = {name: _Stream(decider.initial) for name, decider in deciders.items()}
    rows = await connection.fetch(
        _LOAD,
        [key.client for key in keys],
        [key.value for key in keys],
        [name for name, decider in deciders.items() if not decider.stateless],
        [name for name, decider in deciders.items() if decider.stateless],
    )
    answered: _Answered = {}
    for row in rows:
        name, type, recorded_at = row["stream"], row["type"], row["recorded_at"]
        if name is None:
            now = recorded_at
            if row["key"] is not None:
                answered[row["client"], row["key"]] = (row["fingerprint"], row["answer"], None)
            continue
        stream = streams[name]
        if type is not None:
            payload = store.codec.decode(type, row["schema_version"], row["data"])
            stream.state = deciders[name].evolve(stream.state, payload)
        stream.version, stream.hash, stream.recorded_at = row["version"], row["hash"], recorded_at
    return now, answered, streams


def _sealed(
    store: Store, intent: Intent, stream: _Stream, payload: Any, data: bytes, now: datetime
) -> Envelope:
    """The payload as the stream's next event; moves the stream on.

    `recorded_at` never runs back inside a stream, even if the database's clock was set back.
    """
    context = intent.context
    stream.recorded_at = max(now, stream.recorded_at or now)
    event = sealed(
        Envelope(
            event_id=new_id(),
            service=store.service,
            type=type(payload).__name__,
            schema_version=schema_version_of(type(payload)),
            stream=intent.stream,
            version=stream.version + 1,
            household_id=intent.household_id,
            occurred_at=context.occurred_at,
            recorded_at=stream.recorded_at,
            actor=context.actor,
            region=context.region,
            policy_version=context.policy_version,
            correlation_id=context.correlation_id,
            causation_id=context.causation_id,
            classification=context.classification,
            traceparent=context.traceparent,
            data=data,
            prev_hash=stream.hash,
        )
    )
    stream.state = intent.decider.evolve(stream.state, payload)
    stream.version, stream.hash = event.version, event.hash
    return event


_COLUMNS = (
    "stream, version, event_id, type, schema_version, household_id, occurred_at, recorded_at, actor, "
    "region, policy_version, correlation_id, causation_id, classification, traceparent, data, "
    "prev_hash, hash"
)
# The first event of each stream takes the race for (stream, version); the rest of the stream
# follows only where it won, so a loser leaves no hole and costs its neighbours nothing.
_APPEND = f"""
with incoming as (
    select * from unnest(
        $1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::smallint[], $6::uuid[],
        $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::uuid[],
        $13::uuid[], $14::text[], $15::text[], $16::bytea[], $17::bytea[], $18::bytea[], $19::bool[]
    ) with ordinality as t ({_COLUMNS}, first, nth)
), firsts as (
    insert into es.events ({_COLUMNS})
    select {_COLUMNS} from incoming where first order by nth
    on conflict (stream, version) do nothing
    returning position, stream
), rest as (
    insert into es.events ({_COLUMNS})
    select {_COLUMNS} from incoming join firsts using (stream) where not first order by nth
    returning position
), tickets as (
    insert into es.outbox (position) select position from firsts union all select position from rest
), answers as (
    insert into es.idempotency (client, key, fingerprint, status, answer)
    select k.client, k.key, k.fingerprint, 201, k.answer
    from unnest($20::text[], $21::text[], $22::bytea[], $23::bytea[], $24::text[])
        as k (client, key, fingerprint, answer, stream)
    where k.stream is null or k.stream in (select stream from firsts)
)
select stream from firsts
"""


async def _append(
    connection: Connection,
    events: Sequence[Envelope],
    keys: Sequence[tuple[Key, bytes, str | None]],
) -> set[str]:
    """Insert events, tickets and answers in one statement; the streams that won their race."""
    actors: dict[int, str] = {}
    head = {e.stream: e.version for e in reversed(events)}
    first = [e.version == head[e.stream] for e in events]
    rows = await connection.fetch(
        _APPEND,
        [e.stream for e in events],
        [e.version for e in events],
        [e.event_id for e in events],
        [e.type for e in events],
        [e.schema_version for e in events],
        [e.household_id for e in events],
        [e.occurred_at for e in events],
        [e.recorded_at for e in events],
        [
            actors.get(id(e.actor)) or actors.setdefault(id(e.actor), encode(e.actor).decode())
            for e in events
        ],
        [e.region for e in events],
        [e.policy_version for e in events],
        [e.correlation_id for e in events],
        [e.causation_id for e in events],
        [e.classification for e in events],
        [e.traceparent for e in events],
        [e.data for e in events],
        [e.prev_hash for e in events],
        [e.hash for e in events],
        first,
        [key.client for key, _, _ in keys],
        [key.value for key, _, _ in keys],
        [key.fingerprint for key, _, _ in keys],
        [answer for _, answer, _ in keys],
        [stream for _, _, stream in keys],
    )
    return {row["stream"] for row in rows}

"""The event store: what is appended, what is refused, and what a repetition gets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

import asyncpg
import msgspec
import pytest

from common.codec import Codec
from common.decider import Decider, Refused
from common.eventstore import MAX_DATA, record
from common.intents import (
    Connection,
    Fresh,
    Intent,
    Key,
    KeyReused,
    Outcome,
    Recorded,
    Store,
    accepted,
    fingerprint,
)
from common.rows import from_row
from common.testing import TALLIES, TALLY, adding, household
from contracts.envelope import ZERO_HASH, Envelope, chain_hash


@dataclass(frozen=True)
class Said:
    """An event with room for much."""

    text: str


async def recorded(pool: asyncpg.Pool, *intents: Intent, store: Store = TALLIES) -> list[Outcome]:
    async with pool.acquire() as connection, connection.transaction():
        return await record(connection, store, intents)


async def events(pool: asyncpg.Pool, stream: str | None = None) -> list[Envelope]:
    rows = await pool.fetch(
        "select * from es.events where $1::text is null or stream = $1 order by position", stream
    )
    return [from_row("identification", row) for row in rows]


async def amounts(pool: asyncpg.Pool, stream: str) -> list[int]:
    return [msgspec.json.decode(event.data)["amount"] for event in await events(pool, stream)]


async def test_versions_count_from_one_without_a_hole(pool: asyncpg.Pool) -> None:
    await recorded(pool, adding("a", 1, 2), adding("b", 5))
    await recorded(pool, adding("a", 3), adding("a", 4))

    assert [e.version for e in await events(pool, "a")] == [1, 2, 3, 4]
    assert await amounts(pool, "a") == [1, 2, 3, 4]
    assert [e.version for e in await events(pool, "b")] == [1]


async def test_the_hash_chain_is_continuous_and_can_be_recomputed(pool: asyncpg.Pool) -> None:
    policy = replace(adding("a", 1, 2, 3).context, policy_version="heping-2024", traceparent="00-x")
    await recorded(pool, adding("a", 1, 2, 3, context=policy, household_id=household(1)))
    await recorded(pool, adding("a", 4))

    chain = await events(pool, "a")
    assert chain[0].prev_hash == ZERO_HASH
    assert all(later.prev_hash == earlier.hash for earlier, later in pairwise(chain))
    assert all(chain_hash(event) == event.hash for event in chain)
    assert chain[0].policy_version == "heping-2024"
    assert chain[0].household_id == household(1)


async def test_positions_rise_with_versions_in_every_stream_of_a_batch(pool: asyncpg.Pool) -> None:
    await recorded(pool, *(adding(f"s{n % 40}", 1, 1, 1) for n in range(160)))

    seen: dict[str, int] = {}
    for event in await events(pool):  # in the order in which they are published
        assert event.version == seen.get(event.stream, 0) + 1
        seen[event.stream] = event.version
    assert set(seen.values()) == {12}


async def test_intents_of_one_batch_see_one_another(pool: asyncpg.Pool) -> None:
    first, second = await recorded(pool, adding("a", 900), adding("a", 200))

    assert isinstance(first, Recorded)
    assert isinstance(second, Refused)
    assert second.details == {"total": 900}


async def test_a_refusal_costs_its_neighbours_nothing(pool: asyncpg.Pool) -> None:
    outcomes = await recorded(pool, adding("a", 1), adding("b", 2_000), adding("c", 1))

    assert [type(outcome) for outcome in outcomes] == [Recorded, Refused, Recorded]
    assert [e.stream for e in await events(pool)] == ["a", "c"]


async def test_every_event_has_a_ticket(pool: asyncpg.Pool) -> None:
    await recorded(pool, adding("a", 1, 2), adding("b", 3))

    tickets = await pool.fetch("select position from es.outbox order by 1")
    positions = await pool.fetch("select position from es.events order by 1")
    assert tickets == positions
    assert len(tickets) == 3


async def test_an_event_that_no_topic_would_take_is_refused_and_its_neighbours_are_not(
    pool: asyncpg.Pool,
) -> None:
    """Once recorded, it would stand at the head of the outbox for ever."""
    verbose: Decider[int, int, Said] = Decider(
        0, lambda n, _: [Said("short"), Said("x" * n)], lambda n, _: n
    )
    wordy = replace(TALLIES, codec=Codec.of(Said))
    fits = replace(adding("fits"), decider=verbose, command=MAX_DATA - 20)
    exceeds = replace(adding("exceeds"), decider=verbose, command=MAX_DATA)

    outcomes = await recorded(pool, exceeds, fits, store=wordy)

    assert [type(outcome) for outcome in outcomes] == [Refused, Recorded]
    assert {e.stream for e in await events(pool)} == {"fits"}


async def test_a_transaction_that_fails_leaves_nothing(pool: asyncpg.Pool) -> None:
    async def broken(_: Connection, __: Sequence[Fresh]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await recorded(pool, adding("a", 1, key="k"), store=replace(TALLIES, project=broken))
    for table in ("events", "outbox", "idempotency"):
        assert await pool.fetchval(f"select count(*) from es.{table}") == 0


async def test_the_projection_sees_the_state_after_each_event_and_what_is_private(
    pool: asyncpg.Pool,
) -> None:
    seen: list[tuple[int, object]] = []

    async def project(_: Connection, fresh: Sequence[Fresh]) -> None:
        seen.extend((item.state, item.private) for item in fresh)

    await recorded(
        pool, adding("a", 2, 3, private="vault"), store=replace(TALLIES, project=project)
    )

    assert seen == [(2, "vault"), (5, "vault")]


# Idempotency


async def test_the_same_key_and_request_get_the_first_answer(pool: asyncpg.Pool) -> None:
    (first,) = await recorded(pool, adding("a", 1, key="k"))
    (again,) = await recorded(pool, adding("a", 1, key="k"))

    assert isinstance(first, Recorded)
    assert again == Recorded(first.answer, replayed=True)
    assert await amounts(pool, "a") == [1]


async def test_the_same_key_for_another_request_is_refused(pool: asyncpg.Pool) -> None:
    await recorded(pool, adding("a", 1, key="k"))
    (again,) = await recorded(pool, adding("a", 2, key="k"))

    assert isinstance(again, KeyReused)
    assert await amounts(pool, "a") == [1]


async def test_a_key_twice_in_one_batch_is_one_request(pool: asyncpg.Pool) -> None:
    first, same, other = await recorded(
        pool, adding("a", 1, key="k"), adding("a", 1, key="k"), adding("a", 2, key="k")
    )

    assert isinstance(first, Recorded)
    assert same == Recorded(first.answer, replayed=True)
    assert isinstance(other, KeyReused)
    assert await amounts(pool, "a") == [1]


async def test_keys_of_two_clients_do_not_meet(pool: asyncpg.Pool) -> None:
    mine = adding("a", 1, key="k")
    yours = replace(mine, key=Key("jiaoyu", "k", b"another"))

    assert [type(o) for o in await recorded(pool, mine, yours)] == [Recorded, Recorded]


async def test_a_request_that_changed_nothing_is_remembered_too(pool: asyncpg.Pool) -> None:
    (first,) = await recorded(pool, adding("a", 0, key="k"))
    (again,) = await recorded(pool, adding("a", 0, key="k"))

    assert isinstance(first, Recorded)
    assert first.answer == b'{"events":[]}'
    assert again == Recorded(first.answer, replayed=True)


async def test_a_refused_request_may_be_tried_again_with_its_key(pool: asyncpg.Pool) -> None:
    (refused,) = await recorded(pool, adding("a", 2_000, key="k"))
    (again,) = await recorded(pool, adding("a", 1, key="k"))

    assert isinstance(refused, Refused)
    assert isinstance(again, Recorded)


async def test_two_connections_with_one_key_record_it_once(db: object, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as one, pool.acquire() as two:
        late = two.transaction()
        await late.start()
        async with one.transaction():
            await record(one, TALLIES, [adding("a", 1, key="k")])
        # What `two` knew before is not what counts: the key is unique in the database.
        (again,) = await record(two, TALLIES, [adding("b", 1, key="k")])
        await late.commit()

    assert isinstance(again, Recorded)
    assert again.replayed
    assert await amounts(pool, "b") == []


# If-Match


@pytest.mark.parametrize(("expected", "kept"), [(0, False), (1, True), (2, False)])
async def test_an_expected_version_is_exact(pool: asyncpg.Pool, expected: int, kept: bool) -> None:
    await recorded(pool, adding("a", 1))
    (outcome,) = await recorded(pool, adding("a", 2, expected_version=expected))

    assert isinstance(outcome, Recorded) == kept
    if isinstance(outcome, Refused):
        assert (outcome.code, outcome.details) == ("version-moved-on", {"version": 1})


async def test_an_expected_version_of_zero_wants_a_new_stream(pool: asyncpg.Pool) -> None:
    assert isinstance((await recorded(pool, adding("a", 1, expected_version=0)))[0], Recorded)


async def test_the_second_of_two_with_one_expected_version_is_refused(pool: asyncpg.Pool) -> None:
    first, second = await recorded(
        pool, adding("a", 1, expected_version=0), adding("a", 2, expected_version=0)
    )

    assert isinstance(first, Recorded)
    assert isinstance(second, Refused)


# Time


async def test_recorded_at_never_runs_back_inside_a_stream(pool: asyncpg.Pool) -> None:
    await recorded(pool, adding("a", 1))
    (ahead,) = await events(pool, "a")
    future = ahead.recorded_at + timedelta(hours=1)  # as if the database's clock was set back since
    await pool.execute(
        """insert into es.events (stream, version, event_id, type, schema_version, occurred_at,
            recorded_at, actor, region, correlation_id, classification, data, prev_hash, hash)
        select stream, 2, gen_random_uuid(), type, 1, occurred_at, $1, actor, region,
            correlation_id, classification, data, hash, hash from es.events""",
        future,
    )
    await recorded(pool, adding("a", 2, 3))

    times = [event.recorded_at for event in await events(pool, "a")]
    assert times == sorted(times)
    assert times[2:] == [future, future]


async def test_recorded_at_is_the_databases_time_to_the_microsecond(pool: asyncpg.Pool) -> None:
    before = await pool.fetchval("select clock_timestamp()")
    await recorded(pool, adding("a", 1))
    after = await pool.fetchval("select clock_timestamp()")

    (event,) = await events(pool)
    assert before <= event.recorded_at <= after


# Decisions that need no history


async def test_a_stateless_decider_loads_only_the_head(pool: asyncpg.Pool) -> None:
    facts = replace(TALLY, stateless=True)
    await recorded(pool, adding("fact", 900, decider=facts))
    (outcome,) = await recorded(pool, adding("fact", 900, decider=facts))
    (refused,) = await recorded(pool, adding("fact", 900))

    assert isinstance(outcome, Recorded)
    assert isinstance(refused, Refused)  # with its history
    chain = await events(pool, "fact")
    assert [e.version for e in chain] == [1, 2]
    assert chain[1].prev_hash == chain[0].hash


async def test_a_reaction_raises_what_was_not_recorded(pool: asyncpg.Pool) -> None:
    outcomes = await recorded(pool, adding("a", 1), adding("b", 2_000))

    accepted(outcomes[:1])
    with pytest.raises(Refused, match="full"):
        accepted(outcomes)


def test_a_fingerprint_keeps_its_parts_apart() -> None:
    assert fingerprint(b"ab", b"c") != fingerprint(b"a", b"bc")
    assert fingerprint(b"ab") == fingerprint(b"ab")


async def test_people_with_a_prompt_read_the_payload_as_json(pool: asyncpg.Pool) -> None:
    await recorded(pool, adding("a", 7))

    assert await pool.fetchval("select data ->> 'amount' from es.readable") == "7"
    assert await pool.fetchval("select actor ->> 'department' from es.readable") == "yibao"

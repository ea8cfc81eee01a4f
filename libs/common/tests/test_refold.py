"""A read model is folded anew from the events, beside the one that serves (A73)."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from sqlalchemy import BigInteger, Column, Index, MetaData, Table, Text

from common import refold as folding
from common.eventstore import record
from common.intents import Connection, Fresh, Intent, Recorded
from common.refold import ReadModel, Unsettled, batches, refold
from common.testing import TALLIES, TALLY, Database, adding, household

TABLES = MetaData(schema="read")
Table(
    "tally",
    TABLES,
    Column("stream", Text, primary_key=True),
    Column("total", BigInteger, nullable=False),
    Index("tally_by_total", "total"),
)
Table("heard", TABLES, Column("stream", Text, primary_key=True))


async def fold(connection: Connection, fresh: Sequence[Fresh]) -> None:
    totals = {f.event.stream: f.state for f in fresh}
    await connection.execute(
        "insert into read.tally select * from unnest($1::text[], $2::bigint[]) "
        "on conflict (stream) do update set total = excluded.total",
        list(totals),
        list(totals.values()),
    )


STORE = replace(TALLIES, project=fold)
MODEL = ReadModel(
    "identification", TALLIES.codec, TABLES, fold, {"t-": TALLY}, heard=frozenset({"heard"})
)


@pytest.fixture
async def tables(pool: asyncpg.Pool) -> asyncpg.Pool:
    """Tables that serve, made by the service's role, with what was heard from others."""
    await pool.execute(
        "create schema read; create table read.tally (stream text primary key, total bigint not null);"
        "create table read.heard (stream text primary key); insert into read.heard values ('x')"
    )
    return pool


async def recorded(pool: asyncpg.Pool, *intents: Intent) -> None:
    async with pool.acquire() as connection, connection.transaction():
        outcomes = await record(connection, STORE, intents)
    assert all(isinstance(outcome, Recorded) for outcome in outcomes)


async def totals(pool: asyncpg.Pool) -> dict[str, int]:
    return {r["stream"]: r["total"] for r in await pool.fetch("select * from read.tally")}


def said(_: str) -> None:
    """Nobody listens."""


async def test_damaged_tables_are_as_the_events_say_again(
    tables: asyncpg.Pool, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "READ", 7)
    for n in range(20):
        await recorded(tables, adding(f"t-{n % 3}", 1, 2), adding("t-all", 1))
    whole = await totals(tables)
    assert whole == {"t-0": 21, "t-1": 21, "t-2": 18, "t-all": 20}
    same = await refold(db.url, MODEL, said)
    assert (same.events, same.differs) == (60, {})

    await tables.execute(
        "delete from read.tally where stream = 't-0'; update read.tally set total = 5"
    )
    for swap in (False, True):
        found = await refold(db.url, MODEL, said, swap=swap)
        assert found.differs == {"tally": (3, 4)}
        assert (await totals(tables) == whole) is swap
    assert await tables.fetchval("select stream from read.heard") == "x"
    assert await tables.fetchval("select to_regclass('read.tally_by_total')")
    assert await tables.fetchval("select to_regnamespace('read_previous')") is None
    await recorded(tables, adding("t-0", 1))
    assert (await totals(tables))["t-0"] == 22


async def test_a_state_that_was_let_go_is_folded_again(
    tables: asyncpg.Pool, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "STATES", 0)
    monkeypatch.setattr(folding, "BATCH", 2)
    for _ in range(3):
        await recorded(tables, adding("t-a", 1, 2), adding("t-b", 1, 2, 3))
    assert (await refold(db.url, MODEL, said)).differs == {}


async def test_what_is_recorded_meanwhile_is_in_the_new_tables(
    tables: asyncpg.Pool, db: Database
) -> None:
    """Commands go on, wait while nobody may write, and find the tables that serve then."""
    done = False

    async def commands() -> int:
        count = 0
        while not done:
            await recorded(tables, adding("t-a", 1, household_id=household(1)))
            count += 1
        return count

    at_work = asyncio.ensure_future(commands())
    for _ in range(5):
        await refold(db.url, MODEL, said)
    done = True
    count = await at_work
    assert await totals(tables) == {"t-a": count}
    assert (await refold(db.url, MODEL, said, swap=False)).differs == {}


async def test_what_was_committed_behind_us_is_not_lost(tables: asyncpg.Pool, db: Database) -> None:
    async with tables.acquire() as slow:
        began = slow.transaction()
        await began.start()
        await record(slow, STORE, [adding("t-slow", 1)])
        await recorded(tables, adding("t-a", 1))

        async def behind(connection: Connection, fresh: Sequence[Fresh]) -> None:
            await fold(connection, fresh)
            if "t-a" in {f.event.stream for f in fresh}:
                await began.commit()

        with pytest.raises(Unsettled, match="try again"):
            await refold(db.url, replace(MODEL, fold=behind), said)
    assert await totals(tables) == {"t-slow": 1, "t-a": 1}
    await refold(db.url, MODEL, said)
    assert await totals(tables) == {"t-slow": 1, "t-a": 1}


async def test_a_table_that_had_another_shape_is_made_as_it_is_now(
    tables: asyncpg.Pool, db: Database
) -> None:
    await recorded(tables, adding("t-a", 1))
    await tables.execute("alter table read.tally rename column total to sum")
    assert (await refold(db.url, MODEL, said)).differs == {"tally": (1, 1)}
    assert await totals(tables) == {"t-a": 1}


async def test_tables_that_a_version_before_did_not_have_are_made(
    tables: asyncpg.Pool, db: Database
) -> None:
    await recorded(tables, adding("t-a", 1))
    await tables.execute("drop table read.tally, read.heard")
    found = await refold(db.url, MODEL, said, swap=False)
    assert (found.differs, found.reshaped) == ({"tally": (0, 1)}, [])
    assert await tables.fetchval("select to_regclass('read.heard')") is None
    await refold(db.url, MODEL, said)
    assert await totals(tables) == {"t-a": 1}
    assert await tables.fetchval("select count(*) from read.heard") == 0


async def test_another_shape_is_told_of_a_table_in_which_every_row_is_the_same(
    tables: asyncpg.Pool, db: Database
) -> None:
    """Else a check would say of an empty table, or of one without its index, that all is well."""
    found = await refold(db.url, MODEL, said)
    assert (found.differs, found.reshaped) == ({}, ["tally"])  # it had no tally_by_total
    found = await refold(db.url, MODEL, said, swap=False)
    assert (found.differs, found.reshaped) == ({}, [])
    await tables.execute("alter table read.tally drop column total")
    found = await refold(db.url, MODEL, said, swap=False)
    assert (found.differs, found.reshaped) == ({}, ["tally"])


async def test_two_rebuilds_do_not_run_at_once(tables: asyncpg.Pool, db: Database) -> None:
    await recorded(tables, adding("t-a", 1))
    two = await asyncio.gather(
        *(refold(db.url, MODEL, said) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in two) == ["Refolded", "Unsettled"]


def test_a_household_is_met_once_in_a_batch_unless_it_was_recorded_together() -> None:
    def row(stream: str, household_id: int | None = None) -> dict[str, Any]:
        return {"stream": stream, "household_id": household_id}

    a, b, other = row("a", 1), row("b", 1), row("c")
    assert list(batches([[a, b], [other], [a], [b, other]])) == [[a, b, other], [a], [b, other]]
    assert list(batches([[a], [other]], most=1)) == [[a], [other]]
    assert list(batches([])) == []


async def test_postgresql_knows_how_large_the_new_tables_are_while_they_grow(
    tables: asyncpg.Pool, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it keeps to the plan that it made for an empty table, and reads all of it for each batch."""
    monkeypatch.setattr(folding, "READ", 5)
    for n in range(40):
        await recorded(tables, adding(f"t-{n}", 1))
    await refold(db.url, MODEL, said)
    table = "'read.tally'::regclass"
    assert await tables.fetchval(f"select reltuples from pg_class where oid = {table}") == 40
    often = f"select analyze_count from pg_stat_all_tables where relid = {table}"
    # After 5, 10, 20 and 40 events, and at the end.
    assert await tables.fetchval(often) == 5

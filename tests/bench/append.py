"""Appending in-process: the writer beside raw rows, and beside what others have built."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice

import asyncpg

from common.ids import new_id
from common.intents import Intent, Recorded
from common.testing import Database, at_work
from common.writer import Writer
from tests.bench import others
from tests.bench.bench import Bench
from tests.bench.events import STORE, command
from tests.bench.figures import RATE, Figure
from tests.bench.others import WRITERS
from tests.bench.stores import MANY, ONE, columns, rows, store

HOT = 32  # streams of the variant in which writers meet
BATCH = 500


async def run(bench: Bench) -> None:
    """Both rows of the table, each against raw rows and against both peers."""
    if not bench.wants("append", "batch"):
        return
    print("Append, in-process")
    async with (
        bench.servers("append") as (given, _, _),
        store(given.postgres, bench.sizes.there) as database,
        others.installed(bench, given.postgres) as peers,
    ):
        if bench.wants("append"):
            await _single(bench, database, peers)
        if bench.wants("batch"):
            await _batches(bench, database, peers)


async def _single(bench: Bench, database: Database, peers: others.Peers) -> None:
    count = bench.sizes.append

    async def ours() -> float:
        return await _written(database, [command(_fresh(), [n]) for n in range(count)])

    async def hot() -> float:
        streams = [_fresh() for _ in range(HOT)]
        many = [command(streams[n % HOT], [n], stateless=True) for n in range(count)]
        return await _written(database, many)

    async def raw() -> float:
        return await _raw_single(database.url, count)

    sides = {"ours": ours, "raw": raw, f"ours on {HOT} streams": hot}
    found = await bench.compare(
        "one event a command, 32 writers", **sides, **peers.sides(1, bench.sizes.peers)
    )
    name, unit = "append, 32 writers, a stream each", RATE
    limit, against = found["raw"], "raw commits of one row, 32 connections"
    bench.found(
        Figure(name=name, value=found["ours"], unit=unit, against=against, limit=limit, share=0.7)
    )
    name, value = "append, 32 writers on 32 streams", found[f"ours on {HOT} streams"]
    bench.found(Figure(name=name, value=value, unit=unit, against=against, limit=limit, share=0.7))
    for other, share in ((others.EMMETT, 3.0), (others.EVENTSOURCING, 8.0)):
        if other in found:
            bench.found(
                Figure(
                    name=f"append, 32 writers, against {other}",
                    value=found["ours"],
                    unit=unit,
                    against=f"{other}, 32 writers",
                    limit=found[other],
                    share=share,
                )
            )


async def _batches(bench: Bench, database: Database, peers: others.Peers) -> None:
    count = bench.sizes.append * 2

    async def ours() -> float:
        whole = [command(_fresh(), range(n, n + BATCH)) for n in range(0, count, BATCH)]
        async with writing(database.url) as writer:
            started = time.perf_counter()
            for one in whole:
                await writer.execute(one)
            return len(whole) * BATCH / (time.perf_counter() - started)

    async def commands() -> float:
        many = iter([command(_fresh(), [n]) for n in range(count)])
        async with writing(database.url) as writer:
            started = time.perf_counter()
            while batch := list(islice(many, BATCH)):
                _all_recorded(await writer.execute_all(batch))
            return count / (time.perf_counter() - started)

    async def raw() -> float:
        return await raw_batches(database.url, rows(count))

    sides = {"ours": ours, "500 commands": commands, "raw": raw}
    found = await bench.compare(
        "500 events a batch, one writer", **sides, **peers.sides(BATCH, bench.sizes.append)
    )
    better = max(
        (other for other in found if other in others.NAMES), key=found.__getitem__, default=""
    )
    limit, against = found.get(better), f"{better}, 500 events of a stream a call"
    for name, side in (
        ("append, a command of 500 events", "ours"),
        ("append, 500 commands a batch", "500 commands"),
    ):
        bench.found(
            Figure(
                name=name,
                value=found[side],
                unit=RATE,
                against=against if better else "",
                limit=limit,
                share=1.0 if better else None,
            )
        )
        bench.found(
            Figure(
                name=f"{name}, against raw",
                value=found[side],
                unit=RATE,
                against="raw unnest, 500 rows a statement, one connection",
                limit=found["raw"],
            )
        )


@asynccontextmanager
async def writing(url: str) -> AsyncIterator[Writer]:
    """A writer at work, on a pool as a service has it."""
    async with asyncpg.create_pool(url, min_size=2, max_size=12) as pool:
        writer = Writer(pool, STORE)
        async with at_work(writer.run()):
            yield writer


async def _written(database: Database, commands: Sequence[Intent]) -> float:
    """Commands a second, by `WRITERS` callers that each wait for their answer."""
    waiting = iter(commands)

    async def caller() -> None:
        for one in waiting:
            await writer.execute(one)

    async with writing(database.url) as writer:
        started = time.perf_counter()
        await asyncio.gather(*(caller() for _ in range(WRITERS)))
        return len(commands) / (time.perf_counter() - started)


async def _raw_single(url: str, count: int) -> float:
    waiting = iter(rows(count))
    connections = await asyncio.gather(*(asyncpg.connect(url) for _ in range(WRITERS)))

    async def caller(connection: asyncpg.Connection) -> None:
        insert = await connection.prepare(ONE)
        for one in waiting:
            await insert.fetch(*one)

    started = time.perf_counter()
    await asyncio.gather(*(caller(connection) for connection in connections))
    seconds = time.perf_counter() - started
    await asyncio.gather(*(connection.close() for connection in connections))
    return count / seconds


async def raw_batches(url: str, whole: Sequence[Sequence[object]], connections: int = 1) -> float:
    """Rows a second: `MANY`, 500 rows a statement, a commit each."""
    waiting = iter(list(columns(whole)))
    made = await asyncio.gather(*(asyncpg.connect(url) for _ in range(connections)))

    async def caller(connection: asyncpg.Connection) -> None:
        for one in waiting:
            await connection.execute(MANY, *one)

    started = time.perf_counter()
    await asyncio.gather(*(caller(connection) for connection in made))
    seconds = time.perf_counter() - started
    await asyncio.gather(*(connection.close() for connection in made))
    return len(whole) / seconds


def _all_recorded(outcomes: Sequence[object]) -> None:
    assert all(isinstance(outcome, Recorded) for outcome in outcomes)


def _fresh() -> str:
    return f"facts-of-household-{new_id()}"

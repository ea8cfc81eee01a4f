"""Folds a service's read model anew from its own event store: `make rebuild SERVICE=identification`.

Every event goes once more, in the order of recording, through the projection that it went through when
it was recorded, into empty tables. These are compared with the tables that serve and take their place,
in one transaction: readers see the old ones until it is committed, and commands wait only while what
was recorded meanwhile is folded and compared. Nothing else happens: no rule runs, nothing is published
(A73). `--check` compares only. Needs DATABASE_URL.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import asyncpg
import uvloop
from sqlalchemy import MetaData, Table

from common.codec import Codec
from common.decider import Decider
from common.intents import Connection, Fresh, Project
from common.outage import AWAY
from common.rows import from_row
from common.settings import given
from common.shape import SCHEMA, differing, make, make_missing
from common.swapping import PREVIOUS, Tell, drop_previous, patiently, say

ONE_AT_A_TIME = 7_301_010  # advisory lock
READ = 5_000  # events of one query
BATCH = 1_000  # events of one fold
STATES = 20_000  # streams whose state is kept in memory


class Unsettled(Exception):
    """The tables cannot be folded at this moment. The text says why; those that serve are as they were."""


@dataclass(frozen=True, slots=True)
class ReadModel:
    """How the tables of a service follow from its own events.

    `fold` takes a batch into `tables`; it looks at the states of the streams whose names begin as
    `deciders` says. `heard` names the tables that follow from others' events: they stay as they are.
    """

    service: str
    codec: Codec
    tables: MetaData
    fold: Project
    deciders: Mapping[str, Decider[Any, Any, Any]]
    heard: frozenset[str] = frozenset()

    @property
    def own(self) -> list[Table]:
        """The tables that are folded."""
        return [t for t in self.tables.sorted_tables if t.name not in self.heard]

    def decider(self, stream: str) -> Decider[Any, Any, Any] | None:
        """Of a stream whose state the projection looks at."""
        return next((d for start, d in self.deciders.items() if stream.startswith(start)), None)


@dataclass(frozen=True, slots=True)
class Refolded:
    """How many events were folded, and the tables that came out otherwise: how many rows only the
    serving one had, and how many only the new one has. `reshaped` had other columns or indexes."""

    events: int
    differs: dict[str, tuple[int, int]]
    reshaped: list[str]


async def refold(url: str, model: ReadModel, tell: Tell, *, swap: bool = True) -> Refolded:
    """Fold, compare and, with `swap`, let the new tables serve. Raises `Unsettled`."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        if not await connection.fetchval("select pg_try_advisory_lock($1)", ONE_AT_A_TIME):
            raise Unsettled("another rebuild is at work on this database")
        await connection.execute(f"drop schema if exists {PREVIOUS} cascade")
        transaction = connection.transaction()
        await transaction.start()
        try:
            found = await _beside(connection, model, tell)
        except BaseException:
            await transaction.rollback()
            raise
        if not swap:
            await transaction.rollback()
            return found
        for table in model.heard:
            await connection.execute(f"alter table {PREVIOUS}.{table} set schema {SCHEMA}")
        await transaction.commit()
        await drop_previous(connection)
        return found
    finally:
        await connection.close()


async def _beside(connection: Connection, model: ReadModel, tell: Tell) -> Refolded:
    """Only this transaction sees the new tables under their name."""
    await make_missing(connection, model.tables.sorted_tables)
    await connection.execute(f"alter schema {SCHEMA} rename to {PREVIOUS}; create schema {SCHEMA}")
    for table in model.own:
        await make(connection, table)
    folding = _Folding(connection, model, tell)
    await folding.to_end()
    await _nobody_writes(connection, model, tell)
    await folding.to_end()
    # Positions are given before a commit: what began before us may have been committed behind us.
    if await connection.fetchval("select count(*) from es.events") != folding.count:
        raise Unsettled("an older transaction was still recording: try again")
    await folding.analyze()
    tell("comparing")
    reshaped = await differing(connection, have=PREVIOUS, wanted=SCHEMA)
    return Refolded(folding.count, await differences(connection, model.own), reshaped)


class _Folding:
    """Takes the events in their order; goes on where it stopped."""

    def __init__(self, connection: Connection, model: ReadModel, tell: Tell) -> None:
        self._connection = connection
        self._model = model
        self._tell = tell
        self._states: dict[str, Any] = {}
        self._last = 0
        self._analyzed = 0
        self.count = 0

    async def to_end(self) -> None:
        """Fold all that is committed."""
        total = await self._connection.fetchval("select count(*) from es.events")
        while rows := await self._connection.fetch(_NEXT, self._last, READ):
            whole = [list(rows) for _, rows in groupby(rows, key=lambda row: row["recorded_at"])]
            if len(rows) == READ and len(whole) > 1:
                whole.pop()  # perhaps cut off: it is read again, whole
            for batch in batches(whole):
                await self._take(batch)
                self._last = batch[-1]["position"]
                self.count += len(batch)
            self._tell(f"folded {self.count:,} of {total:,} events")
            if self.count >= 2 * self._analyzed:
                await self.analyze()

    async def analyze(self) -> None:
        """Let PostgreSQL know how large the tables are: what it planned while they were empty goes through
        all of a table for each batch, and those who read it next have no statistics."""
        names = ", ".join(f"{SCHEMA}.{table.name}" for table in self._model.own)
        await self._connection.execute(f"analyze {names}")
        self._analyzed = self.count

    async def _take(self, rows: Sequence[asyncpg.Record]) -> None:
        if len(self._states) > STATES:
            self._states.clear()
        await self._load(rows)
        fresh = []
        for row in rows:
            payload = self._decoded(row)
            state, decider = None, self._model.decider(row["stream"])
            if decider:
                before = self._states.get(row["stream"], decider.initial)
                state = self._states[row["stream"]] = decider.evolve(before, payload)
            fresh.append(Fresh(from_row(self._model.service, row), payload, state, None))
        await self._model.fold(self._connection, fresh)

    async def _load(self, rows: Sequence[asyncpg.Record]) -> None:
        """The states that these events find, where they were let go."""
        wanted = {
            row["stream"]
            for row in rows
            if row["version"] > 1 and row["stream"] not in self._states
            if self._model.decider(row["stream"])
        }
        if not wanted:
            return
        history = await self._connection.fetch(_HISTORY, list(wanted), rows[0]["position"])
        for row in history:
            stream, decider = row["stream"], self._model.decider(row["stream"])
            assert decider
            before = self._states.get(stream, decider.initial)
            self._states[stream] = decider.evolve(before, self._decoded(row))

    def _decoded(self, row: asyncpg.Record) -> Any:
        return self._model.codec.decode(row["type"], row["schema_version"], row["data"])


def batches(whole: Iterable[Sequence[Any]], most: int = BATCH) -> Iterator[list[Any]]:
    """Rows of `es.events`, in batches. Rows that were recorded together stay together; others join them
    only while no household is met twice (no stream, where no household is concerned). The projection takes
    all events of one type at once, so it could take a household's later events before its earlier ones."""
    batch: list[Any] = []
    met: set[Any] = set()
    for rows in whole:
        keys = {row["household_id"] or row["stream"] for row in rows}
        if batch and (len(batch) + len(rows) > most or not met.isdisjoint(keys)):
            yield batch
            batch, met = [], set()
        batch += rows
        met |= keys
    if batch:
        yield batch


async def _nobody_writes(connection: Connection, model: ReadModel, tell: Tell) -> None:
    """Until the end of the transaction nobody can change the tables that serve, nor record an event that
    would. Lets whoever is at work finish first."""
    own = ", ".join(f"{PREVIOUS}.{table.name}" for table in model.own)
    heard = ", ".join(f"{PREVIOUS}.{table}" for table in sorted(model.heard))

    async def lock() -> None:
        await connection.execute(f"lock table {own} in share mode")
        if heard:
            await connection.execute(f"lock table {heard} in access exclusive mode")

    await patiently(connection, tell, lock)


async def differences(
    connection: Connection, tables: Iterable[Table]
) -> dict[str, tuple[int, int]]:
    """Those of the tables that came out otherwise: how many rows only the one that served before has, and how
    many only the one of now."""
    differs = {}
    for table in tables:
        name, columns = table.name, ", ".join(f'"{column.name}"' for column in table.columns)
        try:
            async with connection.transaction():
                query = _COMPARED.format(table=name, columns=columns)
                ((gone, come),) = await connection.fetch(query, timeout=None)
        except asyncpg.UndefinedColumnError:  # it had another shape: no row is the same
            ((gone, come),) = await connection.fetch(_COUNTED.format(name=name), timeout=None)
        if gone or come:
            differs[name] = (gone, come)
    return differs


def say_compared(differs: Mapping[str, tuple[int, int]]) -> None:
    """The tables that come out otherwise, a line each."""
    for table, (gone, come) in differs.items():
        say(f"{table}: {gone:,} rows only in the table that served, {come:,} only in the new one")


def say_reshaped(tables: Iterable[str]) -> None:
    """The tables of another version's shape, a line each."""
    for table in tables:
        say(f"{table}: the table that served has another shape than this version wants")


_NEXT = "select * from es.events where position > $1 order by position limit $2"
_HISTORY = """
select stream, type, schema_version, data from es.events
where stream = any($1::text[]) and position < $2 order by stream, version
"""
_COMPARED = f"""
with old as (select {{columns}} from {PREVIOUS}.{{table}}), new as (select {{columns}} from {SCHEMA}.{{table}})
select (select count(*) from (table old except all table new) as gone),
    (select count(*) from (table new except all table old) as come)
"""
_COUNTED = f"""
select (select count(*) from {PREVIOUS}.{{name}}), (select count(*) from {SCHEMA}.{{name}})
"""


def main(model: ReadModel) -> None:
    """Fold, and say how it went; with `--check`, exit 1 if a table comes out otherwise."""
    asking = argparse.ArgumentParser(
        prog=f"python -m {model.service}.rebuild",
        description=f"Fold the read model of {model.service} anew from its event store.",
    )
    asking.add_argument("--check", action="store_true", help="compare only, and change nothing")
    check = asking.parse_args().check
    try:
        done = uvloop.run(refold(given("DATABASE_URL"), model, say, swap=not check))
    except (Unsettled, *AWAY) as error:
        sys.exit(f"The rebuild stopped, and the tables that serve are as they were: {error}")
    except KeyboardInterrupt:
        sys.exit("Cancelled: the tables that serve are as they were")
    say_compared(done.differs)
    say_reshaped(done.reshaped)
    if not done.differs:
        say(f"{len(model.own)} tables of {done.events:,} events, row for row as they served")
    if check and (done.differs or done.reshaped):
        sys.exit("Nothing was changed: run it without --check to let the new tables serve")

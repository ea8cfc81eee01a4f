"""The tables with which a service starts, and whether they have the shape for which it is written.

Those of a read model are made where they are missing, and never altered, so that a new version may find
those of the one before. Both are compared as PostgreSQL describes them: a column, a key or an index that
is wanted and not there, and a column that wants a value which nobody gives.
"""

import asyncio
import sys
from collections.abc import Iterable

import asyncpg
import structlog
from sqlalchemy import MetaData, Table, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import CreateIndex, CreateTable

from common.intents import Connection
from common.settings import Settings

log = structlog.get_logger()

TABLES_LOCK = 7_301_002
SCHEMA = "read"
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's are untyped
WANTED = "read_wanted"  # exists inside a transaction that is never committed


class OtherShape(Exception):
    """The tables are those of another version. The text says which, and what to do."""


def lacking(table: str, column: str, actions: str) -> str:
    """DDL that alters a durable table of before, which lacks the column. Altering waits for whoever reads, a
    dump too, and everybody waits behind it: so only where there is something to alter."""
    return f"""
do $$ begin
    if not exists (select from pg_attribute
            where attrelid = '{table}'::regclass and attname = '{column}') then
        alter table {table} {actions};
    end if;
end $$;
"""


async def lay(pool: asyncpg.Pool, engine: AsyncEngine, tables: MetaData, durable: str) -> None:
    """Create what is missing; replicas that start together take turns."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", TABLES_LOCK)
        await connection.execute("create schema if not exists read;" + durable)
    async with engine.begin() as session:
        await session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": TABLES_LOCK})
        there = await session.run_sync(lambda here: set(inspect(here).get_table_names(SCHEMA)))
        await session.run_sync(tables.create_all)
    made = sorted(table.name for table in tables.sorted_tables if table.name not in there)
    if made and there:  # what was recorded before is not in them
        log.warning("tables_made_empty", tables=made)


async def make_missing(connection: Connection, tables: Iterable[Table]) -> None:
    """Those that a version before did not have yet."""
    for table in tables:
        if not await connection.fetchval("select to_regclass($1)", f"{SCHEMA}.{table.name}"):
            await make(connection, table)


async def make(connection: Connection, table: Table) -> None:
    """An empty table, with its indexes."""
    await connection.execute(str(CreateTable(table).compile(dialect=_DIALECT)))
    for index in table.indexes:
        await connection.execute(str(CreateIndex(index).compile(dialect=_DIALECT)))


async def fits(
    settings: Settings,
    service: str,
    engine: AsyncEngine,
    tables: MetaData,
    heard: frozenset[str] = frozenset(),
) -> None:
    """Serve from no tables of another version: commands would fail, and consumers park households. A
    developer's are made anew at once, since nobody else is at work on them. `heard` follow from what others
    recorded, and so not from a rebuild."""
    if not (others := await other_shapes(engine, tables)):
        return
    if settings.profile == "development":
        for program in _programs(service, others, heard):
            log.warning("tables_of_another_version", tables=others, now=program)
            await (await asyncio.create_subprocess_exec(sys.executable, "-m", program)).wait()
        others = await other_shapes(engine, tables)
    if others:
        run = " and ".join(f"python -m {one}" for one in _programs(service, others, heard))
        raise OtherShape(
            f"read.{', read.'.join(others)}: made by another version, in another shape. Stop all processes of "
            f"{service}, run {run} of this version in their environment, and start them again"
        )


def _programs(service: str, others: Iterable[str], heard: frozenset[str]) -> list[str]:
    """What makes the tables of another shape anew."""
    needed = {"relearn" if name in heard else "rebuild" for name in others}
    return [f"{service}.{one}" for one in sorted(needed)]


async def other_shapes(engine: AsyncEngine, tables: MetaData) -> list[str]:
    """The names of those that serve in another shape than `tables` say."""
    async with engine.connect() as session:
        await session.execution_options(schema_translate_map={SCHEMA: WANTED})
        await session.execute(text(f"create schema {WANTED}"))
        await session.run_sync(lambda wanted: tables.create_all(wanted, checkfirst=False))
        connection = (await session.get_raw_connection()).driver_connection
        assert connection
        return await differing(connection, have=SCHEMA, wanted=WANTED)


async def differing(connection: Connection, *, have: str, wanted: str) -> list[str]:
    """The tables of the schema `wanted` that `have` has in another shape; one that it lacks counts."""
    rows = await connection.fetch(_DIFFERING, have, wanted)
    return [row["name"] for row in rows]


# Of an index its name, its columns, and whether it has a condition: the text of an expression is another one
# after pg_restore. What is there besides does not count: an index that somebody added.
_DIFFERING = """
with tables as (
    select oid, relname as name, relnamespace = $2::text::regnamespace as wanted
    from pg_class
    where relnamespace in ($1::text::regnamespace, $2::text::regnamespace) and relkind = 'r'
), part as (
    select t.wanted, t.name, a.attnotnull and not a.atthasdef and a.attidentity = '' as needed,
        concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation, a.attnotnull)
            as what
    from tables t join pg_attribute a on a.attrelid = t.oid
    where a.attnum > 0 and not a.attisdropped
    union all
    select t.wanted, t.name, false,
        concat_ws(' ', c.relname, i.indisunique, i.indpred is not null, (
            select string_agg(coalesce(a.attname, '()'), ',' order by n)
            from unnest(i.indkey) with ordinality as key (attnum, n)
            left join pg_attribute a on (a.attrelid, a.attnum) = (t.oid, key.attnum)
        ))
    from tables t join pg_index i on i.indrelid = t.oid join pg_class c on c.oid = i.indexrelid
)
select distinct name::text from part one
where (wanted or needed) and name in (select name from tables where wanted) and not exists (
    select from part other
    where other.wanted <> one.wanted and (other.name, other.what) = (one.name, one.what)
)
order by 1
"""

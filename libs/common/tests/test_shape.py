"""A service does not serve from tables of another version's shape."""

import asyncpg
import pytest
from sqlalchemy import BigInteger, Column, Index, MetaData, Table, Text, text

from common.engine import engine_of
from common.settings import Settings
from common.shape import OtherShape, fits, lay
from common.testing import STATEMENT_KEY, Database

TABLES = MetaData(schema="read")
Table(
    "tally",
    TABLES,
    Column("stream", Text(collation="C"), primary_key=True),
    Column("total", BigInteger, nullable=False),
    Column("note", Text),
    Index("tally_by_total", "total", postgresql_where=text("total > 0")),
)
NOWHERE = "http://127.0.0.1:9"


async def start(db: Database, pool: asyncpg.Pool, heard: frozenset[str] = frozenset()) -> None:
    """As far as a service gets before it works."""
    settings = Settings(
        port=0,
        database_url=db.url,
        kafka_bootstrap_servers=NOWHERE,
        issuer=NOWHERE,
        jwks_url=NOWHERE,
        statement_key=STATEMENT_KEY,
    )
    engine = engine_of(db.url)
    try:
        await lay(pool, engine, TABLES, "")
        await fits(settings, "tallies", engine, TABLES, heard)
    finally:
        await engine.dispose()


@pytest.mark.parametrize(
    "change",
    [
        "alter table read.tally drop column total",
        "alter table read.tally alter column total type int",
        "alter table read.tally alter column note set not null",
        'alter table read.tally alter column stream type text collate "default"',
        "alter table read.tally add column year int not null",
        "alter table read.tally drop constraint tally_pkey",
        "drop index read.tally_by_total",
        "drop index read.tally_by_total; create index tally_by_total on read.tally (total)",
    ],
)
async def test_a_start_on_another_shape_says_what_to_run(
    db: Database, pool: asyncpg.Pool, change: str
) -> None:
    await start(db, pool)
    await pool.execute(change)
    with pytest.raises(OtherShape, match=r"^read\.tally: .* run python -m tallies\.rebuild "):
        await start(db, pool)
    assert await pool.fetchval("select to_regnamespace('read_wanted')") is None


async def test_what_was_heard_follows_from_no_rebuild(db: Database, pool: asyncpg.Pool) -> None:
    await start(db, pool)
    await pool.execute("alter table read.tally drop column total")
    with pytest.raises(OtherShape, match=r" run python -m tallies\.relearn of "):
        await start(db, pool, frozenset({"tally"}))


@pytest.mark.parametrize(
    "change",
    [
        "create index by_note on read.tally (note)",
        # As pg_restore makes it: the same condition in other words.
        "drop index read.tally_by_total;"
        " create index tally_by_total on read.tally (total) where total::numeric > 0",
        "alter table read.tally add column seen int",
        "alter table read.tally add column seen int not null default 0",
        "create table read.mine (n int not null)",
        "drop table read.tally",
    ],
)
async def test_what_does_not_stand_in_the_way_is_let_be(
    db: Database, pool: asyncpg.Pool, change: str
) -> None:
    await start(db, pool)
    await pool.execute(change)
    await start(db, pool)


async def test_tables_that_are_new_are_named(
    db: Database, pool: asyncpg.Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was recorded before is not in them. At the first start nothing was."""
    await start(db, pool)
    assert "tables_made_empty" not in capsys.readouterr().out
    await pool.execute("create table read.other (n int); drop table read.tally")
    await start(db, pool)
    assert "tables_made_empty" in capsys.readouterr().out

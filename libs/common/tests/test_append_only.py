"""Nobody changes history: the grants refuse the service, a trigger refuses everybody."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from common.eventstore import record
from common.migrate import migrate
from common.testing import TALLIES, Database, adding, database
from local.servers import Servers

CHANGES = [
    "update es.events set region = 'elsewhere'",
    "delete from es.events",
    "truncate es.events cascade",
]


@pytest.fixture
async def history(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Pool]:
    """A store with one event; it must still be there afterwards."""
    async with pool.acquire() as connection, connection.transaction():
        await record(connection, TALLIES, [adding("a", 1)])
    before = await pool.fetch("select * from es.events")
    yield pool
    assert await pool.fetch("select * from es.events") == before


@pytest.mark.parametrize("change", CHANGES)
async def test_the_service_may_not_change_history(history: asyncpg.Pool, change: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
        await history.execute(change)


@pytest.mark.parametrize("change", CHANGES)
async def test_neither_may_the_owner_nor_a_superuser(
    history: asyncpg.Pool, db: Database, change: str
) -> None:
    for url in (db.owner_url, db.superuser_url):
        connection = await asyncpg.connect(url)
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                await connection.execute(change)
        finally:
            await connection.close()


async def test_nor_a_superuser_who_turns_ordinary_triggers_off(servers: Servers) -> None:
    """On a database of its own, as it was laid: `empty` puts the guard back by itself."""
    async with database(servers.postgres, "fresh") as fresh:
        connection = await asyncpg.connect(fresh.superuser_url)
        try:
            await connection.execute("set session_replication_role = replica")
            for change in CHANGES:
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                    await connection.execute(change)
        finally:
            await connection.close()


@pytest.mark.parametrize(
    "attempt",
    [
        "alter table es.events disable trigger all",
        "drop trigger events_append_only on es.events",
        "drop table es.events cascade",
        "create or replace function es.refuse_change() returns trigger language plpgsql as 'begin return null; end'",
        "insert into es.relay default values",
        "delete from es.relay",
        "update es.idempotency set answer = ''",
        "create table es.mine (n int)",
    ],
)
async def test_the_service_may_not_disarm_the_guard(pool: asyncpg.Pool, attempt: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(attempt)


async def test_another_services_role_may_not_even_connect(db: Database) -> None:
    server = await asyncpg.connect(db.superuser_url)
    await server.execute("create role neighbour login password 'test'")
    try:
        name = await server.fetchval("select current_database()")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="CONNECT"):
            await asyncpg.connect(
                db.superuser_url, user="neighbour", password="test", database=name
            )
    finally:
        await server.execute("drop role neighbour")
        await server.close()


async def test_the_service_may_make_its_read_model_anew(pool: asyncpg.Pool) -> None:
    await pool.execute("create schema anew; create table anew.households (id uuid)")
    await pool.execute("drop schema anew cascade")


async def test_migrating_again_changes_nothing(history: asyncpg.Pool, db: Database) -> None:
    role = await history.fetchval("select current_user")
    described = "select table_name, privilege_type from information_schema.role_table_grants where grantee = $1 order by 1, 2"
    before = await history.fetch(described, role)
    await history.execute("update es.relay set epoch = 7")

    await migrate(db.owner_url, role)

    assert await history.fetch(described, role) == before
    assert await history.fetchval("select epoch from es.relay") == 7

"""A database of one's own, with the roles that production has."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from sqlalchemy import MetaData

from common.engine import engine_of
from common.ids import new_id
from common.migrate import migrate
from common.shape import lay

PASSWORD = "test"


@dataclass(frozen=True)
class Database:
    """URLs of one database, for its service, its owner and a superuser."""

    url: str
    owner_url: str
    superuser_url: str


@asynccontextmanager
async def database(superuser_url: str, service: str) -> AsyncIterator[Database]:
    """A fresh database with the durable tables, and the two roles that production has.

    Named after the service and this moment, so that many tests share a server; dropped at the end.
    """
    name = f"{service}_{new_id().hex[-12:]}"
    owner = f"{name}_owner"
    server = await asyncpg.connect(superuser_url)
    try:
        for role in (owner, name):
            await server.execute(f"create role {role} login password '{PASSWORD}'")
        await server.execute(f"create database {name} owner {owner}")
        await server.execute(f"revoke connect on database {name} from public")
        await server.execute(f"grant connect on database {name} to {name}")
        found = Database(
            _url(superuser_url, name, role=name),
            _url(superuser_url, name, role=owner),
            _url(superuser_url, name),
        )
        await migrate(found.owner_url, name)
        yield found
    finally:
        await server.execute(f"drop database if exists {name} with (force)")
        await server.execute(f"drop role if exists {name}, {owner}")
        await server.close()


@asynccontextmanager
async def read_model(
    superuser_url: str, service: str, tables: MetaData, durable: str = ""
) -> AsyncIterator[asyncpg.Pool]:
    """A fresh database with these tables, empty, as a service lays them at its start."""
    async with (
        database(superuser_url, service) as made,
        asyncpg.create_pool(made.url, min_size=1, max_size=2) as pool,
    ):
        await laid(pool, made.url, tables, durable)
        yield pool


async def laid(pool: asyncpg.Pool, url: str, tables: MetaData, durable: str = "") -> None:
    """Lay these tables in a database as a service does at its start."""
    engine = engine_of(url)
    await lay(pool, engine, tables, durable)
    await engine.dispose()


def _url(server: str, name: str, role: str | None = None) -> str:
    parts = urlsplit(server)
    host = f"{role}:{PASSWORD}@{parts.hostname}:{parts.port}" if role else parts.netloc
    return urlunsplit((parts.scheme, host, f"/{name}", parts.query, ""))


FORGET = """
alter table es.events disable trigger events_append_only;
delete from es.outbox; delete from es.events; delete from es.idempotency;
delete from es.offsets; delete from es.cursors; delete from es.parked;
update es.relay set epoch = 0, holder = null, stated = null;
alter table es.events enable always trigger events_append_only
"""


async def empty(superuser: str | asyncpg.Connection) -> None:
    """Forget every event, ticket, offset, cursor, parked record and stored answer of a database.

    For a suite that keeps one database; takes a superuser's URL or connection, since nobody else can
    set the guard aside. Raises `asyncpg.LockNotAvailableError` if a test left a transaction open.
    """
    if isinstance(superuser, str):
        connection = await asyncpg.connect(superuser)
        try:
            await empty(connection)
        finally:
            await connection.close()
        return
    async with superuser.transaction():
        await superuser.execute("set local lock_timeout = '5s'")
        await superuser.execute(FORGET)

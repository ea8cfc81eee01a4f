"""Before each process the tables are laid again, beside those at work and beside a backup."""

import asyncio

import asyncpg
import pytest

from common.migrate import migrate
from common.testing import database
from local.servers import Servers

TABLES = ("events", "outbox", "relay", "idempotency", "offsets", "cursors", "parked")


async def test_processes_that_start_together_lay_the_tables_one_after_another(
    servers: Servers,
) -> None:
    async with database(servers.postgres, "fresh") as fresh:
        role = fresh.url.rpartition("/")[2]
        await asyncio.gather(*(migrate(fresh.owner_url, role) for _ in range(6)))


async def test_laying_them_again_waits_for_no_dump(servers: Servers) -> None:
    """Which holds every table as long as it lasts; whoever records would wait behind us."""
    async with database(servers.postgres, "fresh") as fresh:
        dump = await asyncpg.connect(fresh.superuser_url)
        try:
            async with dump.transaction():
                await dump.execute(
                    "".join(f"lock table es.{table} in access share mode;" for table in TABLES)
                )
                async with asyncio.timeout(10):
                    await migrate(fresh.owner_url, fresh.url.rpartition("/")[2])
        finally:
            await dump.close()


@pytest.mark.parametrize(
    "older",
    [
        "alter table es.relay drop seen, drop stated, drop refilled",
        "alter table es.offsets drop last",
        "alter table es.parked alter id set generated always",
        "alter table es.events disable trigger events_append_only",
        "drop trigger events_append_only on es.events",
        "alter table es.events enable trigger events_append_only",
    ],
)
async def test_what_tables_of_before_lack_is_added(servers: Servers, older: str) -> None:
    async with database(servers.postgres, "fresh") as fresh:
        owner = await asyncpg.connect(fresh.owner_url)
        try:
            before = await _shape(owner)
            await owner.execute(older)
            assert await _shape(owner) != before
            await migrate(fresh.owner_url, fresh.url.rpartition("/")[2])
            assert await _shape(owner) == before
        finally:
            await owner.close()


async def _shape(connection: asyncpg.Connection) -> list[tuple[object, ...]]:
    """Columns and triggers, by name."""
    return [
        tuple(row)
        for row in await connection.fetch(
            """
            select attrelid::regclass::text, attname, attidentity::text
            from pg_attribute join pg_class c on c.oid = attrelid
            where relnamespace = 'es'::regnamespace and attnum > 0 and not attisdropped
            union all select tgrelid::regclass::text, tgname, tgenabled::text from pg_trigger
            order by 1, 2, 3
            """
        )
    ]

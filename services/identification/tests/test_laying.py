"""A process that starts lays its tables again, beside those at work and beside a backup."""

import asyncio

import asyncpg

from common.service import Runtime
from common.shape import lay
from common.testing import Database
from identification.main import DURABLE
from identification.read_model import TABLES

ALL = """
do $$ declare name regclass; begin
    for name in select oid from pg_class where relkind = 'r'
            and relnamespace in ('es'::regnamespace, 'vault'::regnamespace, 'read'::regnamespace)
    loop
        execute format('lock table %s in access share mode', name);
    end loop;
end $$
"""


async def test_a_process_that_starts_waits_for_no_dump(runtime: Runtime, db: Database) -> None:
    """Which holds every table as long as it lasts; whoever asks for a person would wait behind us."""
    dump = await asyncpg.connect(db.superuser_url)
    try:
        async with dump.transaction():
            await dump.execute(ALL)
            async with asyncio.timeout(10):
                await lay(runtime.pool, runtime.engine, TABLES, DURABLE)
    finally:
        await dump.close()

"""Lays the durable tables of a service: `python -m common.migrate identification`.

Runs as the database's owner (`OWNER_DATABASE_URL`), so that the service's own role (`SERVICE_ROLE`)
can be denied every change of the event log. Running it again changes nothing, and waits for nobody.
"""

import asyncio
import os
import sys
from importlib.resources import files

import asyncpg

ONE_AT_A_TIME = 7_301_013  # advisory lock: two that grant the same at once fail

# What the service may do, and no more: the log can be read and appended to. Its read models live
# in a schema of its own, which it may drop and make anew.
GRANTS = """
grant usage on schema es to {role};
revoke all on all tables in schema es from {role};
grant select, insert on es.events to {role};
grant select on es.readable to {role};
grant select, insert, delete on es.outbox to {role};
grant select, insert on es.idempotency to {role};
grant select, update on es.relay to {role};
grant select, insert, update, delete on es.offsets, es.cursors, es.parked to {role};
revoke connect on database {database} from public;
grant connect, create on database {database} to {role};
"""


async def migrate(owner_url: str, role: str) -> None:
    """Create or complete the tables, and grant `role` its rights. Raises `asyncpg` errors."""
    connection = await asyncpg.connect(owner_url)
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", ONE_AT_A_TIME)
            await connection.execute(files("common").joinpath("schema.sql").read_text("utf-8"))
            database = await connection.fetchval("select current_database()")
            await connection.execute(GRANTS.format(role=_quoted(role), database=_quoted(database)))
    finally:
        await connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def main() -> None:
    """Read the environment and migrate; a missing setting ends with a sentence."""
    service = sys.argv[1] if len(sys.argv) == 2 else sys.exit("usage: common.migrate SERVICE")
    owner_url = os.environ.get("OWNER_DATABASE_URL") or sys.exit(
        "OWNER_DATABASE_URL is not set: give the URL of the database's owner role."
    )
    asyncio.run(migrate(owner_url, os.environ.get("SERVICE_ROLE", service)))


if __name__ == "__main__":
    main()

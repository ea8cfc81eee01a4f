"""No page reads through all events: its plan, on a timeline that is long enough to matter."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event

from audit.log.contradictions import Remembering
from audit.read_model import taking
from audit.read_model.counting import count
from common.testing import Database, household

FILL = """
insert into read.timeline
select id::text, timestamptz '2024-01-01' + n * interval '1 s', 'identification', 'filler-' || id,
    n, gen_random_uuid(), id, type, 1, now(), 'person', 'VILLAGE_CADRE', '', 'xiangzhen',
    '441624108201', '441624108201', null, gen_random_uuid(), null, 'INTERNAL',
    convert_to('{"due_on":"2024-06-18"}' || repeat(' ', 500), 'UTF8'), sha256('a'), sha256('b'),
    'filler', 0, n
from (
    select ('01920000-0000-7000-8000-' || lpad(to_hex(h), 12, '0'))::uuid as id, n, case n
        when 1 then 'RiskDetected' when 2 then 'HouseholdVerified' else 'DepartmentFactRecorded' end as type
    from generate_series(1, 2000) h, generate_series(1, 20) n
) as each
"""
LISTS = """
insert into read.timeline
select 'access-to-area-4416241' || town, timestamptz '2024-01-01' + n * interval '1 s', 'audit',
    'access-to-area-4416241' || town, n, gen_random_uuid(), null, 'ListLookedAt', 1, now(), 'person',
    'SUPERVISOR', '', 'xiangzhen', '441624', '4416241' || town, null, gen_random_uuid(), null,
    'INTERNAL', convert_to('{}' || repeat(' ', 500), 'UTF8'), sha256('a'), sha256('b'), 'filler', 0, n
from generate_series(10, 16) town, generate_series(1, 2000) n
"""
LIST = """
insert into read.households
select household_id, min(region), count(*), max(recorded_at), '', '', 1
from read.timeline group by household_id
"""
HEARD = "update read.households set events = events + 1 where household_id = $1"
PAGES = (
    "/",
    "/?region=441624108201",
    "/county",
    "/county/households?phase=CLUE",
    "/county/households?step=VERIFIED",
    "/county/households?duty=identification.RiskDetected.v1&outcome=breached",
    f"/households/{household(1)}?department=xiangzhen&corrected=true&breach=true&late=true",
    f"/v1/households/{household(1)}/timeline?type=RiskDetected",
    f"/v1/households/{household(1)}/diff?from=2024-01-01",
)
Asked = list[tuple[str, tuple[Any, ...]]]


@pytest.fixture
async def asked(app: FastAPI, db: Database, pool: asyncpg.Pool) -> AsyncIterator[Asked]:
    """Every statement on the read model, with its arguments, that the app sends from now on."""
    statements: Asked = []

    class Overheard(asyncpg.Connection):
        async def execute(self, query: str, *args: Any, **options: Any) -> Any:
            statements.append((query, args))
            return await super().execute(query, *args, **options)

        async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
            statements.append((query, args))
            return await super().fetch(query, *args, **options)

    @event.listens_for(app.state.runtime.engine.sync_engine, "before_cursor_execute")
    def overhear(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        statements.append((statement, tuple(parameters)))

    await pool.execute(FILL)
    await pool.execute(LIST)
    await pool.execute(LISTS)
    await pool.execute("analyze read.timeline")
    await pool.execute("analyze read.households")
    overheard = await asyncpg.create_pool(
        db.url, min_size=1, max_size=2, connection_class=Overheard
    )
    app.state.runtime = replace(app.state.runtime, pool=overheard)
    yield statements
    await overheard.close()


async def test_no_page_reads_through_all_events(
    client: httpx.AsyncClient, app: FastAPI, pool: asyncpg.Pool, asked: Asked
) -> None:
    assert await count(pool, app.state.vocabulary, "") == 0
    await pool.execute("analyze read.counted")
    read = set()
    for address in PAGES:
        await pool.execute(HEARD, household(1))
        asked.clear()
        answer = await client.get(address)
        assert answer.status_code == 200, (address, answer.text)
        for query, args in [one for one in asked if "read." in one[0]]:
            plan = "\n".join(row[0] for row in await pool.fetch(f"explain {query}", *args))
            assert "Seq Scan on timeline" not in plan, (address, query, plan)
            read |= {name for name in ("timeline", "households", "counted") if f" {name}" in plan}
    assert read == {"timeline", "households", "counted"}


@pytest.mark.parametrize("path", ["/accesses", "/v1/accesses"])
@pytest.mark.parametrize("region", ["441624", "441624116"])
async def test_who_looked_at_lists_is_read_by_time_and_not_sorted(
    client: httpx.AsyncClient, pool: asyncpg.Pool, asked: Asked, path: str, region: str
) -> None:
    asked.clear()
    answer = await client.get(f"{path}?region={region}&since=2024-01-01")
    assert answer.status_code == 200, answer.text
    ((query, args),) = [one for one in asked if "from read.timeline" in one[0].lower()]
    plan = "\n".join(row[0] for row in await pool.fetch(f"explain {query}", *args))
    assert "Index Scan Backward using timeline_of_areas" in plan, plan
    assert "Sort" not in plan, plan


async def test_a_topic_that_comes_again_is_not_looked_for_in_all_that_a_household_has(
    pool: asyncpg.Pool,
) -> None:
    await pool.execute(LISTS.replace("generate_series(1, 2000)", "generate_series(1, 20000)"))
    await pool.execute("analyze read.timeline")
    rows = await pool.fetch(
        "select key, recorded_at, service, stream, version, hash from read.timeline "
        "where key = 'access-to-area-441624110' order by version desc limit 1000"
    )
    async with pool.acquire() as connection, connection.transaction():
        told = await connection.fetchval(
            "explain (analyze, buffers, format json) " + Remembering("audit", taking()).otherwise,
            *zip(*rows, strict=True),
        )
    (plan,) = [one["Plan"] for one in json.loads(told)]
    assert plan["Actual Rows"] == 0
    blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    assert blocks < 10 * len(rows), "of an index some levels, and a row"

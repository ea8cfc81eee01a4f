"""Is all that the services recorded in the log, and nothing else? Compared each time that one states it.

Neither reads the other's database: the service states its months (`common.statements`), and audit, once
it has heard all that was published by then, compares them with the leaves of its log.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import asyncpg
import msgspec
import structlog
from fastapi import APIRouter, Request
from prometheus_client import Gauge

from audit.lists import overseeing
from common.auth import Principal
from common.http import only_filters
from common.inbox import TRANSIENT
from common.intents import Connection
from common.kafka import KafkaError, LogScan, Place
from common.service import Runtime
from common.statements import Month, Statement
from common.topics import STATEMENTS, events_topic

log = structlog.get_logger()

LOOK = 1.0  # seconds a look for new statements may take
AGAIN = 5.0  # seconds between attempts while Kafka or Postgres is away

DIFFERING = Gauge(
    "shouwang_reconciliation_differing_months",
    "Months whose events in the log are not those that the service states",
    ["recorder"],
)
STATED = Gauge(
    "shouwang_reconciliation_stated_timestamp_seconds",
    "The moment that the last statement was compared up to",
    ["recorder"],
)

router = APIRouter(tags=["evidence"])


@dataclass(frozen=True, slots=True)
class Difference:
    """A month (UTC) that differs. With equal counts, an event is another than was recorded."""

    month: str
    recorded: int
    logged: int


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a service recorded before `until`, against what of it is in the log."""

    service: str
    until: datetime
    compared_at: datetime
    recorded: int
    logged: int
    complete: bool
    differences: list[Difference]


@dataclass(frozen=True, slots=True)
class Completeness:
    """The last comparison of each service that ever stated anything, by name."""

    services: list[Reconciled]


@router.get("/v1/completeness", summary="Whether the log has all that the services recorded")
async def completeness(
    request: Request, caller: Annotated[Principal, overseeing()]
) -> Completeness:
    """Counts only. A service states its store each hour; `compared_at` is when that was compared."""
    only_filters(request, ())
    found: dict[str, Reconciled] = request.app.state.reconciled
    return Completeness([found[service] for service in sorted(found)])


async def reconcile(
    connection: Connection, statement: Statement, now: datetime
) -> Reconciled | None:
    """Compare; `None` until all has been heard that was published when it was stated."""
    topic = events_topic(statement.service)
    rows = await connection.fetch(_HEARD, topic)
    heard = {row["partition"]: row["next"] for row in rows}
    if any(heard.get(n, 0) < end for n, end in enumerate(statement.ends)):
        return None
    rows = await connection.fetch(_MONTHS, topic, statement.until, timeout=600)
    logged = {row["month"]: Month(**row) for row in rows}
    recorded = {month.month: month for month in statement.months}
    differences = [
        Difference(
            month,
            recorded[month].events if month in recorded else 0,
            logged[month].events if month in logged else 0,
        )
        for month in sorted({*recorded, *logged})
        if recorded.get(month) != logged.get(month)
    ]
    return Reconciled(
        statement.service,
        statement.until,
        now,
        sum(month.events for month in recorded.values()),
        sum(month.events for month in logged.values()),
        not differences,
        differences,
    )


async def follow(runtime: Runtime, found: dict[str, Reconciled]) -> None:
    """Compare whatever is stated, for ever; the last result of each service is put into `found`."""
    while True:
        scan = LogScan(runtime.settings.kafka_bootstrap_servers)
        try:
            await scan.start([Place(STATEMENTS, 0)])
            await _follow(runtime, scan, found)
        except (KafkaError, *TRANSIENT) as error:
            log.warning("reconciliation_interrupted", error=repr(error))
        finally:
            await scan.close()
        await asyncio.sleep(AGAIN)


async def _follow(runtime: Runtime, scan: LogScan, found: dict[str, Reconciled]) -> None:
    waiting: dict[str, Statement] = {}
    while True:
        for records in (await scan.fetch(100, LOOK)).values():
            for record in records:
                try:
                    statement = msgspec.json.decode(record.value or b"", type=Statement)
                except msgspec.MsgspecError as error:
                    log.warning("statement_not_understood", error=str(error))
                    continue
                waiting[statement.service] = statement
        for service, statement in list(waiting.items()):
            if result := await _compared(runtime.pool, statement, runtime.clock.now()):
                found[service] = result
                del waiting[service]
                DIFFERING.labels(service).set(len(result.differences))
                STATED.labels(service).set(result.until.timestamp())
                if not result.complete:
                    log.critical("log_incomplete", service=service, differs=result.differences)


async def _compared(pool: asyncpg.Pool, statement: Statement, now: datetime) -> Reconciled | None:
    async with pool.acquire() as connection:
        return await reconcile(connection, statement, now)


_HEARD = "select partition, next from es.offsets where consumer = 'audit' and topic = $1"
_MONTHS = """
select to_char(l.recorded_at at time zone 'UTC', 'YYYY-MM') as month, count(*) as events,
    encode(sha256(string_agg(l.hash, ''::bytea order by l.hash)), 'hex') as hash
from log.leaves l join log.trees t on t.id = l.tree
where t.topic = $1 and l.recorded_at < $2 group by 1
"""

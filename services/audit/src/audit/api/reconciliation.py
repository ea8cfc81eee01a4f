"""Is all that the services recorded in the log, and nothing else? Compared each time that one states it.

Neither reads the other's database: the service states its months (`common.statements`), and audit, once
it has heard all that was published by then, compares them with the leaves of its log. What the service
signed is kept, whatever the comparison says, for the proofs of dossiers (`audit.log.stated`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated

import structlog
from fastapi import APIRouter, Request
from prometheus_client import Counter, Gauge

from audit.access.lists import Lister, listing
from audit.log import stated
from audit.log.stated import Contradicted, Refused
from audit.verify import Bad, Key, signers
from common.inbox import TRANSIENT
from common.intents import Connection
from common.kafka import KafkaError, LogScan, Place, Record
from common.service import Runtime
from common.statements import Month, Statement, statement_of
from common.topics import SERVICES, STATEMENTS, events_topic
from contracts.access import Shown
from contracts.cloudevents import LONGEST

log = structlog.get_logger()

FETCH = 5_000  # records
LOOK = 1.0  # seconds a look for new statements may take
AGAIN = 5.0  # seconds between attempts while Kafka or Postgres is away

DIFFERING = Gauge(
    "shouwang_reconciliation_differing_months",
    "Months whose events in the log are not those that the service states",
    ["recorder"],
)
REFUSED = Counter(
    "shouwang_statements_refused_total",
    "Statements that their service did not sign, or that are not what their heads say",
    ["recorder"],
)
for _service in (*SERVICES, "unknown"):
    REFUSED.labels(_service)  # there before the first, so that an alarm sees it rise
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
    """What a service recorded before `until`, against what of it is in the log; and of the records that
    the service contradicts, the first, once its statement is kept."""

    service: str
    until: datetime
    compared_at: datetime
    recorded: int
    logged: int
    complete: bool
    differences: list[Difference]
    contradicted: list[Contradicted] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Completeness:
    """The last comparison of each service that ever stated anything, by name."""

    services: list[Reconciled]


@router.get("/v1/completeness", summary="Whether the log has all that the services recorded")
async def completeness(
    request: Request, caller: Annotated[Lister, listing(Shown.COMPLETENESS)]
) -> Completeness:
    """Counts, and of the caller's own area the records that a service contradicts: who is shown any of
    their households is recorded. A service states its store each hour; `compared_at` is when that was
    compared."""
    found: dict[str, Reconciled] = request.app.state.reconciled
    shown = [
        replace(of, contradicted=[c for c in of.contradicted if caller.covers(c.region)])
        for _, of in sorted(found.items())
    ]
    if named := {c.key for of in shown for c in of.contradicted}:
        caller.show(len(named))
    else:
        caller.show_nothing()
    return Completeness(shown)


async def reconcile(
    connection: Connection, statement: Statement, now: datetime
) -> Reconciled | None:
    """Compare; `None` until all has been heard that was published when it was stated."""
    rows = await connection.fetch(_HEARD, events_topic(statement.service))
    heard = {row["partition"]: row["next"] for row in rows}
    if any(heard.get(n, 0) < end for n, end in enumerate(statement.ends)):
        return None
    return await compared(connection, statement, now)


async def compared(connection: Connection, statement: Statement, now: datetime) -> Reconciled:
    """Compare the months that are stated with the leaves of the log."""
    topic = events_topic(statement.service)
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


@dataclass(slots=True)
class Told:
    """What a service has told since its last statement that was kept."""

    statement: Statement | None = None
    note: str = ""
    offset: int = 0
    heads: dict[str, str] = field(default_factory=dict)  # entries by key, those that it signed
    later: dict[str, str] = field(default_factory=dict)  # for the statement that is to come
    compared: Reconciled | None = None


def take(told: dict[str, Told], record: Record, keys: Sequence[Key]) -> None:
    """Take a record of the topic of statements: an entry of a service, or its statement.

    Raises `Refused` for a statement that its service did not sign, and for what no database can keep;
    `ValueError` for what is neither.
    """
    service, entry, key = (record.key or b"").decode().partition(" ")
    if service not in SERVICES:
        raise Refused("no service of ours")
    of = told.setdefault(service, Told())
    heads = of.heads | of.later
    if not entry:  # what was told before a statement is of that one alone, also if it is not taken
        of.later = {}
    text = (record.value or b"").decode()
    if "\0" in key + text or len(key.encode()) > LONGEST:  # the database would refuse to keep it
        raise Refused("no household or stream is named so")
    if entry:
        of.later[key] = text
        return
    statement = statement_of(text)
    try:
        named = [key for key in keys if key.name.rpartition("/")[2] == statement.service == service]
        known = signers(text, named)
    except Bad as bad:
        raise Refused(str(bad)) from None
    if not known:
        raise Refused("no known key of the service signed it")
    of.statement, of.note, of.offset, of.compared = statement, text, record.offset, None
    of.heads = heads


async def follow(runtime: Runtime, found: dict[str, Reconciled], keys: Sequence[Key]) -> None:
    """Compare and keep whatever is stated, for ever; the last result of each service is put into
    `found`. `keys` are those of the services."""
    while True:
        scan = LogScan(runtime.settings.kafka_bootstrap_servers)
        try:
            await _follow(runtime, scan, found, keys)
        except (KafkaError, *TRANSIENT) as error:
            log.warning("reconciliation_interrupted", error=repr(error))
        finally:
            await scan.close()
        await asyncio.sleep(AGAIN)


async def _follow(
    runtime: Runtime, scan: LogScan, found: dict[str, Reconciled], keys: Sequence[Key]
) -> None:
    told: dict[str, Told] = {}
    here = Place(STATEMENTS, 0)
    at, end = (await scan.start([here]))[here]
    if at < (kept := await stated.reached(runtime.pool)) < end:
        scan.seek(here, kept)
    while True:
        records = (await scan.fetch(FETCH, LOOK)).get(here, ())
        at = scan.reached().get(here, at)
        for record in records:
            try:
                take(told, record, keys)
            except Refused as why:
                _refuse((record.key or b"").decode(), str(why))
            except ValueError as error:
                log.warning("statement_not_understood", error=str(error))
        if at < end:  # of what is compacted, only the last statement has all its heads
            continue
        for of in told.values():
            await _settle(runtime, of, found)


async def _settle(runtime: Runtime, of: Told, found: dict[str, Reconciled]) -> None:
    """Compare a statement as soon as all is heard, and keep it as soon as all is signed."""
    if of.statement is None:
        return
    service, until = of.statement.service, of.statement.until
    async with runtime.pool.acquire() as connection:
        if of.compared is None:
            of.compared = await reconcile(connection, of.statement, runtime.clock.now())
            if of.compared is None:
                return
            _tell(found, of.compared)
        if not await stated.signed(connection, events_topic(service), until):
            return
        try:
            await stated.keep(connection, of.statement, of.note, of.offset, of.heads)
        except Refused as why:
            _refuse(service, str(why))
            of.statement, of.heads = None, {}  # until it tells all of them again
            return
        if not of.compared.complete:
            named = await stated.contradicted(connection, service)
            _tell(found, replace(of.compared, contradicted=named))
    of.statement, of.heads = None, {}


def _tell(found: dict[str, Reconciled], result: Reconciled) -> None:
    if result.service in found and found[result.service].until > result.until:
        return  # an old one, that somebody has published again
    found[result.service] = result
    DIFFERING.labels(result.service).set(len(result.differences))
    STATED.labels(result.service).set(result.until.timestamp())
    if not result.complete:
        log.critical(
            "log_incomplete",
            service=result.service,
            differs=result.differences,
            contradicted=result.contradicted,
        )


def _refuse(service: str, why: str) -> None:
    """A statement that is not taken: somebody else's, or not what its heads say."""
    REFUSED.labels(service if service in SERVICES else "unknown").inc()
    log.critical("statement_refused", service=service, why=why)


_HEARD = "select partition, next from es.offsets where consumer = 'audit' and topic = $1"
_MONTHS = f"""
select to_char(l.recorded_at at time zone 'UTC', 'YYYY-MM') as month, count(*) as events,
    encode(sha256(string_agg(l.hash, ''::bytea order by l.hash)), 'hex') as hash
from log.leaves l join log.trees t on t.id = l.tree
where t.topic = $1
    and (l.recorded_at < $2 or l.{stated.AHEAD})
group by 1
"""

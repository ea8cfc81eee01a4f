"""What callers see: facts in batches, single commands, and how soon each is on the topic and told."""

import json
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx

from common.ids import new_id
from common.testing import eventually
from local.programs import kept
from local.servers import Servers
from local.services import environment, program, without_proxy
from local.system import System, system
from tests.bench import county as people
from tests.bench.append import raw_batches
from tests.bench.bench import Bench
from tests.bench.client import Client, request
from tests.bench.figures import RATE, TIME, Figure, percentile
from tests.bench.latency import latencies
from tests.bench.stores import COLUMNS, checkpoint, fill
from tests.bench.waiting import counted, drained
from tests.integration.county import County

BATCH = 500
IN_FLIGHT = 4  # batches
CALLERS = 64
MEDIA = "application/cloudevents-batch+json"
# Persons, households and facts that are there before: a register as large as the store.
FILL = """
insert into read.household (household_id, register_number, region, category, marginal_2019, persons,
    has_labour, status, origin, stage, monitored_class, risk_types, discovered_on, due_on, version)
select md5('h' || n)::uuid, 'FILL-' || n, '441624109201', 'GENERAL', false, 3, true, 'ACTIVE', 'TOWN', 'NONE', null, '{}',
    null, null, 1 from generate_series(1, $1::int / 10) as n;
"""
FILL_PERSONS = """
insert into vault.person (person_id, household_id, blind_index, salt, sealed, masked_index)
select md5('p' || n || 'm' || m)::uuid, md5('h' || n)::uuid, sha256((n || 'm' || m)::bytea),
    sha256('s'), sha256('s') || sha256('t') || sha256('u'), ''
from generate_series(1, $1::int / 10) as n, generate_series(1, 3) as m
"""
FILL_FACTS = """
insert into read.fact (fact_key, record_version, content, event_id, household_id, person_id, fact_type,
    detected_on, amount, codes, current)
select decode(md5('k' || n), 'hex'), 1, decode(md5('c' || n), 'hex'), gen_random_uuid(), md5('h' || n % ($1 / 10) + 1)::uuid, md5('p' || n % ($1 / 10) + 1 || 'm1')::uuid,
    'MedicalSettlement', date '2025-01-01' + n % 365, 5000, '', true from generate_series(1, $1::int) as n
"""


async def run(bench: Bench) -> None:
    """Identification as a process, alone; then beside audit, for latencies."""
    if not bench.wants("facts", "command", "latency"):
        return
    print("Over HTTP")
    client = Client()
    try:
        async with (
            bench.servers("http") as (given, home, ports),
            httpx.AsyncClient(timeout=60, trust_env=False) as http,
        ):
            async with system(home, ports, given, names=["identification"]) as running:
                county = County(running, home, http)
                print(f"  registering {bench.sizes.households:,} households", flush=True)
                await people.register(county, bench.sizes.households)
                await _fill(running, given, bench.sizes.there)
                if bench.wants("facts"):
                    await _facts(bench, county, client, "facts over HTTP, one process")
                async with _answering(county, ports["governance"]) as address:
                    if bench.wants("command"):
                        await checkpoint(given.postgres)
                        await _commands(bench, county, client, address, ports["assets"])
                    if bench.wants("facts"):
                        name = "facts over HTTP, 500 a request"
                        await _facts(bench, county, client, name, address)
            if bench.wants("latency"):
                async with system(home, ports, given, names=["identification", "audit"]) as running:
                    county = County(running, home, http)
                    await drained(county, "identification", "audit")
                    await counted(county)
                    await checkpoint(given.postgres)
                    await latencies(bench, county, client)
    finally:
        client.close()


@asynccontextmanager
async def _answering(county: County, port: int) -> AsyncIterator[str]:
    """A second process of identification, which answers and records; the first one publishes and
    consumes (ADR 0018). Gives its address."""
    e = county.system.endpoints
    database, name = e.databases["identification"], "identification"
    settings = environment(name, port, database, e.kafka, e.issuer, county.home)
    settings |= {"BACKGROUND": "false"}
    answering = program("answering", name, settings, county.home / "logs")
    async with kept(answering, print) as served:
        await served.until_ready()
        yield f"http://127.0.0.1:{port}"


async def _fill(running: System, given: Servers, there: int) -> None:
    print(f"  putting {there:,} events, and a register to match, into the store", flush=True)
    url = running.endpoints.databases["identification"]
    connection = await asyncpg.connect(url)
    for statement in (FILL, FILL_PERSONS, FILL_FACTS):
        await connection.execute(statement, there, timeout=600)
    await connection.execute("analyze read.household, vault.person, read.fact")
    await _indexed(connection)
    await connection.close()
    superuser = given.postgres.rpartition("/")[0] + "/identification"
    await fill(superuser, there)


async def _indexed(connection: asyncpg.Connection) -> None:
    """Wait until the worker that indexes those who were registered has nothing left to do."""

    async def done() -> bool:
        return not await connection.fetchval(
            "select exists (select from vault.person where masked_index is null)"
        )

    await eventually(done)


async def _commands(bench: Bench, county: County, client: Client, address: str, port: int) -> None:
    """T1 on a household of its own each, with a key of its own."""
    count, token = bench.sizes.commands, await county.token("town-pengzhai")
    slow: list[float] = []
    first = 0

    async def ours() -> float:
        nonlocal first
        requests = [
            request(
                "POST",
                f"/v1/households/{people.household_id(number)}/clues",
                token,
                people.clue(),
                "application/json",
                Idempotency_Key=str(new_id()),
            )
            for number in range(first, first + count)
        ]
        first += count
        seconds, answers = await client.call(address, requests, callers=CALLERS)
        slow.append(percentile([answer.seconds for answer in answers], 99) * 1_000)
        await drained(county, "identification")
        return count / seconds

    async def limit() -> float:
        one = request("POST", "/empty", token, people.clue(), "application/json")
        seconds, _ = await client.call(f"http://127.0.0.1:{port}", [one] * count, callers=CALLERS)
        return count / seconds

    settings = {**without_proxy(), "PORT": str(port)}
    empty = program("empty", "tests.bench.empty", settings, county.home / "logs")
    async with kept(empty, print) as served:
        await served.until_ready()
        found = await bench.compare(f"single commands, {CALLERS} callers", ours=ours, empty=limit)
    bench.found(
        Figure(
            name=f"single command over HTTP, {CALLERS} callers",
            value=found["ours"],
            unit=RATE,
            against="an empty FastAPI POST, served and called the same way",
            limit=found["empty"],
            share=0.6,
        )
    )
    name, value = "single command over HTTP, p99", statistics.median(slow)
    bench.found(Figure(name=name, value=value, unit=TIME, below=50))


async def _facts(
    bench: Bench, county: County, client: Client, name: str, address: str = ""
) -> None:
    """Settlements of known persons, 500 a request, four requests at a time."""
    count, token = bench.sizes.facts // BATCH * BATCH, await county.token("yibao")
    aim = (10_000.0, 0.4) if address else (None, None)
    address = address or county.system.endpoints.services["identification"]
    url = county.system.endpoints.databases["identification"]
    persons, sent = bench.sizes.households * people.PEOPLE, await _last_position(url)
    settled: list[float] = []
    before = await _last_position(url)

    async def ours() -> float:
        nonlocal sent, before
        numbers = range(sent, sent + count)
        sent += count
        # Neighbours in a batch live in different households, as in a department's daily file.
        events = [json.dumps(people.settlement(n, n * 7 % persons)) for n in numbers]
        bodies = [
            f"[{','.join(events[first : first + BATCH])}]".encode()
            for first in range(0, count, BATCH)
        ]
        requests = [request("POST", "/v1/events", token, body, MEDIA) for body in bodies]
        before = await _last_position(url)
        started = time.perf_counter()
        seconds, answers = await client.call(address, requests, callers=IN_FLIGHT)
        assert sum(json.loads(answer.body)["accepted"] for answer in answers) == count
        await drained(county, "identification")
        settled.append(count / (time.perf_counter() - started))
        return count / seconds

    async def raw() -> float:
        return await raw_batches(url, await _recorded(url, before))

    async def raw_in_flight() -> float:
        return await raw_batches(url, await _recorded(url, before), IN_FLIGHT)

    found = await bench.compare(
        f"{name}, {IN_FLIGHT} at a time", ours=ours, raw=raw, raw4=raw_in_flight
    )
    bench.found(
        Figure(
            name=name,
            value=found["ours"],
            unit=RATE,
            against="raw unnest of the same rows, 500 a statement, one connection",
            limit=found["raw"],
            least=aim[0],
            share=aim[1],
        )
    )
    bench.found(
        Figure(
            name=f"{name}, against four",
            value=found["ours"],
            unit=RATE,
            against=f"the same on {IN_FLIGHT} connections",
            limit=found["raw4"],
        )
    )
    name = f"{name}, until published and rules have run"
    bench.found(Figure(name=name, value=statistics.median(settled), unit=RATE))


async def _last_position(url: str) -> int:
    connection = await asyncpg.connect(url)
    found: int = await connection.fetchval("select coalesce(max(position), 0) from es.events")
    await connection.close()
    return found


async def _recorded(url: str, after: int) -> list[tuple[object, ...]]:
    """The facts recorded since, as rows; with ids of their own, since the table has had them before."""
    connection = await asyncpg.connect(url)
    found = await connection.fetch(
        f"""select {
            COLUMNS.replace("stream,", "stream || '/' || gen_random_uuid() as stream,", 1).replace(
                "event_id", "gen_random_uuid() as event_id", 1
            )
        }
        from es.events where position > $1 and type = 'DepartmentFactRecorded' order by position""",
        after,
    )
    await connection.close()
    return [tuple(row) for row in found]

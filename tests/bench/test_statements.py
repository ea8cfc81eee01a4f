"""Machine-independent: how many SQL statements a thousand events cost on each hot path.

Whoever makes a path row-by-row again multiplies its number by a hundred, and fails here.
The writer's own is in libs/common/tests/test_writer.py.
"""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from sqlalchemy import MetaData

from audit import read_model as audit_tables
from common.clock import Clock
from common.continuity import Continuity
from common.engine import engine_of
from common.inbox import Handle
from common.kafka import Message
from common.outbox import publish_all
from common.service import Runtime
from common.testing import STATEMENT_KEY, Issuer, Reader, at_work, database, issuer, laid
from common.writer import Writer
from contracts.codes import Category
from contracts.envelope import ZERO_HASH, Envelope
from identification import main as identification
from identification import read_model, unmatched, vault
from identification.api.wired import Wired
from identification.reactions import reacting as rules
from identification.read_model import register
from identification.read_model.policies import as_book, in_file
from identification.seals import Vault
from identification.settings import IdentificationSettings
from local.servers import Servers
from services.visits.tests.given import POLICIES, confirmed, registered
from tests.bench import county as people
from tests.bench import what_if
from tests.bench.events import Span, envelope
from tests.bench.overheard import overheard
from tests.bench.relay import BACKLOG
from tests.bench.stores import columns, rows
from visits import main as visits
from visits import read_model as visits_tables
from visits.reactions import reacting as duties

POLICY_FILE = Path(__file__).parents[2] / "policies" / "heping-2024.toml"
HOUSEHOLDS = 100
MOST = 40  # a path costs about twenty, and asyncpg asks for the types of a new connection once


async def test_a_thousand_facts_over_http(servers: Servers) -> None:
    async with _identification(servers) as (client, said, tokens):
        headers = tokens.bearer("registrar", "households:write", department="xiangzhen")
        forms = [people.household(number) for number in range(HOUSEHOLDS)]
        (await client.post("/v1/households/batch", json=forms, headers=headers)).raise_for_status()
        said.clear()
        for first in (0, 500):
            facts = [people.settlement(n, n % HOUSEHOLDS) for n in range(first, first + 500)]
            answer = await client.post(
                "/v1/events",
                content=json.dumps(facts),
                headers={
                    **tokens.bearer("yibao", "facts:write"),
                    "content-type": "application/cloudevents-batch+json",
                },
            )
            assert answer.json()["accepted"] == 500
    # Twice: find the persons; begin, load, append, project, commit; and the pool's resets.
    assert 10 <= len(said) <= MOST


async def test_a_first_clue_over_http(servers: Servers) -> None:
    async with _identification(servers) as (client, said, tokens):
        who = {"department": "xiangzhen", "person": "town", "region": people.REGION[:9]}
        headers = tokens.bearer("town", "households:write episodes:village", **who)
        home = people.household(0)
        (await client.post("/v1/households/batch", json=[home], headers=headers)).raise_for_status()
        said.clear()
        answer = await client.post(
            f"/v1/households/{home['household_id']}/clues",
            content=people.clue(),
            headers={**headers, "content-type": "application/json", "idempotency-key": "first"},
        )
        assert answer.status_code == 201
    # Begin, load, append; the register, the case, the clue; commit. Each waits for the one before.
    assert len(said[said.index("BEGIN;") : said.index("COMMIT;") + 1]) == 7


async def test_a_thousand_events_of_the_relay(servers: Servers) -> None:
    sent: list[Message] = []

    async def publish(messages: Sequence[Message]) -> None:
        sent.extend(messages)

    async with (
        database(servers.postgres, "identification") as made,
        overheard(made.url) as (pool, said),
        pool.acquire() as connection,
    ):
        for some in columns(rows(1_000), 500):
            await connection.execute(BACKLOG, *some)
        epoch = await connection.fetchval("select epoch from es.relay")
        said.clear()
        while await publish_all(connection, "identification", epoch, publish):
            pass
        # Read, delete; then read that there is nothing, and whether we still lead.
        assert 3 <= len(said) <= 6
    assert len(sent) == 1_000


async def test_a_thousand_events_into_the_timeline(servers: Servers) -> None:
    said = await _heard(servers, "audit", audit_tables.TABLES, audit_tables.taking(), _facts(1_000))
    # Twice: begin, what was seen, COPY, the household list, cursors, commit.
    assert 10 <= len(said) <= MOST


async def test_a_thousand_events_of_duties(servers: Servers) -> None:
    known = [registered(Category.FORMERLY_POOR) for _ in range(500)]
    heard = [*known, *(confirmed(one) for one in known)]
    handle = duties(visits.STORE, POLICIES)
    said = await _heard(servers, "visits", visits_tables.TABLES, handle, heard)
    # 500 households to remember; then 500 duties: load, append, project.
    assert 10 <= len(said) <= MOST


async def test_a_thousand_facts_through_the_rules(servers: Servers) -> None:
    known = as_book(in_file(POLICY_FILE, Clock().today()))
    handle = rules(identification.STORE, known)
    span = Span(range(HOUSEHOLDS), 10, "short")
    tables = read_model.TABLES
    said = await _heard(
        servers, "identification", tables, handle, _facts(1_000), vault.TABLES + _households(span)
    )
    # Twice: begin, what was seen, households, settlements, cursors, commit.
    assert 10 <= len(said) <= MOST


async def test_a_what_if_over_the_county_is_one_statement(servers: Servers) -> None:
    """S8.1-01. How long it takes is for `make bench`: ten seconds depend on the machine."""
    async with what_if.county(servers.postgres, what_if.COUNTY) as connection:
        said: list[str] = []
        connection.add_query_logger(lambda logged: said.append(logged.query))
        looked_at, entering, leaving = await what_if.asked(connection)
    assert sum("read.household" in statement for statement in said) == 1
    assert (looked_at, leaving) == (what_if.COUNTY, [])
    # 脱贫户 (every tenth) with labour (all but every seventh), from 10,800.01 to 11,400.00 yuan a head.
    expected = [n for n in range(10, what_if.COUNTY + 1, 10) if n % 7 and 320 < n % 1_000 <= 560]
    assert len(entering) == len(expected)
    assert {moved.finding.rule_id for moved in entering} == {"INCOME-LINE"}


def _facts(count: int) -> list[Envelope]:
    """Ten of each of a hundred households, in the order in which they were recorded."""
    span, last = Span(range(HOUSEHOLDS), count // HOUSEHOLDS, "short"), [ZERO_HASH] * HOUSEHOLDS
    made = []
    for number in range(count):
        n, version = number % HOUSEHOLDS, number // HOUSEHOLDS + 1
        made.append(envelope(number, span.stream(n), span.household(n), version, last[n]))
        last[n] = made[-1].hash
    return made


def _households(span: Span) -> str:
    """SQL that puts them on the register, with a settlement each."""
    values = ", ".join(
        f"('{span.household(n)}', 'T-{n}', '441624108201', 'GENERAL', false, 1, true, 'ACTIVE', 'TOWN', 'NONE', '{{}}', 1)"
        for n in span.households
    )
    return (
        "insert into read.household (household_id, register_number, region, category, "
        f"marginal_2019, persons, has_labour, status, origin, stage, risk_types, version) values {values};"
        "insert into read.fact (fact_key, record_version, content, event_id, household_id, person_id, "
        "fact_type, detected_on, amount, codes, current) select uuid_send(gen_random_uuid()), 1, '', "
        "gen_random_uuid(), household_id, household_id, 'MedicalSettlement', '2025-06-02', 5000, '', true "
        "from read.household"
    )


async def _heard(
    servers: Servers,
    service: str,
    tables: MetaData,
    handle: Handle,
    events: Sequence[Envelope],
    lay: str = "",
) -> list[str]:
    """What a service's database was asked while it heard these events, 500 at a time."""
    async with (
        database(servers.postgres, service) as made,
        overheard(made.url) as (pool, said),
    ):
        await laid(pool, made.url, tables)
        if lay:
            await pool.execute(lay)
        reader = Reader(pool, service, handle)
        said.clear()
        for first in range(0, len(events), 500):
            await reader.hears(*events[first : first + 500])
        assert not await reader.parked()
        return said[:-1]  # without that look


@asynccontextmanager
async def _identification(
    servers: Servers,
) -> AsyncIterator[tuple[httpx.AsyncClient, list[str], Issuer]]:
    """The app without its workers, but for the writer, so that only the request is counted."""
    async with (
        issuer() as tokens,
        database(servers.postgres, "identification") as made,
        overheard(made.url) as (pool, said),
    ):
        settings = IdentificationSettings(
            port=0,
            database_url=made.url,
            kafka_bootstrap_servers=servers.kafka,
            issuer=tokens.url,
            jwks_url=tokens.jwks_url,
            statement_key=STATEMENT_KEY,
            profile="development",
            vault_key=b64encode(b"v" * 32).decode(),
            blind_index_key=b64encode(b"i" * 32).decode(),
            policy_file=POLICY_FILE,
        )
        app = identification.build(settings)
        await laid(pool, made.url, read_model.TABLES, vault.TABLES + unmatched.TABLES)
        engine = engine_of(made.url)
        writer = Writer(pool, identification.STORE)
        continuity = Continuity("identification", servers.kafka, pool, accept=True)
        app.state.runtime = Runtime(settings, Clock(), pool, engine, writer, None, continuity)
        known = as_book(in_file(POLICY_FILE, Clock().today()))
        keys = Vault(settings.vault_key, settings.blind_index_key)
        app.state.wired = Wired(
            app.state.runtime,
            keys,
            known,
            register.regions(pool),
            test_numbers=True,
            store=identification.STORE,
        )
        transport = httpx.ASGITransport(app)
        async with (
            at_work(writer.run()),
            httpx.AsyncClient(transport=transport, base_url="http://test") as client,
        ):
            yield client, said, tokens
        await engine.dispose()

"""What if the line were another, over every household of a county (S8.1-01)?"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date

from common.intents import Connection
from common.testing import read_model
from identification import vault
from identification.domain.policy import Policy
from identification.domain.screening import Moved, compare
from identification.read_model import TABLES, screening
from services.identification.tests.story import POLICY
from tests.bench.bench import Bench
from tests.bench.figures import Figure

COUNTY = 110_000  # rural households of the county
DAY = date(2025, 6, 3)
TIME = "ms"

# A tenth are 脱贫户; incomes lie around the line and are known of two years; every third household has
# settlements of the year, and every tenth one relief, a claim, a loan and a child at school.
LAY = """
insert into read.household (household_id, register_number, region, category, marginal_2019, persons,
    has_labour, status, origin, stage, risk_types, version)
select md5('h' || n)::uuid, 'W-' || n, '4416241' || lpad((n % 17)::text, 2, '0') || '201',
    case when n % 10 = 0 then 'FORMERLY_POOR' else 'GENERAL' end, false, 4, n % 7 > 0, 'ACTIVE', 'TOWN',
    'NONE', '{}', 1 from generate_series(1, $1::int) as n;
"""
LAY_INCOMES = """
insert into read.income (assessment_id, event_id, first_told, household_id, window_to, assessed_on,
    members, disposable_fen, net_fen, reference_fen, operating_fen)
select md5('a' || n || year)::uuid, md5('e' || n || year)::uuid, md5('e' || n || year)::uuid,
    md5('h' || n)::uuid, make_date(year, 5, 31), make_date(year, 6, 1), 4, 4000000 + n % 1000 * 1000, 4000000, 4000000, 0
from generate_series(1, $1::int) as n, generate_series(2024, 2025) as year;
"""
LAY_FACTS = """
insert into read.fact (fact_key, record_version, content, event_id, household_id, person_id, fact_type,
    detected_on, amount, codes, current)
select decode(md5('k' || n), 'hex'), 1, '', md5('f' || n)::uuid, md5('h' || n)::uuid, md5('p' || n)::uuid,
    'MedicalSettlement', '2025-01-01', 1000 * (n % 2000), '', true
from generate_series(3, $1::int, 3) as n;
"""
LAY_OTHERS = """
insert into read.fact (fact_key, record_version, content, event_id, household_id, person_id, fact_type,
    detected_on, amount, codes, current)
select decode(md5(kind || n), 'hex'), 1, '', md5('f' || kind || n)::uuid, md5('h' || n)::uuid,
    md5('p' || n)::uuid, kind, '2025-02-01', amount, codes, true
from generate_series(2, $1::int, 10) as n, (values
    ('TemporaryRelief', 400000, ''), ('InsuranceClaim', 900000, 'ILLNESS_CLAIM'),
    ('Microcredit', 20, 'OVERDUE'), ('EnrolmentStatus', null, 'SPRING,ENROLLED'))
    as said (kind, amount, codes);
"""


@asynccontextmanager
async def county(postgres: str, households: int) -> AsyncIterator[Connection]:
    """A connection to a register of so many households with incomes and settlements."""
    async with (
        read_model(postgres, "identification", TABLES, vault.TABLES) as pool,
        pool.acquire() as connection,
    ):
        for statement in (LAY, LAY_INCOMES, LAY_FACTS, LAY_OTHERS):
            await connection.execute(statement, households, timeout=300)
        await connection.execute("analyze")
        yield connection


async def asked(connection: Connection) -> tuple[int, list[Moved], list[Moved]]:
    """The line at 11,400 yuan in place of 10,800: how many were looked at, who enters, who leaves."""
    then: Policy = replace(POLICY, income_line_fen=1_140_000)
    households = await screening.of_area(connection, "441624", DAY)
    return len(households), *compare(households, lambda _: POLICY, lambda _: then)


async def run(bench: Bench) -> None:
    """Every household of the county under two lines; the database's share is the query alone."""
    if not bench.wants("what-if"):
        return
    print("What if")
    async with (
        bench.servers("what-if") as (given, _, _),
        county(given.postgres, bench.sizes.register) as connection,
    ):

        async def ours() -> float:
            started = time.perf_counter()
            await asked(connection)
            return (time.perf_counter() - started) * 1_000

        found = await bench.compare(f"{bench.sizes.register:,} households", ours=ours)
    bench.found(
        Figure(
            name=f"what-if over {bench.sizes.register:,} households",
            value=found["ours"],
            unit=TIME,
            below=10_000,
        )
    )

"""Re-screening and what-if judge every rule whose parameters can be judged by how things stand (A48)."""

import inspect
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from contracts.fact_codes import FactCode, FactType
from identification.domain.findings import Counted
from identification.domain.rulebook import FACT_RULES
from identification.domain.screening import STANDING, Screened, compare
from identification.read_model import rules, screening
from services.identification.tests.seen import CHILD, GENERAL, HEAD, HOUSEHOLD, fact, income
from services.identification.tests.story import POLICY

C, T = FactCode, FactType


def screened(*facts: Counted, **change: Any) -> Screened:
    """A general household of the two whom rules are tested with, at 12,000 yuan a head."""
    home = Screened(
        household_id=UUID(int=1),
        register_number="P-1",
        region=GENERAL.region,
        category=GENERAL.category,
        marginal_2019=False,
        stage="NONE",
        has_labour=True,
        incomes=(income(4_800_000),),
        own_cost_fen=0,
        owns=False,
        facts=facts,
        persons=HOUSEHOLD.persons,
    )
    return replace(home, **change)


BEFORE = income(6_000_000, window_to=date(2023, 2, 28), event_id=UUID(int=78))
CASES: list[tuple[str, dict[str, Any], Screened]] = [
    ("INCOME-LINE", {"income_line_fen": 1_200_000}, screened(category=HOUSEHOLD.category)),
    ("INCOME-FALL", {"income_fall_percent": 20}, screened(incomes=(income(4_800_000), BEFORE))),
    (
        "MEDICAL-OWN-COST",
        {"medical_threshold_general_fen": 900_000},
        screened(own_cost_fen=900_000),
    ),
    (
        "SCHOOLING-COST",
        {"schooling_cost_fen": 800_000},
        screened(
            fact(T.SCHOOLING_COST, amount=500_000, number=1),
            fact(T.SCHOOLING_COST, amount=300_000, on=date(2023, 9, 1), number=2),
        ),
    ),
    (
        "UNIVERSITY-ENTRANT",
        {"entrant_line_percent": 130},
        screened(fact(T.HIGHER_EDUCATION, person=CHILD), incomes=(income(5_600_000),)),
    ),
    (
        "PROTECTION-STOPPED",
        {"income_line_fen": 1_200_000},
        screened(fact(T.SOCIAL_PROTECTION, C.SUBSISTENCE, C.ENDED)),
    ),
    ("LARGE-RELIEF", {"relief_fen": 400_000}, screened(fact(T.TEMPORARY_RELIEF, amount=400_000))),
    ("LARGE-CLAIM", {"claim_fen": 900_000}, screened(fact(T.INSURANCE_CLAIM, amount=900_000))),
    (
        "CROP-LOSS",
        {"crop_loss_percent": 20},
        screened(
            fact(T.CROP_LOSS, amount=200_000), incomes=(income(4_800_000, operating_fen=1_000_000),)
        ),
    ),
    (
        "LOAN-OVERDUE",
        {"loan_overdue_days": 14},
        screened(fact(T.MICROCREDIT, C.OVERDUE, amount=15)),
    ),
    (
        "DROPOUT",
        {"school_age_to": 54},
        screened(fact(T.ENROLMENT, C.SPRING, C.DROPOUT, person=HEAD)),
    ),
]


@pytest.mark.parametrize(("rule", "change", "household"), CASES, ids=[case[0] for case in CASES])
def test_A48_each_rule_with_parameters_says_who_enters_and_who_leaves(
    rule: str, change: dict[str, Any], household: Screened
) -> None:
    now, then = POLICY, replace(POLICY, **change)
    entering, leaving = compare([household], lambda _: now, lambda _: then)
    assert ([moved.finding.rule_id for moved in entering], leaving) == ([rule], [])
    entering, leaving = compare([household], lambda _: then, lambda _: now)
    assert (entering, [moved.finding.rule_id for moved in leaving]) == ([], [rule])


def test_A48_every_rule_over_facts_that_reads_a_parameter_is_screened() -> None:
    """A rule whose body names the policy; own medical cost is added up, not looked at one by one."""
    reading = {
        rule.hears
        for rule in FACT_RULES
        if "policy" in inspect.getsource(rule.find).split("Finding | None:", 1)[1]
    }
    assert reading - {T.MEDICAL_SETTLEMENT} == set(STANDING)
    assert {rule.id for rule in FACT_RULES if rule.hears in STANDING} - {
        "PROTECTION-GRANTED"  # reads none, and hears the same facts
    } <= {case[0] for case in CASES}


@pytest.fixture
async def read(read: asyncpg.Connection) -> asyncpg.Connection:
    """The tables of the read model with one household of two persons."""
    await read.execute(
        """
        insert into read.household (household_id, register_number, region, category,
            marginal_2019, persons, has_labour, status, origin, stage, risk_types, version)
        values (md5('home')::uuid, 'S-1', '441624108201', 'GENERAL', false, 2, true, 'ACTIVE',
            'TOWN', 'NONE', '{}', 1);
        insert into read.member (household_id, person_id, relation, sex, born_on,
            labour_capacity, health, schooling, restricted, without_number)
        select md5('home')::uuid, md5(who)::uuid, relation, 'MALE', born::date, labour, 'HEALTHY',
            'NOT_IN_SCHOOL', false, false
        from (values ('head', 'HEAD', '1970-01-01', 'ORDINARY'),
            ('child', 'CHILD', '2012-08-31', 'NONE')) as m (who, relation, born, labour);
        """
    )
    return read


async def put(read: asyncpg.Connection, key: str, kind: FactType, on: str, codes: str = "") -> None:
    """A fact about the person before the dash of its key: 100 of whatever it counts."""
    await read.execute(
        """
        insert into read.fact (fact_key, record_version, content, event_id, household_id, person_id,
            fact_type, detected_on, amount, codes, current)
        values (decode(md5($1), 'hex'), 1, '', md5($1)::uuid, md5('home')::uuid,
            md5(split_part($1, '-', 1))::uuid, $2, $3, 100, $4, true)
        """,
        key,
        kind.value,
        date.fromisoformat(on),
        codes,
    )


async def standing(read: asyncpg.Connection, on: str = "2024-03-31") -> list[tuple[str, str]]:
    """Type and day of each fact that stands."""
    (home,) = await screening.of_area(read, "441624", date.fromisoformat(on))
    return sorted((f.fact_type.value, f.detected_on.isoformat()) for f in home.facts)


async def test_A48_amounts_stand_for_a_year_and_school_costs_for_the_school_year(
    read: asyncpg.Connection,
) -> None:
    for key, kind, on in [
        ("head-1", T.TEMPORARY_RELIEF, "2023-04-01"),
        ("head-2", T.TEMPORARY_RELIEF, "2023-04-02"),
        ("head-3", T.TEMPORARY_RELIEF, "2024-04-01"),
        ("head-4", T.SCHOOLING_COST, "2023-08-31"),
        ("head-5", T.SCHOOLING_COST, "2023-09-01"),
        ("head-6", T.MEDICAL_SETTLEMENT, "2024-03-01"),
    ]:
        await put(read, key, kind, on)
    assert await standing(read) == [
        ("SchoolingCost", "2023-09-01"),
        ("TemporaryRelief", "2023-04-02"),
    ]
    await read.execute("update read.fact set current = false where fact_type = 'TemporaryRelief'")
    assert await standing(read) == [("SchoolingCost", "2023-09-01")]


async def test_A48_of_what_goes_on_the_latest_word_stands(read: asyncpg.Connection) -> None:
    await put(read, "head-1", T.MICROCREDIT, "2022-05-01", "OVERDUE")
    await put(read, "head-2", T.ENROLMENT, "2024-03-01", "SPRING,DROPOUT")
    await put(read, "child-1", T.ENROLMENT, "2024-02-01", "SPRING,DROPOUT")
    overdue, dropouts = ("Microcredit", "2022-05-01"), ("EnrolmentStatus", "2024-03-01")
    assert await standing(read) == [("EnrolmentStatus", "2024-02-01"), dropouts, overdue]
    await put(read, "child-2", T.ENROLMENT, "2024-03-02", "SPRING,ENROLLED")
    assert await standing(read) == [dropouts, overdue]
    await put(read, "head-3", T.MICROCREDIT, "2024-03-03", "REPAID")
    assert await standing(read) == [dropouts]
    assert overdue in await standing(read, "2024-03-02")


async def test_A48_what_may_not_be_used_does_not_stand(read: asyncpg.Connection) -> None:
    await put(read, "head-1", T.TEMPORARY_RELIEF, "2024-03-01")
    await put(read, "child-1", T.INSURANCE_CLAIM, "2024-03-01", "ILLNESS_CLAIM")
    await read.execute("insert into vault.restricted (person_id) values (md5('child')::uuid)")
    assert await standing(read) == [("TemporaryRelief", "2024-03-01")]


@pytest.mark.parametrize(
    ("said", "owns"),
    [
        ([("head-1", "2024-01-01", "STARTED")], True),
        ([("head-1", "2024-01-01", "STARTED"), ("head-2", "2024-01-02", "ENDED")], False),
        ([("head-1", "2024-01-01", "ENDED"), ("head-2", "2024-01-02", "STARTED")], True),
        # One is sold and another one bought.
        ([("head-1", "2024-01-01", "ENDED"), ("head-2", "2024-01-01", "STARTED")], True),
        ([("head-1", "2024-01-01", "STARTED"), ("head-2", "2024-01-01", "ENDED")], True),
        ([("head-1", "2024-01-01", "ENDED"), ("child-1", "2024-01-01", "STARTED")], True),
        ([("gone-1", "2024-01-01", "STARTED")], False),  # who had it is no member any more
    ],
)
async def test_S8101_what_is_in_a_member_s_name_counts_in_a_rule_as_in_a_screening(
    read: asyncpg.Connection, said: list[tuple[str, str, str]], owns: bool
) -> None:
    for key, on, codes in said:
        await put(read, key, T.VEHICLE, on, codes)
    (home,) = await screening.of_area(read, "441624", date(2024, 3, 31))
    known = await rules.households(read, [home.household_id], owning=True)
    assert (home.owns, known[home.household_id].owns) == (owns, owns)


async def test_A48_the_twelve_months_before_are_looked_at_too(read: asyncpg.Connection) -> None:
    for window_to, fen in [("2023-02-28", 9), ("2023-01-31", 8), ("2024-02-29", 7)]:
        await read.execute(
            """
            insert into read.income (assessment_id, event_id, first_told, household_id, window_to,
                assessed_on, members, disposable_fen, net_fen, reference_fen, operating_fen)
            values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), md5('home')::uuid, $1, $1,
                2, $2, 0, 0, 0)
            """,
            date.fromisoformat(window_to),
            fen,
        )
    (home,) = await screening.of_area(read, "441624", date(2024, 3, 31))
    assert [seen.disposable_fen for seen in home.incomes] == [7, 9]
    assert home.persons == ()
    await put(read, "head-1", T.TEMPORARY_RELIEF, "2024-03-01")
    (home,) = await screening.of_area(read, "441624", date(2024, 3, 31))
    assert sorted(p.born_on for p in home.persons) == [date(1970, 1, 1), date(2012, 8, 31)]

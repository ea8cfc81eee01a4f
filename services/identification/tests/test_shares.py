"""The shares of S1.1-06, who was missed (S2-05) and the days of S2-06, counted by hand."""

from datetime import date

import asyncpg

from common.shares import Fault
from identification.read_model import coverage

DAY = date(2024, 12, 31)
CASE = """
insert into read.case_file (case_id, household_id, region, stage, stage_since, outcome, ended_on,
    risk_types, discovered_on, due_on, warned, missed, consent, comparison_open, objections, unhandled,
    episode_id, episode_no, has_labour, confirmed_on, elapsed_days, late,
    target_missed)
select gen_random_uuid(), md5($1)::uuid, '441624108201', 'MONITORED', $2::date, $4, $5, '{}', $2::date,
    $2::date, false, false, 'SIGNED', false, 0, 0, gen_random_uuid(), $3, true, $2::date + $6::int,
    $6::int, $6::int > 15, false
"""

HOUSEHOLD = """
insert into read.household (household_id, register_number, region, category, marginal_2019, persons,
    has_labour, status, origin, stage, risk_types, version)
values (md5($1)::uuid, $1, '441624108201', 'FORMERLY_POOR', false, 4, true, 'ACTIVE', 'TOWN', 'NONE',
    '{}', 1)
"""
SOURCE = """
insert into read.water_source (source_id, label, kind, region, served_count, valid_to, qualified, faults,
    due, expired, version)
values (md5($1)::uuid, $1, 'CENTRAL', '441624108201', 1, $2, $3, '', false, false, 1)
"""
OF_HOUSEHOLD = """
insert into read.clue (clue_id, household_id, case_id, region, channel, risk_types, severity,
    discovered_on, due_on, status)
values (gen_random_uuid(), md5($1)::uuid, md5($1)::uuid, '441624108201', 'CADRE_SCREENING', '{}',
    'YELLOW', $3, $3, $2)
"""
INCOME = """
insert into read.income (assessment_id, event_id, first_told, household_id, window_to, assessed_on,
    members, disposable_fen, net_fen, reference_fen, operating_fen)
values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), md5($1)::uuid, $2, $2, 4, $3, 0, 0, 0)
"""
CLUE = """
insert into es.events (stream, version, event_id, type, schema_version, occurred_at, recorded_at, actor,
    region, correlation_id, classification, data, prev_hash,
    hash)
values ('household-' || md5($1)::uuid, 1, gen_random_uuid(), 'RiskDetected', 1, now(), now(), '{}',
    '441624108201', gen_random_uuid(), 'RESTRICTED', '{}', sha256(''), sha256('{}'))
"""


async def test_S1106_every_clue_that_nobody_handled_is_counted_and_late_only_before_the_decision(
    read: asyncpg.Connection,
) -> None:
    for name, stage in (("open", "VERIFYING"), ("seen", "MONITORED"), ("left", "CLUE_OPEN")):
        await read.execute(HOUSEHOLD, name)
        await read.execute(
            "update read.household set stage = $2, status = $3 where register_number = $1",
            name,
            stage,
            "MERGED" if name == "left" else "ACTIVE",
        )
    for name, status in (
        *(("open", "OPEN"), ("open", "OPEN"), ("open", "WITHDRAWN")),
        *(("seen", "OPEN"), ("seen", "TAKEN_UP"), ("left", "OPEN")),
    ):
        await read.execute(OF_HOUSEHOLD, name, status, date(2024, 3, 16))
    late = {"open_clues": 3, "overdue_clues": 2, "monitored": 1}
    assert await coverage.inclusion(read, "441624", DAY) == late
    in_time = await coverage.inclusion(read, "441624", date(2024, 3, 16))
    assert in_time == late | {"overdue_clues": 0}
    assert await coverage.inclusion(read, "441625", DAY) == dict.fromkeys(late, 0)


async def episode(
    read: asyncpg.Connection,
    household: str,
    discovered_on: date,
    number: int,
    *,
    ended: date | None = None,
    outcome: str = "ELIMINATED",
    days: int = 10,
) -> None:
    """One episode of a household, confirmed so many days after its discovery."""
    how = outcome if ended else None
    await read.execute(CASE, household, discovered_on, number, how, ended, days)


async def test_S1106_who_is_confirmed_again_within_twelve_months_of_the_elimination(
    read: asyncpg.Connection,
) -> None:
    for household, again in [
        ("on the last day", date(2024, 3, 1)),
        ("a day late", date(2024, 3, 2)),
        ("never", None),
    ]:
        await episode(read, household, date(2022, 1, 1), 1, ended=date(2023, 3, 1))
        if again:
            await episode(read, household, again, 2, days=0)
    await episode(
        read, "cancelled", date(2022, 1, 1), 1, ended=date(2023, 3, 1), outcome="CANCELLED"
    )
    await episode(read, "cancelled", date(2023, 4, 1), 2)
    assert await coverage.reidentified(read, "441624", DAY) == (1, 3)
    assert await coverage.reidentified(read, "441624", date(2024, 2, 29)) == (0, 3)
    assert await coverage.reidentified(read, "441624", date(2023, 2, 28)) == (0, 0)
    assert await coverage.reidentified(read, "441602", DAY) == (0, 0)


async def test_S1307_a_household_is_served_well_by_all_its_sources_or_not_at_all(
    read: asyncpg.Connection,
) -> None:
    served = {
        "valid": ["good"],
        "stale": ["old"],
        "failed": ["bad"],
        "never tested": ["new"],
        "no source": [],
        "one of two": ["good", "bad"],
        "moved out": ["good"],
    }
    for source, valid_to, qualified in [
        ("good", DAY, True),
        ("old", date(2024, 12, 30), True),
        ("bad", DAY, False),
        ("new", None, None),
    ]:
        await read.execute(SOURCE, source, valid_to, qualified)
    for household, sources in served.items():
        await read.execute(HOUSEHOLD, household)
        for source in sources:
            await read.execute(
                "insert into read.water_served values (md5($1)::uuid, md5($2)::uuid)",
                source,
                household,
            )
    await read.execute(
        "update read.household set status = 'MOVED_OUT' where register_number = 'moved out'"
    )
    assert await coverage.water(read, "441624", DAY) == (6, 1)
    await read.execute("update read.household set category = 'GENERAL', stage = 'ELIM_VERIFYING'")
    assert await coverage.water(read, "441624", DAY) == (6, 1)
    await read.execute("update read.household set stage = 'ELIMINATED'")
    assert await coverage.water(read, "441624", DAY) == (0, 0)


async def test_S205_who_is_within_the_line_and_never_had_a_case_is_counted(
    read: asyncpg.Connection,
) -> None:
    for household, total, clue in [
        ("below", 4_319_999, False),
        ("on the line", 4_320_000, False),
        ("above", 4_320_001, False),
        ("had a case", 4_319_999, True),
    ]:
        await read.execute(HOUSEHOLD, household)
        await read.execute(INCOME, household, date(2024, 5, 31), total)
        if clue:
            await read.execute(CLUE, household)
    await read.execute(INCOME, "above", date(2023, 5, 31), 1)
    line, basis = 1_080_000, "DISPOSABLE"
    assert await coverage.missed(read, "441624", line, False, basis) == 2
    assert await coverage.missed(read, "441624", line, True, basis) == 1
    assert await coverage.missed(read, "441602", line, False, basis) == 0


async def test_S206_nine_of_ten_are_confirmed_within_so_many_days(read: asyncpg.Connection) -> None:
    for days in range(1, 11):
        await episode(read, f"h{days}", date(2024, 6, 1), 1, days=2 * days)
    await episode(read, "the year before", date(2023, 12, 1), 1, days=30)
    assert await coverage.days_to_confirmation(read, "441624", DAY) == {
        "confirmed": 10,
        "late": 3,
        "median_days": 10,
        "p90_days": 18,
        "longest_days": 20,
    }


def test_one_household_that_came_back_is_never_rounded_away() -> None:
    assert Fault(1, 100_000).percent == "0.01"
    assert Fault(0, 100_000).percent == "0.00"
    assert Fault(0, 0).percent == "0.00"
    assert Fault(3, 3).percent == "100.00"

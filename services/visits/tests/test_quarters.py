"""Who has the duties of a quarter as it begins: each 脱贫户 on the register (S1.1-04), each monitored household
(S1.1-04, S1.1-08), and what becomes of them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from common.ids import new_id
from common.intents import Connection
from common.policies import Policies
from contracts.codes import Category, Deregistration
from contracts.envelope import Envelope
from contracts.households import HouseholdAbsorbed, HouseholdDeregistered
from services.visits.tests.given import (
    HOUSEHOLD_ID,
    MOVED,
    POLICY,
    confirmed,
    corrected,
    registered,
    told,
)
from services.visits.tests.test_leaving import CLOSED, ELIMINATED, REVOKED
from services.visits.tests.test_months import Office, office
from services.visits.tests.test_taking_over import taken_over
from visits import months
from visits.main import STORE
from visits.months import open_due

__all__ = ["office"]  # a fixture

POOR, GENERAL = Category.FORMERLY_POOR, Category.GENERAL
FIRST, SECRETARY = "QUARTER_FIRST_MONTH_VISIT", "SECRETARY_QUARTERLY_VISIT"
MARCH = datetime(2024, 3, 1, 4, tzinfo=UTC)
JANUARY, APRIL, JULY, OCTOBER = (date(2024, month, 1) for month in (1, 4, 7, 10))
OFF = HouseholdDeregistered(
    household_id=HOUSEHOLD_ID, reason=Deregistration.ALL_DECEASED, effective_on=date(2024, 4, 20)
)
ABSORBED = HouseholdAbsorbed(
    household_id=HOUSEHOLD_ID,
    survivor_id=new_id(),
    members=[],
    co_living_count=1,
    effective_on=date(2024, 4, 20),
    case=None,
)
GENERAL_NOW, POOR_NOW = (corrected(to, date(2024, 4, 20)) for to in (GENERAL, POOR))


def poor(on: date = date(2024, 3, 1), recorded_at: datetime = MARCH, **changes: Any) -> Envelope:
    return registered(POOR, on, recorded_at=recorded_at, **changes)


async def test_S1104_each_formerly_poor_household_has_a_duty_in_the_first_month_of_each_quarter(
    office: Office,
) -> None:
    one, general = poor(), registered(recorded_at=MARCH)
    await office.hears(one, general)
    await office.begins(date(2024, 3, 31))
    assert await office.duties(one, FIRST) == []
    for day in (APRIL, date(2024, 4, 30), date(2024, 6, 30)):
        await office.begins(day)
        assert await office.duties(one, FIRST) == [(APRIL, "OPEN")]
    await office.begins(JULY)
    assert await office.duties(one, FIRST) == [(APRIL, "OPEN"), (JULY, "OPEN")]
    for other in ("MONTHLY_VISIT", SECRETARY):
        assert await office.duties(one, other) == []
    assert await office.duties(general, FIRST) == []
    rows = await office.connection.fetch(
        "select occurred_at, region, policy_version, data->>'due_on' as due_on from es.readable "
        "where household_id = $1 order by version",
        one.household_id,
    )
    assert [row["due_on"] for row in rows] == ["2024-04-30", "2024-07-31"]
    assert rows[1]["occurred_at"] == datetime(2024, 6, 30, 16, tzinfo=UTC)
    assert (rows[1]["region"], rows[1]["policy_version"]) == (one.region, "44-16-24/2024/1")


async def test_S1104_S1108_a_monitored_household_has_both_and_a_formerly_poor_one_is_visited_once(
    office: Office,
) -> None:
    general, both = registered(recorded_at=MARCH), poor()
    await office.hears(general, both)
    await office.hears(*(confirmed(one, date(2024, 3, 5)) for one in (general, both)))
    await office.begins(APRIL)
    for one in (general, both):
        assert await office.duties(one, FIRST) == [(APRIL, "OPEN")]
        assert await office.duties(one, SECRETARY) == [(APRIL, "OPEN")]  # 27 days of March: none


async def test_S1108_the_quarter_of_the_confirmation_is_due_from_thirty_days_on(
    office: Office,
) -> None:
    first, late = registered(), registered()
    await office.hears(first, confirmed(first, date(2024, 6, 1)))
    await office.hears(late, confirmed(late, date(2024, 6, 2)))
    assert await office.duties(first, SECRETARY) == [(APRIL, "OPEN")]
    assert await office.duties(first, FIRST) == []  # April was over
    assert await office.duties(late, SECRETARY) == []
    await office.begins(JULY)
    for one, found in ((first, [(APRIL, "OPEN"), (JULY, "OPEN")]), (late, [(JULY, "OPEN")])):
        assert await office.duties(one, SECRETARY) == found
        assert await office.duties(one, FIRST) == [(JULY, "OPEN")]


@pytest.mark.parametrize(
    ("on", "recorded", "found"),
    [
        (date(2024, 4, 1), datetime(2024, 4, 1, 4, tzinfo=UTC), [APRIL, JULY]),
        (date(2024, 4, 2), datetime(2024, 4, 2, 4, tzinfo=UTC), [JULY]),  # not on the first
        (date(2020, 4, 1), datetime(2024, 4, 30, 4, tzinfo=UTC), [APRIL, JULY]),
        (date(2020, 4, 1), datetime(2024, 5, 2, 4, tzinfo=UTC), [JULY]),  # nothing is made up
    ],
)
async def test_S1104_who_is_on_the_register_on_the_first_day_is_due_and_no_quarter_before_it_was_told(
    office: Office, on: date, recorded: datetime, found: list[date]
) -> None:
    one = poor(on, recorded)
    await office.hears(one)
    await office.begins(date(2024, 6, 1))
    await office.begins(JULY)
    assert await office.duties(one, FIRST) == [(day, "OPEN") for day in found]


async def test_S1104_S1108_missed_quarters_are_made_up(office: Office) -> None:
    one, second = poor(), registered()
    await office.hears(one, second, confirmed(second, date(2024, 2, 1)))
    await office.begins(date(2024, 10, 2))
    quarters = [(day, "OPEN") for day in (APRIL, JULY, OCTOBER)]
    assert await office.duties(one, FIRST) == quarters
    assert await office.duties(second, FIRST) == quarters
    assert await office.duties(second, SECRETARY) == [(JANUARY, "OPEN"), *quarters]


async def test_S1104_S1108_quarters_missed_before_the_household_left_are_made_up(
    office: Office,
) -> None:
    """No process was at work from March on; the end is the first that is heard of."""
    one, second = poor(), registered()
    monitored = confirmed(second, date(2024, 3, 1))
    await office.hears(one, second, monitored)
    gone = told(replace(ELIMINATED, eliminated_on=date(2024, 7, 20)), monitored)
    await office.hears(told(replace(OFF, effective_on=date(2024, 7, 20)), one), gone)
    missed = [(APRIL, "OPEN"), (JULY, "CANCELLED")]
    assert await office.duties(one, FIRST) == missed
    assert await office.duties(second, FIRST) == missed
    assert await office.duties(second, SECRETARY) == [(JANUARY, "OPEN"), *missed]


@pytest.mark.parametrize(
    ("today", "first_month"), [(date(2024, 4, 30), [(APRIL, "OPEN")]), (date(2024, 5, 1), [])]
)
async def test_S1104_S1108_whom_a_version_before_knew_has_the_duties_of_the_current_quarter(
    office: Office, today: date, first_month: list[tuple[date, str]]
) -> None:
    """It knew of no quarter. The first month of one is due while it is not over, nothing before it ever."""
    one, second = poor(), registered()
    await office.hears(one, second, confirmed(second, date(2024, 1, 1)))
    await office.connection.execute("delete from read.asked_quarter")
    await office.begins(today)
    assert await office.duties(one, FIRST) == first_month
    assert await office.duties(second, FIRST) == [(JANUARY, "OPEN"), *first_month]
    assert await office.duties(second, SECRETARY) == [(JANUARY, "OPEN"), (APRIL, "OPEN")]
    await office.begins(JULY)
    assert (await office.duties(one, FIRST))[-1] == (JULY, "OPEN")


@pytest.mark.parametrize("end", [OFF, ABSORBED, GENERAL_NOW], ids=lambda end: type(end).__name__)
async def test_A29_S1104_who_is_no_formerly_poor_household_any_more_is_not_due(
    office: Office, end: Any
) -> None:
    one = poor()
    await office.hears(one)
    await office.begins(APRIL)
    await office.hears(told(end, one))
    await office.begins(JULY)
    assert await office.duties(one, FIRST) == [(APRIL, "CANCELLED")]


async def test_S1104_who_moves_inside_the_county_stays_and_the_new_town_has_the_next_quarter(
    office: Office,
) -> None:
    one = poor()
    await office.hears(one)
    await office.begins(APRIL)
    await office.hears(told(MOVED, one))
    await office.begins(JULY)
    assert await office.duties(one, FIRST) == [(APRIL, "OPEN"), (JULY, "OPEN")]
    region = await office.connection.fetchval(
        "select responsible_region from read.obligation where household_id = $1 and period_from = $2",
        one.household_id,
        JULY,
    )
    assert region == MOVED.to_region


async def test_S1104_who_becomes_one_later_in_the_month_is_due_from_the_next_quarter(
    office: Office,
) -> None:
    one = registered(recorded_at=MARCH)
    await office.hears(one, told(POOR_NOW, one))
    await office.begins(date(2024, 4, 30))
    assert await office.duties(one, FIRST) == []
    await office.begins(JULY)
    assert await office.duties(one, FIRST) == [(JULY, "OPEN")]


async def test_S1104_after_an_elimination_a_formerly_poor_household_keeps_its_quarterly_visit(
    office: Office,
) -> None:
    one, general = poor(), registered(recorded_at=MARCH)
    both = [confirmed(one, date(2024, 3, 5)), confirmed(general, date(2024, 3, 5))]
    await office.hears(one, general, *both)
    await office.begins(APRIL)
    await office.hears(*(told(ELIMINATED, before) for before in both))
    assert await office.duties(one, FIRST) == [(APRIL, "OPEN")]
    assert await office.duties(general, FIRST) == [(APRIL, "CANCELLED")]
    for household in (one, general):
        assert await office.duties(household, SECRETARY) == [(APRIL, "CANCELLED")]
    await office.begins(JULY)
    assert await office.duties(one, FIRST) == [(APRIL, "OPEN"), (JULY, "OPEN")]
    assert await office.duties(general, FIRST) == [(APRIL, "CANCELLED")]


async def test_S1104_a_monitored_household_that_is_no_formerly_poor_one_any_more_keeps_it_too(
    office: Office,
) -> None:
    one = poor()
    monitored = confirmed(one, date(2024, 4, 15))
    await office.hears(one, monitored)
    general = told(GENERAL_NOW, monitored)
    await office.hears(general)
    assert await office.duties(one, FIRST) == [(APRIL, "OPEN")]
    off = told(OFF, general)
    await office.hears(off, told(CLOSED, off))
    assert await office.duties(one, FIRST) == [(APRIL, "CANCELLED")]


async def test_A47_S1108_a_revoked_elimination_is_of_the_same_quarter_with_all_its_days(
    office: Office,
) -> None:
    one = registered()
    monitored = confirmed(one, date(2024, 4, 1))
    gone = told(replace(ELIMINATED, eliminated_on=date(2024, 4, 21)), monitored)
    back = told(replace(REVOKED, revoked_on=date(2024, 6, 21)), gone)
    await office.hears(one, monitored, gone)
    assert await office.duties(one, SECRETARY) == [(APRIL, "CANCELLED")]
    await office.hears(back)  # 20 days before, 10 from now on
    assert await office.duties(one, SECRETARY) == [(APRIL, "OPEN")]
    assert await office.duties(one, FIRST) == [(APRIL, "CANCELLED")]


async def test_A54_S1108_the_survivor_of_a_merger_has_the_quarter_s_duty(office: Office) -> None:
    survivor = registered()
    over = replace(taken_over(), from_household_id=new_id())
    merged = datetime(2024, 6, 9, 16, tzinfo=UTC)
    await office.hears(survivor, told(over, survivor, occurred_at=merged))
    assert await office.duties(survivor, SECRETARY) == [(APRIL, "OPEN")]


async def test_S1104_S1108_a_town_may_have_no_such_duties(connection: Connection) -> None:
    """The county asks for all of them; one town for neither."""
    town = replace(POLICY, version="town", region="441624109", secretary_quarterly=False)
    town = replace(town, quarter_first_month=False)
    everything = Policies((POLICY, town))
    office = Office(connection, everything)
    here, there = poor(), poor(region="441624109201")
    await office.hears(here, confirmed(here, date(2024, 3, 5)))
    await office.hears(there, confirmed(there, date(2024, 3, 5)))
    while await open_due(connection, STORE, everything, APRIL):
        pass
    for kind, due in ((FIRST, 1), (SECRETARY, 1), ("MONTHLY_VISIT", 2)):
        assert len(await office.duties(here, kind)) == due
    assert await office.duties(there, FIRST) == await office.duties(there, SECRETARY) == []
    assert len(await office.duties(there)) == 2


async def test_S1104_a_household_without_a_policy_does_not_stand_in_the_way_of_the_others(
    office: Office,
) -> None:
    one, elsewhere = poor(), poor(region="110101001001")
    await office.hears(one, elsewhere)
    await office.begins(APRIL)
    assert await office.duties(one, FIRST) == [(APRIL, "OPEN")]
    assert await office.duties(elsewhere, FIRST) == []


async def test_S1104_a_batch_of_households_costs_a_handful_of_statements(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever opens duties one by one multiplies this number by a hundred."""
    monkeypatch.setattr(months, "BATCH", 100_000)
    office = Office(connection)
    await office.begins(APRIL)  # of all that other tests left behind
    await office.hears(*(poor() for _ in range(300)))
    said = list[str]()
    with connection.query_logger(lambda logged: said.append(logged.query)):
        while await open_due(connection, STORE, office.policies, JULY):
            pass
    assert len(said) <= 40, said

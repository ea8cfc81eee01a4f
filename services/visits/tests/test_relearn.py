"""What visits keeps of what it heard, folded anew from Kafka by the program that operators run."""

from dataclasses import replace
from datetime import date
from typing import Any

import asyncpg
import pytest

from common.ids import new_id
from common.service import Runtime
from common.shape import fits, other_shapes
from common.testing import eventually
from contracts.codes import Category
from contracts.persons import ProcessingRestricted, RestrictionReason
from services.visits.tests.given import HOUSEHOLD_ID, MOVED, confirmed, registered, told
from services.visits.tests.programs import program
from services.visits.tests.test_api import Desk, desk
from services.visits.tests.test_focus import LOW_INCOME
from services.visits.tests.test_leaving import ELIMINATED
from services.visits.tests.test_taking_over import taken_over
from visits.read_model import HEARD, TABLES

__all__ = ["desk"]  # a fixture


async def test_what_was_heard_and_then_damaged_is_there_again_and_nothing_happens_twice(
    desk: Desk, runtime: Runtime
) -> None:
    """One household is monitored and on a list, with a person who may not be used; one has left, after it
    took another over."""
    first, second, person = registered(Category.FORMERLY_POOR), registered(), new_id()
    restricted = ProcessingRestricted(
        household_id=HOUSEHOLD_ID,
        person_id=person,
        reason=RestrictionReason.CONTESTED,
        restricted_on=date(2024, 4, 1),
    )
    merged = replace(taken_over(), from_household_id=(absorbed := new_id()))
    last = [told(merged, second)]
    last.append(told(ELIMINATED, last[0]))
    stays = [confirmed(first)]
    stays += [told(LOW_INCOME, stays[0])]
    stays += [told(restricted, stays[1])]
    stays += [told(MOVED, stays[2])]
    await desk.tell(first, *stays, second, *last)
    ours = [first.household_id, second.household_id, absorbed, person]

    async def rows() -> dict[str, list[tuple[Any, ...]]]:
        found = {}
        for table in sorted(HEARD):
            id_ = "person_id" if table in ("restricted", "last_word") else "household_id"
            query = f"select * from read.{table} where {id_} = any($1) order by 1"
            found[table] = [tuple(row) for row in await runtime.pool.fetch(query, ours)]
        return found

    async def recorded() -> int:
        of_ours = "select count(*) from es.events where household_id = any($1)"
        found: int = await runtime.pool.fetchval(of_ours, ours)
        return found

    async def heard() -> bool:
        return all((await rows()).values())

    await eventually(heard)
    # The month worker went on since: that is not heard, and stays.
    await runtime.pool.execute(
        "update read.monitored set through = '2024-05-01' where household_id = $1", ours[0]
    )
    before, events = await rows(), await recorded()
    code, said = await program(runtime, "visits.relearn", "--check")
    assert (code, said) == (0, "10 tables of what was heard, row for row as they served\n")

    await runtime.pool.execute(
        "update read.known_household set region = '44' where household_id = any($1)", ours
    )
    for table in ("focus", "stretch", "formerly_poor", "taken_over"):
        await runtime.pool.execute(f"delete from read.{table} where household_id = any($1)", ours)
    for table in ("restricted", "last_word"):
        await runtime.pool.execute(f"delete from read.{table} where person_id = $1", person)
    damaged = await rows()
    code, said = await program(runtime, "visits.relearn", "--check")
    assert (code, await rows()) == (1, damaged)
    assert "known_household: 2 rows only in the table that served, 2 only in the new one" in said
    assert "taken_over: 0 rows only in the table that served, 1 only in the new one" in said
    code, said = await program(runtime, "visits.relearn")
    assert (code, await rows()) == (0, before), said
    assert await recorded() == events
    assert await desk.duties(await desk.monitored())  # and the service goes on hearing


async def test_what_a_version_before_kept_in_another_shape_is_kept_in_ours(
    desk: Desk, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service does not start on it, and a developer's runs this as it starts."""
    first = registered()
    await desk.tell(first, told(LOW_INCOME, first))

    async def heard() -> list[asyncpg.Record]:
        rows = "select * from read.focus where household_id = $1"
        return await runtime.pool.fetch(rows, first.household_id)

    before = await eventually(heard)
    await runtime.pool.execute("alter table read.focus drop column since; drop table read.moved")
    code, said = await program(runtime, "visits.relearn", "--check")
    assert (code, await other_shapes(runtime.engine, TABLES)) == (1, ["focus", "moved"])
    assert "focus: the table that served has another shape than this version wants" in said
    settings = runtime.settings
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", settings.kafka_bootstrap_servers)
    await fits(settings, "visits", runtime.engine, TABLES, HEARD)
    assert await other_shapes(runtime.engine, TABLES) == []
    assert await heard() == before
    assert await desk.duties(await desk.monitored())  # and the service goes on hearing


async def test_S1104_whom_a_version_before_did_not_keep_is_due_after_it(
    desk: Desk, runtime: Runtime
) -> None:
    """It knew nobody as a 脱贫户: the first month of the current quarter, which is not over, is due."""
    first = await desk.household(category=Category.FORMERLY_POOR)
    await runtime.pool.execute(
        "with asked as (delete from read.asked_quarter where household_id = $1) "
        "delete from read.formerly_poor where household_id = $1",
        first.household_id,
    )
    assert await desk.duties(first, "QUARTER_FIRST_MONTH_VISIT") == []
    code, said = await program(runtime, "visits.relearn")
    assert code == 0, said
    assert "formerly_poor: 0 rows only in the table that served, 1 only in the new one" in said
    (duty,) = await eventually(lambda: desk.duties(first, "QUARTER_FIRST_MONTH_VISIT"), within=20)
    assert (duty["period_from"], duty["status"]) == ("2024-04-01", "OPEN")

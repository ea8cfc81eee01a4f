"""PIPL 47: two persons of one household are restricted at once, and the restrictions end one by one."""

from datetime import timedelta

import httpx
import pytest

from common.service import Runtime
from common.testing import eventually
from services.identification.tests.asking import Callers
from services.identification.tests.registrar import Home, Register
from services.identification.tests.test_labour import ABLE
from services.identification.tests.test_protection_anew import earns, elderly
from services.identification.tests.test_recalculated import Office, desks, office
from services.identification.tests.test_restricted_corrections import Officer, officer
from services.identification.tests.test_restricted_evidence import Scales, costs, scales
from services.identification.tests.test_restricted_facts import Told, told

__all__ = ["desks", "elderly", "office", "officer", "scales", "told"]  # fixtures
BOTH_ORDERS = pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 0)])


@BOTH_ORDERS
async def test_what_was_left_out_is_judged_when_the_last_of_two_restrictions_ends(
    register: Register, officer: Officer, told: Told, scales: Scales, first: int, second: int
) -> None:
    home = await register.household(3)
    said = [(await told(number, 400_000))["event_id"] for number in home.people[:2]]
    await scales.events(home)
    for place in (0, 1):
        await officer.restrict(home, place)
    said.append((await told(home.people[2], 400_000))["event_id"])
    await scales.events(home)
    assert [await officer.withheld(home, place) for place in (0, 1)] == [1, 1]
    await officer.lift(home, first)
    assert await told.clues(home) == []
    assert [await officer.withheld(home, place) for place in (first, second)] == [0, 1]
    await officer.lift(home, second)
    (clue,) = await eventually(lambda: told.clues(home))
    assert set(clue["evidence_event_ids"]) == {*said}
    assert await officer.withheld(home, second) == 0


@BOTH_ORDERS
async def test_each_end_takes_up_what_waited_for_its_person_and_no_more(
    register: Register, officer: Officer, told: Told, scales: Scales, first: int, second: int
) -> None:
    home = await register.household(2)
    for place in (0, 1):
        await officer.restrict(home, place)
        assert (await told(home.people[place], 600_000))["waits"] == "RESTRICTED"
    await officer.lift(home, first)
    await eventually(lambda: told.of(home))
    await scales.events(home)
    assert await told.of(home) == [("DepartmentFactRecorded", 1)]
    assert "waits" not in await told(home.people[first], 600_000)
    assert (await told(home.people[second], 600_000))["waits"] == "RESTRICTED"
    assert await told.clues(home) == []
    await officer.lift(home, second)
    (clue,) = await eventually(lambda: told.clues(home))
    assert len(clue["evidence_event_ids"]) == 2


@BOTH_ORDERS
async def test_a_look_is_refused_until_the_restriction_of_that_person_ends(
    register: Register,
    app: httpx.AsyncClient,
    callers: Callers,
    officer: Officer,
    first: int,
    second: int,
) -> None:
    home = await register.household(2)
    reader = Register(app, callers.staff("members:reveal", "reader", "441624"))

    async def shown(place: int) -> int:
        path = f"members/{home.person(place)}/reveal"
        return (await reader.ask(home.id, path, purpose="VISIT")).status_code

    for place in (0, 1):
        await officer.restrict(home, place)
    await officer.lift(home, first)
    assert [await shown(place) for place in (first, second)] == [200, 409]
    await officer.lift(home, second)
    assert await shown(second) == 200


@BOTH_ORDERS
@pytest.mark.parametrize("own", [400_000, 600_000])
async def test_evidence_is_weighed_when_the_last_restriction_that_decides_ends(
    register: Register,
    officer: Officer,
    told: Told,
    scales: Scales,
    first: int,
    second: int,
    own: int,
) -> None:
    home = await register.household(3)
    await costs(told, scales, home, own, own, 600_000)
    for place in (0, 1):
        await officer.restrict(home, place)
    await told.retract(home.people[2], 2)
    assert await scales.said(home) == []
    await officer.lift(home, first)
    assert await scales.said(home) == []
    await officer.lift(home, second)
    assert await eventually(lambda: scales.said(home)) == [("RETRACTED", own == 400_000)]


async def test_what_was_corrected_before_a_second_restriction_is_left_out_until_that_ends(
    register: Register, officer: Officer, told: Told, scales: Scales
) -> None:
    """The correction waits for the first person's data, and when that may be used, its own may not."""
    home = await register.household(2)
    await costs(told, scales, home, 600_000, 600_000)
    await officer.restrict(home, 0)
    number = home.people[1]
    await told(number, 300_000, id=f"{number}-2", record_version=2)
    assert await scales.said(home) == []
    await officer.restrict(home, 1)
    await officer.lift(home, 0)
    assert await scales.said(home) == []
    assert [await officer.withheld(home, place) for place in (0, 1)] == [0, 1]
    await officer.lift(home, 1)
    assert await eventually(lambda: scales.said(home)) == [("CORRECTED", True)]


@BOTH_ORDERS
async def test_a_corrected_income_is_looked_at_with_the_facts_of_each_person_at_their_end(
    app: httpx.AsyncClient,
    callers: Callers,
    register: Register,
    office: Office,
    officer: Officer,
    runtime: Runtime,
    first: int,
    second: int,
) -> None:
    home = await register.household(2)
    await earns(app, callers, home)
    recent = str(runtime.clock.today() - timedelta(days=30))
    losses = [await office.lost(home, recent, place) for place in (0, 1)]
    before = len(await officer.clues(home))  # of the income itself
    for place in (0, 1):
        await officer.restrict(home, place)
    now = await office.correct(home, "operating_fen", 1_000_000)
    assert len(await officer.clues(home)) == before
    await officer.lift(home, first)
    (found,) = (await officer.clues(home))[before:]
    assert found["evidence_event_ids"] == [losses[first], str(now)]
    await officer.lift(home, second)
    again, late = (await officer.clues(home))[before:]
    assert again == found
    assert late["evidence_event_ids"] == [losses[second]]  # the rule's clue has the income already


@BOTH_ORDERS
async def test_labour_is_judged_when_the_restriction_of_its_person_ends(
    app: httpx.AsyncClient,
    callers: Callers,
    register: Register,
    elderly: Home,
    officer: Officer,
    first: int,
    second: int,
) -> None:
    await earns(app, callers, elderly)
    for place in (0, 1):
        await officer.restrict(elderly, place)
    await register.done(elderly.id, "labour", person_id=elderly.person(1), **ABLE)
    await officer.lift(elderly, first)
    assert len(await officer.clues(elderly)) == (1 if first == 1 else 0)
    await officer.lift(elderly, second)
    (clue,) = await officer.clues(elderly)
    assert clue["rule_id"] == "INCOME-LINE"

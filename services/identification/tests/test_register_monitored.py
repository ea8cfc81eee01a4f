"""A monitored household splits and merges (A53, A54), from the confirmation on, over HTTP."""

from typing import Any

import httpx
import pytest

from common.testing import eventually
from services.identification.tests.asking import Callers
from services.identification.tests.registrar import Register, joining, numbers
from services.identification.tests.way import Desks


@pytest.fixture
def desks(app: httpx.AsyncClient, register: Register, callers: Callers) -> Desks:
    """Everybody whom a case needs."""
    return Desks.of(app, register, callers)


async def test_A53_a_monitored_household_stays_monitored_and_the_new_one_has_a_clue(
    register: Register, desks: Desks
) -> None:
    home = await desks.monitored()
    son = next(numbers)
    await register.done(home.id, "members", **joining(son))
    (_, moved) = sorted(await register.members(home.id), key=lambda p: p != home.person(0))
    answer = await register.done(
        home.id,
        "split",
        register_number=f"T-{son}-2",
        moved=[{"person_id": moved, "relation": "HEAD"}],
        co_living_count=1,
        new_co_living_count=1,
        effective_on="2024-04-15",
        reason="FAMILY_DIVISION",
    )
    new = answer.headers["Location"].rpartition("/")[2]

    async def clue() -> Any:
        row = await register.get(new)
        return row if row["stage"] == "CLUE_OPEN" else None

    row = await eventually(clue)
    assert (row["discovered_on"], row["due_on"]) == ("2024-04-15", "2024-04-30")
    assert (await register.get(home.id))["stage"] == "MONITORED"


async def test_T19_what_is_open_of_a_household_that_moves_is_on_the_lists_of_its_new_town(
    app: httpx.AsyncClient, register: Register, desks: Desks, callers: Callers
) -> None:
    open_case, monitored = await desks.opened(), await desks.monitored()
    old, new = "441624108", "441624109"
    move = {"to_region": f"{new}201", "address": "另一镇2组", "effective_on": "2024-04-15"}
    for home in (open_case, monitored):
        await register.done(home.id, "relocation", **move)
        for town, clues in ((old, 0), (new, 2 if home is monitored else 1)):
            headers = callers.staff("episodes:read", f"town-{town}", town)
            answer = await app.get(f"/v1/clues?household_id={home.id}", headers=headers)
            assert len(answer.json()) == clues, (town, answer.text)


async def test_A54_the_survivor_is_monitored_and_the_absorbed_household_no_longer(
    register: Register, desks: Desks
) -> None:
    absorbed, survivor = await desks.monitored(), await register.household()
    day = "2024-06-10"
    await register.done(survivor.id, "merger", absorbed_ids=[absorbed.id], effective_on=day)

    async def monitored() -> Any:
        row = await register.get(survivor.id)
        return row if row["stage"] == "MONITORED" else None

    row = await eventually(monitored)
    assert (row["monitored_class"], row["persons"]) == ("UNSTABLE_FORMERLY_POOR", 2)
    gone = await register.get(absorbed.id)
    assert (gone["status"], gone["stage"], gone["monitored_class"]) == ("MERGED", "NONE", None)
    here = await desks.case(survivor)
    assert here["stage"] == "MONITORED"

"""Putting many households on the register: check, seal and record what is good, and say what was not."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import asyncpg

from common import batch
from common.auth import Principal
from common.batch import Item
from common.clock import start_of
from common.decider import Refused
from common.http import circumstances
from common.intents import Intent, Outcome
from common.problems import Problem, fault
from contracts.households import HouseholdRegistered
from identification.api.forms import HouseholdForm
from identification.api.sealing import (
    Recognised,
    number_faults,
    number_of,
    person_of,
    recognise,
    sealed,
)
from identification.api.wired import Wired
from identification.domain.household import HOUSEHOLD
from identification.domain.register_commands import RegisterHousehold

Record = Callable[[Sequence[Intent]], Awaitable[Sequence[Outcome | Exception]]]


async def register(app: Wired, caller: Principal, items: list[Item], record: Record) -> None:
    """Every item ends with a status: `accepted`, `replayed` (known with the same content), `refused`."""
    forms = [(item, form) for item in items if (form := _read(app, caller, item))]
    _refuse_shared(forms)
    forms = [(item, form) for item, form in forms if not item.problem]
    if again := await _register(app, caller, forms, record, last=False):
        await _register(app, caller, again, record, last=True)


async def _register(
    app: Wired,
    caller: Principal,
    forms: Sequence[tuple[Item, HouseholdForm]],
    record: Record,
    *,
    last: bool,
) -> list[tuple[Item, HouseholdForm]]:
    """Record them. Unless it is the `last` time, those come back whose household or people somebody
    registered since they were looked up: perhaps the same, sealed with another salt."""
    async with app.runtime.pool.acquire() as connection:
        people = [member for _, form in forms for member in form.members]
        recognised = await recognise(app, connection, people)
    ready: list[tuple[Item, HouseholdForm, Intent]] = []
    for item, form in forms:
        try:
            ready.append((item, form, _intent(app, caller, form, recognised)))
        except Problem as problem:
            item.refuse(problem)
    outcomes = await record([intent for _, _, intent in ready])
    again = []
    for (item, form, intent), outcome in zip(ready, outcomes, strict=True):
        if not last and _by_somebody_else(outcome):
            again.append((item, form))
            continue
        if isinstance(outcome, asyncpg.UniqueViolationError):
            outcome = violated(outcome) or outcome
        item.settle(outcome, household_id=str(intent.household_id))
    return again


def _by_somebody_else(outcome: Outcome | Exception) -> bool:
    return isinstance(outcome, asyncpg.UniqueViolationError) or (
        isinstance(outcome, Refused) and outcome.code == "already-registered"
    )


def violated(error: asyncpg.UniqueViolationError) -> Problem | None:
    """A race that only the database could see: two requests at once for one person or number. `None` for
    what is about neither."""
    match error.table_name:
        case "person":
            return Problem("person-in-another-household", {"member": "?"})
        case "household":
            return Problem("register-number-in-use")
        case _:
            return None


def _read(app: Wired, caller: Principal, item: Item) -> HouseholdForm | None:
    """The form of an item, or `None` with the item refused."""
    form = batch.read(item, HouseholdForm)
    if form is None:
        return None
    if faults := number_faults(app, form.members, "/members/{}"):
        item.refuse(Problem("invalid", faults=faults))
    elif not caller.covers(form.region):
        item.refuse(Problem("outside-region"))
    else:
        return form
    return None


def _refuse_shared(forms: list[tuple[Item, HouseholdForm]]) -> None:
    """Two households of one batch must not claim one person."""
    claims: dict[str, tuple[UUID, UUID | int]] = {}
    for item, form in forms:
        for number, member in enumerate(form.members):
            claim = (form.household_id, member.person_id or number)
            holder = claims.setdefault(number_of(member), claim)
            if holder != claim:
                pointer = f"/members/{number}/identity_number"
                item.refuse(Problem("person-twice-in-batch", faults=[fault(pointer, "value")]))


def _intent(app: Wired, caller: Principal, form: HouseholdForm, recognised: Recognised) -> Intent:
    """Raises `Problem` for a member of another household."""
    home, persons = form.household_id, []
    for place, member in enumerate(form.members):
        person_id = person_of(app, member, place + 1, home, recognised, f"/members/{place}")
        persons.append(sealed(app, member, person_id, home, form.address, recognised))
    registered = HouseholdRegistered(
        household_id=home,
        register_number=form.register_number,
        category=form.category,
        marginal_2019=form.marginal_2019,
        region=form.region,
        co_living_count=form.co_living_count,
        members=[member for member, _ in persons],
        registered_on=form.registered_on,
    )
    return Intent(
        stream=f"household-{home}",
        household_id=home,
        decider=HOUSEHOLD,
        command=RegisterHousehold(registered=registered, today=app.runtime.clock.today()),
        context=circumstances(caller, region=form.region, occurred_at=start_of(form.registered_on)),
        private=[record for _, record in persons],
    )

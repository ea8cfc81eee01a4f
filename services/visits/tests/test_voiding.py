"""A30: a visit that is voided does not stand; what it had fulfilled is fulfilled by another, or due again."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from common.codec import Codec
from common.decider import Refused
from common.ids import new_id
from common.intents import Connection
from common.service import Runtime
from common.testing import eventually
from contracts.visits import (
    HouseholdVisited,
    VisitMode,
    VisitsEvent,
    VisitVoided,
    VoidReason,
)
from services.visits.tests.given import (
    CADRE,
    HOUSEHOLD_ID,
    OPENED,
    confirmed,
    fulfilled,
    registered,
    screening,
    told,
    visit,
    visited,
)
from services.visits.tests.programs import program
from services.visits.tests.test_api import Desk, body, problem, recorded
from services.visits.tests.test_api import desk as desk
from services.visits.tests.test_leaving import ELIMINATED, REVOKED
from services.visits.tests.test_visits_elsewhere import Mergers
from services.visits.tests.test_visits_elsewhere import mergers as mergers
from visits.domain.commands import Command, DiscountVisit, VoidVisit
from visits.domain.household import VISITS

MADE = visit()
VOID = VoidVisit(
    household_id=HOUSEHOLD_ID,
    visit_id=MADE.visit_id,
    reason=VoidReason.FABRICATED,
    requested_by=UUID(int=12),
    by="town",
    today=date(2024, 5, 6),
)
VOIDED = VisitVoided(
    household_id=HOUSEHOLD_ID,
    visit_id=MADE.visit_id,
    visited_on=MADE.visited_on,
    reason=VoidReason.FABRICATED,
    requested_by=UUID(int=12),
    approved_by="town",
    voided_on=date(2024, 5, 6),
    last_visited_on=None,
    last_visit_mode=None,
)
PAST: list[VisitsEvent] = [OPENED, visited(MADE), fulfilled(MADE)]


def refused(command: Command, given: list[VisitsEvent]) -> str:
    with pytest.raises(Refused) as refusal:
        VISITS.when(command, given=given)
    return refusal.value.code


def test_A30_what_a_voided_visit_had_fulfilled_is_due_again() -> None:
    other = replace(OPENED, obligation_id=UUID(int=3), period_from=date(2024, 4, 5))
    both: list[VisitsEvent] = [
        OPENED,
        other,
        visited(MADE),
        fulfilled(MADE),
        fulfilled(MADE, other),
    ]
    assert VISITS.when(VOID, given=both) == [VOIDED, OPENED, other]
    past = [*PAST, VOIDED, OPENED]
    assert VISITS.when(VOID, given=past) == []  # the same request again
    late = visit("2024-04-20T10:00:00+08:00", 22)
    assert VISITS.when(late, given=past) == [visited(late, backfilled=True), fulfilled(late)]


def test_A30_or_it_is_fulfilled_by_the_earliest_other_visit_that_can() -> None:
    call = visit("2024-04-13T10:00:00+08:00", 31, mode=VisitMode.PHONE)
    second = visit("2024-04-14T10:00:00+08:00", 33)
    third = visit("2024-04-15T10:00:00+08:00", 32)
    past = [*PAST, *(visited(v) for v in (third, second, call))]
    voided, done = VISITS.when(VOID, given=past)
    assert done == fulfilled(second)
    assert isinstance(voided, VisitVoided)
    assert (voided.last_visited_on, voided.last_visit_mode) == (third.visited_on, third.mode)


def test_A30_a_visit_that_fulfilled_nothing_leaves_the_duty_as_it_is() -> None:
    second = visit("2024-04-14T10:00:00+08:00", 32)
    void = replace(VOID, visit_id=second.visit_id)
    (voided,) = VISITS.when(void, given=[*PAST, visited(second)])
    assert isinstance(voided, VisitVoided)
    assert voided.last_visited_on == MADE.visited_on


@pytest.mark.parametrize("by", [f"{VOID.requested_by} ", str(CADRE.person_id).upper()])
def test_A30_who_approves_neither_asked_for_it_nor_was_there(by: str) -> None:
    assert refused(replace(VOID, by=by), PAST) == "separation-of-duties"


def test_A30_a_visit_is_voided_once_and_is_not_there_any_more() -> None:
    past = [*PAST, VOIDED, OPENED]
    assert refused(VOID, [OPENED]) == "visit-unknown"
    assert refused(replace(VOID, reason=VoidReason.DUPLICATE), past) == "visit-voided"
    assert refused(MADE, past) == "visit-voided"
    named = screening(visit_id=MADE.visit_id)
    assert VISITS.when(named, given=PAST)
    assert refused(named, past) == "screening-without-its-visit"


def test_A30_A54_what_a_visit_elsewhere_had_fulfilled_is_due_again_or_fulfilled_by_another() -> (
    None
):
    discount = DiscountVisit(household_id=HOUSEHOLD_ID, visit_id=MADE.visit_id, visits=())
    past: list[VisitsEvent] = [OPENED, fulfilled(MADE)]
    assert VISITS.when(discount, given=past) == [OPENED]
    assert VISITS.when(discount, given=[*past, OPENED]) == []
    there = visit("2024-04-14T10:00:00+08:00", 32, household_id=UUID(int=8))
    left = replace(discount, visits=(visited(MADE), visited(there)))
    done = replace(fulfilled(MADE), fulfilled_by=there.visit_id, fulfilled_on=there.visited_on)
    assert VISITS.when(left, given=past) == [done]


async def test_A30_A54_a_visit_to_an_absorbed_household_is_voided_in_the_survivor_too(
    mergers: Mergers,
) -> None:
    for voided_before in (True, False):
        survivor, absorbed = registered(), registered()
        assert absorbed.household_id
        await mergers.hear(survivor, absorbed)
        made = [await mergers.upload(absorbed, day) for day in ("2024-06-03", "2024-06-09")]
        voids = [replace(VOID, household_id=absorbed.household_id, visit_id=_id(m)) for m in made]
        if voided_before:
            await mergers.hear(*made, await mergers.ask(voids[0]))
        await mergers.merge(absorbed, survivor)
        if not voided_before:
            await mergers.hear(*made)
            assert await mergers.fulfilled_on(survivor) == ("FULFILLED", date(2024, 6, 3))
            await mergers.hear(await mergers.ask(voids[0]))
        assert await mergers.fulfilled_on(survivor) == ("FULFILLED", date(2024, 6, 9))
        await mergers.hear(await mergers.ask(voids[1]))
        assert await mergers.fulfilled_on(survivor) == ("OPEN", None)


@pytest.mark.parametrize("back", [False, True])
async def test_A29_A30_who_left_before_the_month_was_over_is_not_due_again(
    mergers: Mergers, back: bool
) -> None:
    first = registered()
    assert first.household_id
    monitored = confirmed(first)
    await mergers.hear(first, monitored)
    made = await mergers.upload(first, "2024-04-12")
    gone = told(ELIMINATED, monitored)
    await mergers.hear(gone)
    if back:  # the elimination was revoked the next day (A47)
        await mergers.hear(told(replace(REVOKED, revoked_on=date(2024, 4, 21)), gone))
    assert await mergers.fulfilled_on(first) == ("FULFILLED", date(2024, 4, 12))
    void = replace(VOID, household_id=first.household_id, visit_id=_id(made))
    await mergers.ask(void)
    await mergers.hear_itself(first)
    assert await mergers.fulfilled_on(first) == ("OPEN" if back else "CANCELLED", None)


@pytest.mark.parametrize(
    ("left_on", "back_on", "status"),
    [
        (date(2024, 4, 20), date(2024, 5, 10), "CANCELLED"),  # it was not there as April ended
        (date(2024, 4, 15), date(2024, 4, 29), "CANCELLED"),  # seven days, and two
        (date(2024, 4, 15), date(2024, 4, 28), "OPEN"),
    ],
)
async def test_A29_A30_who_is_monitored_again_is_due_again_if_it_was_on_enough_days_of_that_month(
    mergers: Mergers, connection: Connection, left_on: date, back_on: date, status: str
) -> None:
    first = registered()
    monitored = confirmed(first)
    gone = told(replace(ELIMINATED, eliminated_on=left_on), monitored)
    back = told(replace(REVOKED, eliminated_on=left_on, revoked_on=back_on), gone)
    await mergers.hear(first, monitored)
    made = await mergers.upload(first, "2024-04-12")
    await mergers.hear(gone, back)
    assert first.household_id
    await mergers.ask(replace(VOID, household_id=first.household_id, visit_id=_id(made)))
    await mergers.hear_itself(first)
    rows = await connection.fetch(
        "select period_from, status from read.obligation "
        "where household_id = $1 and obligation = 'MONTHLY_VISIT'",
        first.household_id,
    )
    april = date(2024, 4, 1)
    later = {} if back_on.month == 4 else {date(2024, 5, 1): "OPEN"}
    assert {row["period_from"]: row["status"] for row in rows} == {april: status, **later}


async def test_A30_the_id_of_a_voided_visit_may_name_that_of_the_household_that_was_meant(
    mergers: Mergers, connection: Connection
) -> None:
    first, meant = new_id(), new_id()
    made = visit(visit_id=new_id(), household_id=first)
    void = replace(VOID, household_id=first, visit_id=made.visit_id)
    await mergers.ask(made, void, replace(made, household_id=meant))
    shown = "select household_id from read.visit where visit_id = $1"
    assert await connection.fetchval(shown, made.visit_id) == meant
    await mergers.ask(replace(void, household_id=meant))
    assert await connection.fetchval(shown, made.visit_id) is None


def _id(event: Any) -> UUID:
    made = Codec.of(HouseholdVisited).decode(event.type, event.schema_version, event.data)
    assert isinstance(made, HouseholdVisited)
    return made.visit_id


async def test_A30_a_visit_is_voided_over_http_by_somebody_who_may(
    desk: Desk, connection: Connection, runtime: Runtime
) -> None:
    household = await desk.monitored()
    made = body(household)
    await desk.post(made)
    assert await desk.duties(household, status="FULFILLED")
    form = {
        "household_id": str(household.household_id),
        "reason": "FABRICATED",
        "requested_by": str(UUID(int=12)),
    }

    async def void(scopes: str = "visits:void", key: str = "", **claims: Any) -> Any:
        headers = desk.bearer(scopes, **{"person": "town", **claims})
        path = f"/v1/visits/{made['visit_id']}/voiding"
        headers["Idempotency-Key"] = key or str(new_id())
        return await desk.client.post(path, json=form, headers=headers)

    assert (await void("visits:write visits:read")).status_code == 403
    assert (await void(region="441624109")).status_code == 403
    answer = await void(person=form["requested_by"])
    assert (answer.status_code, problem(answer)["code"]) == (409, "separation-of-duties")

    key = str(new_id())
    done = await void(key=key)
    assert recorded(done) == ["VisitVoided", "ObligationOpened", "ObligationOpened"]
    assert (await void(key=key)).content == done.content
    (duty,) = await eventually(lambda: desk.duties(household, status="OPEN"))
    assert (duty["fulfilled_by"], duty["fulfilled_on"]) == (None, None)
    assert (await desk.visits(household)).json() == []
    meant = await desk.household()  # the same record, of the household that was visited
    again = {**made, "household_id": str(meant.household_id)}
    assert recorded(await desk.post(again)) == ["HouseholdVisited"]
    for one, shown in ((household, 0), (meant, 1)):
        assert len((await desk.visits(one)).json()) == shown
    told = await connection.fetch(
        "select event_id::text, type, r.data ->> 'visit_event_id' as struck from es.events "
        "join es.readable r using (stream, version, type) where r.household_id = $1",
        household.household_id,
    )
    by_type = {row["type"]: row for row in told}
    assert by_type["VisitVoided"]["struck"] == by_type["HouseholdVisited"]["event_id"]
    actor = await connection.fetchval(
        "select actor from es.readable where type = 'VisitVoided' and household_id = $1",
        household.household_id,
    )
    assert '"town"' in actor
    code, said = await program(runtime, "visits.rebuild", "--check")
    assert code == 0, said

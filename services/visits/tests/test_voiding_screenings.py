"""S2-04: a screening form that does not stand is voided, and the corrected one stated anew."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from common.decider import Refused
from common.ids import new_id
from common.intents import Connection
from common.service import Runtime
from contracts.codes import RiskType
from contracts.visits import ScreeningVoided, ScreeningVoidReason, VisitsEvent
from services.visits.tests.given import CADRE, HOUSEHOLD_ID, SCREENED, screening, visit, visited
from services.visits.tests.programs import program
from services.visits.tests.test_api import Desk, problem, recorded
from services.visits.tests.test_api import desk as desk
from services.visits.tests.test_screenings import form, listed, post
from services.visits.tests.test_visits_elsewhere import Mergers
from services.visits.tests.test_visits_elsewhere import mergers as mergers
from services.visits.tests.test_voiding import VOID as VOID_VISIT
from visits.domain.commands import Command, VoidScreening
from visits.domain.household import VISITS, stream_of

VOID = VoidScreening(
    household_id=HOUSEHOLD_ID,
    screening_id=SCREENED.screening_id,
    reason=ScreeningVoidReason.MISSTATED,
    requested_by=UUID(int=12),
    by="town",
    today=date(2024, 5, 6),
)
EARLIER = date(2024, 4, 2)  # than the screening, and entered later than another
VOIDED = ScreeningVoided(
    household_id=HOUSEHOLD_ID,
    screening_id=SCREENED.screening_id,
    screened_on=SCREENED.screened_on,
    reason=ScreeningVoidReason.MISSTATED,
    requested_by=UUID(int=12),
    approved_by="town",
    voided_on=date(2024, 5, 6),
    last_screened_on=None,
    last_suspected_risks=None,
)


def refused(command: Command, given: list[VisitsEvent]) -> str:
    with pytest.raises(Refused) as refusal:
        VISITS.when(command, given=given)
    return refusal.value.code


def test_S204_what_was_filled_in_wrongly_is_voided_and_stated_anew() -> None:
    assert VISITS.when(VOID, given=[SCREENED]) == [VOIDED]
    past: list[VisitsEvent] = [SCREENED, VOIDED]
    assert VISITS.when(VOID, given=past) == []  # the same request again
    assert refused(replace(VOID, reason=ScreeningVoidReason.DUPLICATE), past) == "screening-voided"
    assert refused(screening(), past) == "screening-voided"
    anew = screening(screening_id=UUID(int=32), dropouts=1)
    assert VISITS.when(anew, given=past) == [anew.screened]


def test_S204_what_was_found_before_is_the_last_that_is_known_again() -> None:
    first = replace(SCREENED, screening_id=UUID(int=29), suspected_risks=[])
    before = replace(first, screening_id=UUID(int=30), suspected_risks=[RiskType.OTHER])
    for told in (
        [first, before, SCREENED],
        [before, replace(first, screened_on=EARLIER), SCREENED],
    ):
        (voided,) = VISITS.when(VOID, given=told)
        assert isinstance(voided, ScreeningVoided)
        assert (voided.last_screened_on, voided.last_suspected_risks) == (
            before.screened_on,
            [RiskType.OTHER],
        )


def test_S204_only_what_was_screened_is_voided() -> None:
    assert refused(VOID, []) == "screening-unknown"


@pytest.mark.parametrize("by", [f"{VOID.requested_by} ", str(CADRE.person_id).upper()])
def test_S204_who_approves_a_voiding_neither_asked_for_it_nor_was_there(by: str) -> None:
    made = visit()
    at_home = replace(SCREENED, visit_id=made.visit_id)
    past: list[VisitsEvent] = [visited(made), at_home]
    assert refused(replace(VOID, by=by), past) == "separation-of-duties"
    fabricated = VISITS.when(
        VOID_VISIT, given=past
    )  # the visit does not stand, but they were there
    assert refused(replace(VOID, by=by), [*past, *fabricated]) == "separation-of-duties"
    assert VISITS.when(VOID, given=past)


async def test_S204_what_is_screened_and_voided_in_one_batch_is_not_listed(
    mergers: Mergers, connection: Connection
) -> None:
    first, meant, form_id = new_id(), new_id(), new_id()
    made = screening(household_id=first, screening_id=form_id)
    void = replace(VOID, household_id=first, screening_id=form_id)
    await mergers.ask(made, void, screening(household_id=meant, screening_id=form_id))
    shown = "select array_agg(household_id) from read.screening where screening_id = $1"
    assert await connection.fetchval(shown, form_id) == [meant]


async def test_S204_a_screening_is_voided_over_http_by_somebody_who_may(
    desk: Desk, runtime: Runtime
) -> None:
    household, meant = await desk.household(), await desk.household()
    sent = form(household)
    await post(desk, sent)
    asked = {
        "household_id": str(household.household_id),
        "reason": "WRONG_HOUSEHOLD",
        "requested_by": str(UUID(int=12)),
    }

    async def void(scopes: str = "visits:void", key: str = "", **claims: Any) -> Any:
        headers = desk.bearer(scopes, **{"person": "town", **claims})
        headers["Idempotency-Key"] = key or str(new_id())
        path = f"/v1/screenings/{sent['screening_id']}/voiding"
        return await desk.client.post(path, json=asked, headers=headers)

    assert (await void("visits:write visits:read")).status_code == 403
    assert (await void(region="441624109")).status_code == 403
    answer = await void(person=asked["requested_by"])
    assert (answer.status_code, problem(answer)["code"]) == (409, "separation-of-duties")
    assert len(await listed(desk, household)) == 1

    key = str(new_id())
    done = await void(key=key)
    assert recorded(done) == ["ScreeningVoided"]
    assert (await void(key=key)).content == done.content
    assert await listed(desk, household) == []
    told = await runtime.pool.fetch(
        "select event_id::text, r.data ->> 'screening_event_id' as struck from es.events "
        "join es.readable r using (stream, version) where stream = $1 order by version",
        stream_of(UUID(asked["household_id"])),
    )
    assert told[1]["struck"] == told[0]["event_id"]
    answer = await post(desk, sent)
    assert (answer.status_code, problem(answer)["code"]) == (409, "screening-voided")
    again = {
        **sent,
        "household_id": str(meant.household_id),
    }  # the id of the form, where it belongs
    assert recorded(await post(desk, again)) == ["HouseholdScreened"]
    assert [s["screening_id"] for s in await listed(desk, meant)] == [sent["screening_id"]]
    code, said = await program(runtime, "visits.rebuild", "--check")
    assert code == 0, said

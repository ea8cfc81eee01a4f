"""A natural disaster says which: at the verification, and as a further risk."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import httpx

from common.ids import new_id
from contracts.codes import DisasterSubtype, RiskType
from contracts.episodes import HouseholdVerified, MonitoringConfirmed
from contracts.households import HouseholdAbsorbed
from contracts.identification import HouseholdEvent
from contracts.monitoring import RiskFactorAdded
from identification.domain.household import HOUSEHOLD
from identification.domain.stages import Monitored, monitored_of
from services.identification.tests.asking import Callers
from services.identification.tests.ending import ADD, RESOLVE, monitored
from services.identification.tests.entries import JOIN, MERGE, TAKE_IN
from services.identification.tests.registrar import Register
from services.identification.tests.story import (
    CONFIRM,
    STEPS,
    VERIFY,
    history,
    refused,
    state,
    up_to,
)
from services.identification.tests.way import SEEN, VERIFIED, Desks

FLOODED = replace(
    VERIFY,
    risk_types=(RiskType.ILLNESS, RiskType.NATURAL_DISASTER),
    disaster_subtype=DisasterSubtype.FLOOD,
)


def test_T3_a_household_verified_as_hit_by_a_disaster_says_by_which() -> None:
    *_, event = HOUSEHOLD.when(FLOODED, given=up_to(VERIFY))
    assert isinstance(event, HouseholdVerified)
    assert event.disaster_subtype is DisasterSubtype.FLOOD
    silent = refused(replace(FLOODED, disaster_subtype=None), up_to(VERIFY))
    assert silent.code == "disaster-subtype"
    assert silent.details["codes"] == list(DisasterSubtype)


def test_T3_no_disaster_is_named_where_there_was_none() -> None:
    ill = replace(FLOODED, risk_types=(RiskType.ILLNESS,))
    assert refused(ill, up_to(VERIFY)).code == "disaster-subtype"


def test_a_disaster_that_is_added_to_a_monitored_household_says_which() -> None:
    flood = replace(ADD, risk_type=RiskType.NATURAL_DISASTER)
    assert refused(flood, monitored()).code == "disaster-subtype"
    named = replace(flood, disaster_subtype=DisasterSubtype.GEOLOGICAL)
    (event,) = HOUSEHOLD.when(named, given=monitored())
    assert isinstance(event, RiskFactorAdded)
    assert event.disaster_subtype is DisasterSubtype.GEOLOGICAL


def test_another_disaster_of_a_monitored_household_is_recorded() -> None:
    flood = replace(
        ADD, risk_type=RiskType.NATURAL_DISASTER, disaster_subtype=DisasterSubtype.FLOOD
    )
    slide = replace(flood, disaster_subtype=DisasterSubtype.GEOLOGICAL)
    given = monitored(flood)
    assert HOUSEHOLD.when(flood, given=given) == []
    given += HOUSEHOLD.when(slide, given=given)
    case = monitored_of(state(given).case)
    assert case
    assert case.disaster is DisasterSubtype.GEOLOGICAL


FLOODED_STEPS = tuple(FLOODED if step is VERIFY else step for step in STEPS)


def test_T10_the_confirmation_and_the_hand_over_say_which_disaster_it_was() -> None:
    given = history(*FLOODED_STEPS)
    confirmed = given[-1]
    assert isinstance(confirmed, MonitoringConfirmed)
    assert confirmed.disaster_subtype is DisasterSubtype.FLOOD
    *_, absorbed = HOUSEHOLD.when(JOIN, given=given)
    assert isinstance(absorbed, HouseholdAbsorbed)
    assert absorbed.case
    assert absorbed.case.disaster_subtype is DisasterSubtype.FLOOD
    *_, absorbed = HOUSEHOLD.when(JOIN, given=history(*STEPS))
    assert isinstance(absorbed, HouseholdAbsorbed)
    assert absorbed.case
    assert absorbed.case.disaster_subtype is None


def test_A54_the_disaster_is_taken_over_unless_the_survivor_named_its_own() -> None:
    *_, absorbed = HOUSEHOLD.when(JOIN, given=history(*FLOODED_STEPS))
    assert isinstance(absorbed, HouseholdAbsorbed)
    assert absorbed.case
    assert absorbed.case.confirmed
    earlier = replace(
        absorbed.case.confirmed, confirmed_on=CONFIRM.confirmed_on - timedelta(days=1)
    )
    take = replace(TAKE_IN, case=replace(absorbed.case, confirmed=earlier))
    taken = _monitored(history(MERGE, take))
    assert taken.disaster is DisasterSubtype.FLOOD
    assert taken.confirmed.disaster_subtype is DisasterSubtype.FLOOD
    own = replace(FLOODED, disaster_subtype=DisasterSubtype.DROUGHT)
    steps = (own if step is VERIFY else step for step in STEPS)
    assert _monitored(history(*steps, MERGE, take)).disaster is DisasterSubtype.DROUGHT


def test_a_disaster_is_remembered_until_its_risk_is_resolved() -> None:
    quake = replace(
        ADD, risk_type=RiskType.NATURAL_DISASTER, disaster_subtype=DisasterSubtype.EARTHQUAKE
    )
    assert _monitored(monitored(quake)).disaster is DisasterSubtype.EARTHQUAKE
    assert _monitored(monitored(quake, ADD)).disaster is DisasterSubtype.EARTHQUAKE
    over = replace(RESOLVE, risk_type=RiskType.NATURAL_DISASTER)
    assert _monitored(monitored(quake, over)).disaster is None


def _monitored(given: Sequence[HouseholdEvent]) -> Monitored:
    case = monitored_of(state([*given]).case)
    assert case is not None
    return case


async def test_T3_over_http_the_answer_lists_the_kinds_of_disaster(
    app: httpx.AsyncClient, register: Register, callers: Callers
) -> None:
    desks = Desks.of(app, register, callers)
    home = await desks.opened()
    officers = [str(new_id()), str(new_id())]
    start = {"recusal_declared": True, "started_on": "2024-03-02", "officers": officers}
    await desks.village.done(home.id, "verification", **start)
    flooded = SEEN | VERIFIED | {"risk_types": ["NATURAL_DISASTER"]}
    silent = await desks.village.ask(home.id, "verification-result", **flooded)
    assert (silent.status_code, silent.json()["code"]) == (422, "disaster-subtype")
    assert "FLOOD" in silent.json()["title"]
    flooded["disaster_subtype"] = "FLOOD"
    await desks.village.done(home.id, "verification-result", **flooded)


async def test_a_monitored_household_is_listed_with_its_disaster(
    app: httpx.AsyncClient, register: Register, callers: Callers
) -> None:
    desks = Desks.of(app, register, callers)
    flood = {"risk_types": ["NATURAL_DISASTER"], "disaster_subtype": "FLOOD"}
    home = await desks.monitored(None, **flood)
    assert (await desks.case(home))["disaster_subtype"] == "FLOOD"

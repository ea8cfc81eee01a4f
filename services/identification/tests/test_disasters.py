"""A natural disaster says which (domain section 2): at the verification, and as a further risk."""

from dataclasses import replace

import httpx

from common.ids import new_id
from contracts.codes import DisasterSubtype, RiskType
from contracts.episodes import HouseholdVerified
from contracts.monitoring import RiskFactorAdded
from identification.domain.household import HOUSEHOLD
from services.identification.tests.asking import Callers
from services.identification.tests.ending import ADD, monitored
from services.identification.tests.registrar import Register
from services.identification.tests.story import VERIFY, refused, up_to
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

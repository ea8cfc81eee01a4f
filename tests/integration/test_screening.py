"""A screening posted to visits becomes a clue in identification, and both are told by audit (S2-04)."""

import json
from typing import Any

import httpx

from common.ids import new_id
from common.testing import eventually
from services.identification.tests.registrar import Home
from tests.documents.pages import blocks
from tests.integration.county import County
from tests.integration.test_protection_gap import desk_of, told

# The form that a town's own system is shown.
FORM = json.loads(blocks("docs/casework.md", "json")[0].text)


async def registered(county: County) -> Home:
    """A household of the village, which visits has heard of."""
    address = county.system.endpoints.services["identification"]
    async with httpx.AsyncClient(base_url=address, timeout=30) as app:
        home = await (await desk_of(county, app, "village-jucun")).household()

    async def known() -> bool:
        path = f"/v1/households/{home.id}/screenings"
        return (await county.call("village-jucun", "GET", "visits", path)).status_code == 200

    await eventually(known, within=20)
    return home


async def screened(county: County, form: dict[str, Any], key: str) -> httpx.Response:
    return await county.call(
        "village-jucun",
        "POST",
        "visits",
        "/v1/screenings",
        json=form,
        headers={"Idempotency-Key": key},
    )


async def test_S204_what_a_screening_suspects_is_a_clue_once(county: County) -> None:
    home = await registered(county)
    form = {**FORM, "screening_id": str(new_id()), "household_id": home.id}
    incomplete = {name: value for name, value in form.items() if name != "medical_care"}
    refused = await screened(county, incomplete, "incomplete")
    assert (refused.status_code, refused.json()["code"]) == (422, "screening-incomplete")
    for _ in range(2):
        answer = await screened(county, form, str(new_id()))
        assert answer.status_code == 201, answer.text

    path = f"/v1/clues?household_id={home.id}"

    async def clues() -> list[Any]:
        return list(await county.get("town-pengzhai", "identification", path))

    (clue,) = await eventually(clues, within=20)
    assert (clue["channel"], clue["status"]) == ("CADRE_SCREENING", "OPEN")
    assert clue["risk_types"] == FORM["suspected_risks"]
    assert (clue["discovered_on"], clue["due_on"]) == ("2026-03-02", "2026-03-17")

    (cause,) = await eventually(lambda: told(county, home, "HouseholdScreened"), within=20)
    (detected,) = await eventually(lambda: told(county, home, "RiskDetected"), within=20)
    assert detected["causation_id"] == cause["event_id"]
    assert cause["sentence"]["zh"] == (
        "2026-03-02排查：近12个月可支配收入10,800.00元，刚性支出9,000.00元；失学0人，未参保0人，"
        "住房B级，饮水安全：是；产业无困难、无风险，就业有潜在风险，就医有实际困难；"
        "疑似风险：因病"
    )
    assert "suspected risks: illness" in cause["sentence"]["en"]

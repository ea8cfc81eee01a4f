"""The examples of the OpenAPI document are taken as they stand."""

import json
import re
from typing import Any
from uuid import UUID

import httpx
import pytest

from identification.api.fields import NUMBERS
from identification.sheets import CSV
from services.identification.tests.asking import Callers

HOUSEHOLD = "6f1c2d70-4b7e-4a51-9d3e-2f8a0c5b9e11"
# A day that is closed is closed for every household, and a clock that is set is everybody's.
FOR_ALL = {"/v1/business-days", "/v1/clock"}


@pytest.fixture
async def paths(app: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """What the document tells of each address."""
    found: dict[str, dict[str, Any]] = (await app.get("/openapi.json")).json()["paths"]
    return found


@pytest.fixture
def anybody(callers: Callers) -> dict[str, str]:
    """Staff of the county who may do whatever there is to do, but publish or close a day."""
    scopes = (
        "households:write households:read households:county members:read members:rights members:reveal "
        "episodes:village episodes:town episodes:county declarations:write policies:publish policies:simulate "
        "facts:write parked:manage"
    )
    return callers.staff(scopes, "anybody", "441624")


def sent(paths: dict[str, dict[str, Any]], path: str, media: str) -> Any:
    return paths[path]["post"]["requestBody"]["content"][media]["example"]


async def test_a_form_is_taken_whatever_the_household_makes_of_it(
    app: httpx.AsyncClient, paths: dict[str, dict[str, Any]], anybody: dict[str, str]
) -> None:
    """Without a key nothing is recorded; what is wrong with a form is told before."""
    asked = 0
    for path in paths.keys() - FOR_ALL:
        taken = paths[path].get("post", {}).get("requestBody", {}).get("content", {})
        if "application/json" in taken:
            asked += 1
            url = re.sub(
                r"{(\w+)}", lambda m: "ILLNESS" if m[1] == "risk_type" else HOUSEHOLD, path
            )
            answer = await app.post(url, json=taken["application/json"]["example"], headers=anybody)
            assert answer.status_code not in (422, 500), f"{path} {answer.text}"
    assert asked > 50


async def test_E11_the_example_of_a_verified_elimination_is_complete(
    paths: dict[str, dict[str, Any]],
) -> None:
    path = "/v1/households/{household_id}/elimination/verification-result"
    example = sent(paths, path, "application/json")
    assert (example["housing_damaged"], example["water_damaged"]) == (False, False)


async def test_T20_the_example_of_a_correction_names_who_asked_as_a_token_does(
    paths: dict[str, dict[str, Any]],
) -> None:
    """Only so is anybody found to approve what they asked for."""
    path = "/v1/households/{household_id}/corrections"
    asked = sent(paths, path, "application/json")["requested_by"]
    assert str(UUID(asked)) == asked


async def test_a_household_is_registered_and_found_as_the_examples_say(
    app: httpx.AsyncClient, paths: dict[str, dict[str, Any]], anybody: dict[str, str]
) -> None:
    household = sent(paths, "/v1/households", "application/json")
    answer = await app.post("/v1/households", json=household, headers=anybody)
    assert answer.status_code in (200, 201)
    assert (household["household_id"], household["members"][0]["identity_number"]) == (
        HOUSEHOLD,
        NUMBERS[0],
    )
    number = sent(paths, "/v1/households/lookup", "application/json")
    found = await app.post("/v1/households/lookup", json=number, headers=anybody)
    assert found.json()["household_id"] == HOUSEHOLD
    income = sent(paths, "/v1/incomes", "application/json")
    assessed = await app.post("/v1/incomes", json=income, headers=anybody)
    assert assessed.json()["refused"] == 0


async def test_a_fact_is_kept_in_every_mode_as_the_examples_say(
    app: httpx.AsyncClient, paths: dict[str, dict[str, Any]], callers: Callers
) -> None:
    content = paths["/v1/events"]["post"]["requestBody"]["content"]
    for media in content.keys() - {"application/json"}:
        answer = await app.post(
            "/v1/events",
            content=json.dumps(content[media]["example"]),
            headers=callers.yibao | {"Content-Type": media},
        )
        assert answer.status_code in (200, 201), answer.text
    event = content["application/cloudevents+json"]["example"]
    binary = {f"ce-{name}": value for name, value in event.items() if name != "data"}
    data = content["application/json"]["example"]
    answer = await app.post("/v1/events", json=data, headers=callers.yibao | binary)
    assert answer.json()["status"] == "replayed"


@pytest.mark.parametrize("path", ["/v1/households/import", "/v1/events/import"])
async def test_a_table_is_imported_as_the_examples_say(
    app: httpx.AsyncClient,
    paths: dict[str, dict[str, Any]],
    anybody: dict[str, str],
    callers: Callers,
    path: str,
) -> None:
    who = callers.yibao if "events" in path else anybody
    kind = {"type": "MedicalSettlement"} if "events" in path else {}
    answer = await app.post(
        path,
        params={"preview": "true", **kind},
        content=sent(paths, path, CSV).encode(),
        headers=who | {"Content-Type": CSV, "Accept": "application/json"},
    )
    assert answer.status_code == 200, answer.text

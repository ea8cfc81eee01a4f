"""What a form says of itself in the OpenAPI document is what is asked of it, before anything is decided."""

import re
from typing import Any

import httpx
import pytest

from common.ids import new_id
from identification.domain.guards import SHORTEST_REASON
from services.identification.tests.asking import Callers

NOBODY = "6f1c2d70-4b7e-4a51-9d3e-2f8a0c5b9e00"
# Steps that say why, so that others can follow: all that the domain calls `explained`.
EXPLAINED = [
    ("class", "reason"),
    ("cancellation", "reason"),
    ("corrections", "reason"),
    ("county-return", "reason"),
    ("elimination/county-rejection", "reason"),
    ("elimination/override", "text"),
    ("elimination/revocation", "text"),
    ("elimination/town-rejection", "reason"),
    ("objections/{objection_id}/result", "text"),
    ("rejection", "text"),
    ("town-return", "reason"),
    ("withdrawal", "reason"),
]


class Desk:
    """Somebody who may take every step, and sends the example of one with something else in it."""

    def __init__(self, app: httpx.AsyncClient, callers: Callers, document: dict[str, Any]) -> None:
        self._app, self._document = app, document
        scopes = "households:write households:county episodes:village episodes:town episodes:county"
        self._headers = callers.staff(scopes + " policies:simulate", "desk", "441624")

    def form(self, path: str) -> dict[str, Any]:
        """The schema of what is sent there."""
        sent = self._document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        name = sent["schema"]["$ref"].rpartition("/")[2]
        found: dict[str, Any] = self._document["components"]["schemas"][name]["properties"]
        return found

    async def send(self, path: str, **change: Any) -> httpx.Response:
        """The step of a household that nobody registered."""
        sent = self._document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        headers = {**self._headers, "Idempotency-Key": str(new_id())}
        return await self._app.post(
            re.sub("{[^}]*}", NOBODY, path), json=sent["example"] | change, headers=headers
        )


@pytest.fixture
async def desk(app: httpx.AsyncClient, callers: Callers) -> Desk:
    """With the document open."""
    return Desk(app, callers, (await app.get("/openapi.json")).json())


@pytest.mark.parametrize(("step", "field"), EXPLAINED)
async def test_how_long_a_reason_has_to_be_stands_in_the_document(
    desk: Desk, step: str, field: str
) -> None:
    path = f"/v1/households/{{household_id}}/{step}"
    assert desk.form(path)[field]["minLength"] == SHORTEST_REASON
    for short in ("字" * (SHORTEST_REASON - 1), "字" * (SHORTEST_REASON - 1) + "  "):
        answer = await desk.send(path, **{field: short})
        (fault,) = answer.json()["errors"]
        assert (answer.status_code, fault["pointer"], fault["code"]) == (422, f"/{field}", "length")
        assert f"at least {SHORTEST_REASON}" in fault["detail_en"]
    answer = await desk.send(path, **{field: "字" * SHORTEST_REASON})
    assert answer.json()["code"] == "not-registered"


@pytest.mark.parametrize(
    ("step", "change", "code"),
    [
        ("rejection", {"appeal_explained": 1}, "bool"),
        ("rejection", {"appeal_explained": "yes"}, "bool"),
        ("rejection", {"rejected_on": "2024-03-02T00:00:00Z"}, "date"),
        ("rejection", {"rejected_on": "20240302"}, "date"),
        ("rejection", {"rejected_on": 86_400}, "date"),
        ("rejection", {"text": "经核实本人\u202e自愿放弃，情况属实"}, "hidden"),
        ("objections", {"text": "  "}, "length"),
        ("publicity", {"place": " \t "}, "length"),
        ("corrections", {"requested_by": " "}, "length"),
    ],
)
async def test_nothing_is_made_of_what_was_not_said(
    desk: Desk, step: str, change: dict[str, Any], code: str
) -> None:
    answer = await desk.send(f"/v1/households/{{household_id}}/{step}", **change)
    (fault,) = answer.json()["errors"]
    ((field, _),) = change.items()
    assert (answer.status_code, fault["code"], fault["pointer"]) == (422, code, f"/{field}")


async def test_true_is_no_amount_and_a_wrong_amount_is_told_what_is_right(desk: Desk) -> None:
    answer = await desk.send("/v1/what-if", parameters={"income_line_fen": True})
    assert answer.status_code == 422
    answer = await desk.send("/v1/what-if", parameters={"income_line_fen": -1})
    (fault,) = answer.json()["errors"]
    assert "a whole number from 0 to" in fault["detail_en"]


@pytest.mark.parametrize("path", ["/v1/incomes", "/v1/households/batch"])
@pytest.mark.parametrize("media", ["text/plain", "application/xml", "application/cloudevents+json"])
async def test_a_batch_is_taken_as_what_it_is_said_to_be(
    app: httpx.AsyncClient, callers: Callers, path: str, media: str
) -> None:
    headers = callers.registrar | {"Content-Type": media}
    answer = await app.post(path, content=b"[1]", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
    assert "application/x-ndjson" in answer.json()["title"]

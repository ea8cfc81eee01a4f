"""The OpenAPI document of every service tells what may be sent and what is answered."""

import json
import re
from typing import Any

import pytest

from common.paging import MOST, USUAL
from identification.sheets import XLSX
from tests.deployment.facts import SERVICES
from tests.documents.offered import app


def lists(service: str) -> dict[str, dict[str, Any]]:
    """The query parameters of each address that answers by pages."""
    found = {
        path: {one["name"]: one for one in operations["get"].get("parameters", [])}
        for path, operations in app(service).openapi()["paths"].items()
        if "get" in operations
    }
    return {path: taken for path, taken in found.items() if {"cursor", "limit"} & taken.keys()}


@pytest.mark.parametrize("service", SERVICES)
def test_every_list_says_how_long_a_page_may_be(service: str) -> None:
    assert "/v1/parked" in lists(service)
    for path, taken in lists(service).items():
        limit = taken["limit"]["schema"]
        assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, MOST, USUAL), path


BODILESS = {"/v1/parked/{key}/retry"}


@pytest.mark.parametrize("service", SERVICES)
def test_every_command_says_what_it_takes_and_answers(service: str) -> None:
    for path, operations in app(service).openapi()["paths"].items():
        for operation in (operations[m] for m in ("post", "put") if m in operations):
            assert ("requestBody" in operation) is (path not in BODILESS), path
            for status, answer in operation["responses"].items():
                for media in answer.get("content", {}).values():
                    assert media["schema"], f"{path} {status}"


# Told by the numbers of the plan of work, with what each of them counts.
SHAPELESS = {"identification": {"/v1/coverage"}}


@pytest.mark.parametrize("service", SERVICES)
def test_every_answer_is_told_with_its_type_and_its_shape(service: str) -> None:
    shapeless = {
        path
        for path, operations in app(service).openapi()["paths"].items()
        for operation in operations.values()
        for answer in operation["responses"].values()
        for media in answer.get("content", {}).values()
        if media["schema"].get("additionalProperties", not media["schema"]) is True
    }
    assert shapeless == SHAPELESS.get(service, set())


def test_a_table_is_answered_as_a_workbook_or_as_JSON() -> None:
    paths = app("identification").openapi()["paths"]
    for path in ("/v1/events/import", "/v1/households/import"):
        for status in ("200", "207"):
            told = paths[path]["post"]["responses"][status]["content"]
            assert set(told) == {"application/json", XLSX}


def test_every_look_tells_where_its_purpose_is_said() -> None:
    open_ = {"/v1/log", "/v1/catalogue", "/v1/parked", "/problems", "/health", "/metrics"}
    for path, operations in app("audit").openapi()["paths"].items():
        if "get" in operations and not path.endswith(".py") and not path.startswith(tuple(open_)):
            named = {one["name"] for one in operations["get"].get("parameters", [])}
            assert {"Access-Purpose", "purpose"} <= named, path


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_document_refers_to_stands_in_it(service: str) -> None:
    document = app(service).openapi()
    referred = re.findall(r'"\$ref": "([^"]*)"', json.dumps(document))
    named = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert referred
    assert set(referred) <= named
    assert "$defs" not in json.dumps(document)


def test_a_batch_is_told_as_an_array_or_as_lines() -> None:
    taken = app("identification").openapi()["paths"]["/v1/incomes"]["post"]["requestBody"]
    array = taken["content"]["application/json"]["schema"]
    line = taken["content"]["application/x-ndjson"]["schema"]
    assert array["items"] == line
    assert line["properties"]["income"] == {"$ref": "#/components/schemas/IncomeForm"}

"""The OpenAPI document of every service tells what may be sent and what is answered."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
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
        told = app(service).openapi()["paths"][path]["get"]["responses"]["200"]
        assert "Link" in told["headers"], path


@pytest.mark.parametrize("service", SERVICES)
def test_a_generated_client_calls_a_route_after_its_method_and_path(service: str) -> None:
    for path, operations in app(service).openapi()["paths"].items():
        for method, operation in operations.items():
            assert operation["operationId"] == "_".join([method, *re.findall(r"\w+", path)])


BODILESS = {"/v1/parked/{key}/retry"}


@pytest.mark.parametrize("service", SERVICES)
def test_every_command_says_what_it_takes_and_answers(service: str) -> None:
    for path, operations in app(service).openapi()["paths"].items():
        for operation in (operations[m] for m in ("post", "put") if m in operations):
            assert ("requestBody" in operation) is (path not in BODILESS), path
            for status, answer in operation["responses"].items():
                for media in answer.get("content", {}).values():
                    assert media["schema"], f"{path} {status}"


# What a client shows or hands on as it is: JSON Schemas, values of fields of any event, a file for `verify.py`.
FREE = {
    "/v1/households/{household_id}/accesses/dossier",
    "/v1/households/{household_id}/dossier",
    "Accepted.data",
    "Change.after",
    "Change.before",
    "EventTold.meaning",
    "EventTold.schema",
    "EventTold.state",
    "Field.value",
    "Problem.details",
}


def anything(document: Any, schema: Any, at: str, seen: set[str]) -> Iterator[str]:
    """Where a schema tells nothing of what stands there; each named schema is looked into once."""
    match schema:
        case {"$ref": ref}:
            name = ref.rpartition("/")[2]
            if name not in seen:
                seen.add(name)
                yield from anything(document, document["components"]["schemas"][name], name, seen)
        case {"anyOf": ways} | {"oneOf": ways} | {"allOf": ways}:
            for way in ways:
                yield from anything(document, way, at, seen)
        case {"type": "array", "items": item}:
            yield from anything(document, item, at, seen)
        case {"properties": fields}:
            for name, field in fields.items():
                yield from anything(document, field, f"{at}.{name}", seen)
        case {"additionalProperties": dict() as value}:
            yield from anything(document, value, at, seen)
        case {"type": "object" | "array"}:
            yield at
        case {"type": _} | {"const": _}:
            pass
        case _:
            yield at


def test_every_answer_is_told_with_its_type_and_its_shape() -> None:
    documents = [app(service).openapi() for service in SERVICES]
    found = {
        one
        for document in documents
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for status, answer in operation["responses"].items()
        for media in answer.get("content", {} if status == "204" else {"": {}}).values()
        for one in anything(document, media.get("schema"), path, set())
    }
    assert found == FREE


# In one form or answer a code, in another what somebody wrote.
EITHER = {"reason", "source", "subject", "why"}


def _is_code(document: Any, schema: Any) -> bool | None:
    """Whether a field holds codes; `None` for one that holds no text, or text of some form."""
    match schema:
        case {"$ref": ref}:
            return "enum" in document["components"]["schemas"][ref.rpartition("/")[2]] or None
        case {"anyOf": ways}:
            found = [_is_code(document, way) for way in ways]
            return True if True in found else False if False in found else None
        case {"type": "array", "items": item}:
            return _is_code(document, item)
        case {"enum": _}:
            return True
        case {"type": "string"}:
            return None if {"const", "format", "pattern"} & schema.keys() else False
    return None


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_a_code_in_one_place_is_no_mere_text_in_another(service: str) -> None:
    document, told = app(service).openapi(), defaultdict[str, set[bool | None]](set)
    for model in document["components"]["schemas"].values():
        for name, schema in model.get("properties", {}).items():
            told[name].add(_is_code(document, schema))
    assert {name for name, kinds in told.items() if {True, False} <= kinds} <= EITHER


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
    assert array["items"] == line == {"$ref": "#/components/schemas/AssessmentForm"}

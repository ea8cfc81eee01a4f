"""Each body that a client may send has an example in the OpenAPI document, and the example fits."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.deployment.facts import SERVICES
from tests.documents.offered import app


def bodies(service: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What may be sent, by method, address and media type. Of a workbook one downloads the template."""
    for path, operations in app(service).openapi()["paths"].items():
        for method, operation in operations.items():
            for media, sent in operation.get("requestBody", {}).get("content", {}).items():
                if sent["schema"].get("format") != "binary":
                    yield f"{method} {path} {media}", sent


@pytest.mark.parametrize("service", SERVICES)
def test_every_body_has_an_example_that_fits_its_schema(service: str) -> None:
    components = app(service).openapi()["components"]
    found = dict(bodies(service))
    assert found
    for where, sent in found.items():
        schema = {**sent["schema"], "components": components}
        checker = Draft202012Validator.FORMAT_CHECKER
        faults = Draft202012Validator(schema, format_checker=checker).iter_errors(sent["example"])
        assert [fault.message for fault in faults] == [], where


def test_the_identity_numbers_of_examples_are_nobodys() -> None:
    told = json.dumps([sent["example"] for s in SERVICES for _, sent in bodies(s)])
    numbers = re.findall(r"\d{17}[\dX]", told)
    assert numbers
    assert {number[:6] for number in numbers} == {"990000"}

"""The OpenAPI document of every service tells what its lists take."""

from typing import Any

import pytest

from common.paging import MOST, USUAL
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

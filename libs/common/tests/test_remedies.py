"""A refusal says what would be right: the values that are known, the bounds, the media type."""

from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Annotated, Any, Literal

import httpx
import pytest
from fastapi import Query
from pydantic import BaseModel, Field

from common.paging import USUAL, Limit
from libs.common.tests.bare import bare, client_of


class Grade(StrEnum):
    A = "A"
    B = "B"


class House(BaseModel):
    """A body with every kind of limit."""

    grade: Grade = Grade.A
    use: Literal["LIVED_IN", "EMPTY"] = "EMPTY"
    rooms: Annotated[int, Field(ge=1, le=50)] = 1
    place: Annotated[str, Field(min_length=2, max_length=5)] = "here"
    risks: Annotated[list[str], Field(min_length=1)] = ["fire"]


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app with one form and one list."""
    app = bare()

    @app.post("/v1/houses")
    async def houses(house: House) -> None: ...

    @app.get("/v1/houses")
    async def listed(
        grade: Annotated[Grade | None, Query()] = None, limit: Limit = USUAL
    ) -> None: ...

    async with client_of(app) as found:
        yield found


@pytest.mark.parametrize(
    ("sent", "zh", "en"),
    [
        ({"grade": "Z"}, "不在代码表中：可用 A、B", "not in the code list: use A, B"),
        (
            {"use": "?"},
            "不在代码表中：可用 LIVED_IN、EMPTY",
            "not in the code list: use LIVED_IN, EMPTY",
        ),
        ({"rooms": 0}, "超出允许范围：至少 1", "outside the allowed range: at least 1"),
        ({"rooms": 51}, "超出允许范围：至多 50", "outside the allowed range: at most 50"),
        ({"place": "x"}, "长度不符合要求：至少 2", "of the wrong length: at least 2"),
        ({"place": "x" * 6}, "长度不符合要求：至多 5", "of the wrong length: at most 5"),
        ({"risks": []}, "长度不符合要求：至少 1", "of the wrong length: at least 1"),
    ],
)
async def test_a_field_says_which_values_it_takes(
    client: httpx.AsyncClient, sent: dict[str, Any], zh: str, en: str
) -> None:
    answer = await client.post("/v1/houses", json=sent)
    (found,) = answer.json()["errors"]
    assert (answer.status_code, found["detail"], found["detail_en"]) == (422, zh, en)


@pytest.mark.parametrize(
    ("query", "en"),
    [
        ("grade=Z", "not in the code list: use A, B"),
        ("limit=0", "outside the allowed range: at least 1"),
        ("limit=501", "outside the allowed range: at most 500"),
        ("limit=all", "not an integer"),
    ],
)
async def test_a_filter_says_which_values_it_takes(
    client: httpx.AsyncClient, query: str, en: str
) -> None:
    (found,) = (await client.get(f"/v1/houses?{query}")).json()["errors"]
    assert found["detail_en"] == en


@pytest.mark.parametrize("media", ["application/x-www-form-urlencoded", "text/plain"])
async def test_json_that_is_not_declared_as_json_is_told_how_to_be(
    client: httpx.AsyncClient, media: str
) -> None:
    """`curl -d` declares a form unless told otherwise."""
    headers = {"Content-Type": media}
    answer = await client.post("/v1/houses", content='{"rooms": 1}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
    assert answer.json()["title_en"].endswith("use application/json")

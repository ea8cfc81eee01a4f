"""A problem says where and what, in two languages, and never repeats an identity number."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import Request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, ConfigDict

from common.problems import FAULTS, Problem, Text, body, fault, filled
from common.refusals import COMMON
from libs.common.tests.bare import bare, client_of

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def with_check_digit(digits: str) -> str:
    """An identity number of 18 characters (GB 11643)."""
    total = sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


identity_numbers = st.text("0123456789", min_size=17, max_size=17).map(with_check_digit)
sentences = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=6)


def telling(number: str) -> str:
    raise ValueError(f"{number} is not a number that we know")


class Person(BaseModel):
    """A body whose own validator tells what it saw, as a careless one would."""

    model_config = ConfigDict(extra="forbid")
    number: Annotated[str, AfterValidator(telling)]
    members: list[int] = []


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app that is told identity numbers in every way."""
    app = bare()

    @app.post("/v1/persons/{person}")
    async def persons(person: int, sent: Person, request: Request) -> None: ...

    @app.get("/v1/list")
    async def listed(region: str = "") -> None: ...

    async with client_of(app) as found:
        yield found


async def answers(client: httpx.AsyncClient, number: str, around: str) -> list[httpx.Response]:
    """What the app says to an identity number in every place where a client can put one."""
    value: Any = around + number
    anywhere: list[Any] = [
        {"number": value},
        {"number": number, value: 1},
        {"number": [number], "members": [value]},
        {"number": {value: value}},
        value,
        [value],
    ]
    found = [await client.post(f"/v1/persons/{number}", json=sent) for sent in anywhere]
    headers = {"content-type": "application/json"}
    found.append(
        await client.post("/v1/persons/1", content=f'{{"number": {number}X', headers=headers)
    )
    found.append(await client.get(f"/v1/list?{quote(value)}={number}"))
    found.append(await client.get(f"/{number}"))
    found.append(await client.get(f"/problems/{number}"))
    return found


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(number=identity_numbers, around=sentences)
async def test_no_answer_ever_repeats_an_identity_number(
    client: httpx.AsyncClient, number: str, around: str
) -> None:
    for answer in await answers(client, number, around):
        assert answer.status_code >= 400
        assert number[:17] not in answer.text
        assert number[:17] not in str(answer.headers)


@given(number=identity_numbers, before=sentences, after=sentences)
def test_no_detail_or_fault_ever_repeats_an_identity_number(
    number: str, before: str, after: str
) -> None:
    told = before + number + after
    problem = Problem(
        "unknown-filter",
        {"names": [told], "known": ["region"], "told": told, "set": {told}},
        [fault(f"/{told}", told), fault(told, "value")],
    )
    text = json.dumps(body(problem, COMMON), ensure_ascii=False)

    assert number[:17] not in text


def test_area_codes_dates_and_amounts_are_told() -> None:
    problem = Problem(
        "version-moved-on",
        {"version": 123_456_789_012_345, "region": "441624108201", "on": "2024-06-03"},
    )
    details = body(problem, COMMON)["details"]

    assert details == {
        "version": 123_456_789_012_345,
        "region": "441624108201",
        "on": "2024-06-03",
    }


@pytest.mark.parametrize(("code", "text"), sorted(COMMON.items()))
def test_every_problem_is_worded_in_both_languages_with_the_same_details(
    code: str, text: Text
) -> None:
    def asked(template: str) -> set[str]:
        return {part.split("}")[0] for part in template.split("{")[1:]}

    assert 400 <= text.status < 600
    assert text.en.isascii()
    assert not text.zh.isascii()
    assert asked(text.zh) == asked(text.en), code


def test_every_fault_is_worded_in_both_languages() -> None:
    for code, (zh, en) in FAULTS.items():
        assert en.isascii(), code
        assert not zh.isascii(), code


def test_a_detail_that_is_missing_stays_as_its_name() -> None:
    assert filled("{count} of {limit}", {"count": 3}, ", ") == "3 of limit"


async def test_a_filter_that_stands_twice_is_refused_and_none_of_both_is_chosen(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/v1/list?region=44&region=45")
    assert (answer.status_code, answer.json()["code"]) == (400, "filter-twice")
    assert "region" in answer.json()["title_en"]

"""What every form asks of what was sent, and how it is told."""

import unicodedata
from typing import Annotated, Any

import httpx
import pytest
from pydantic import Field, JsonValue

from common.form import Day, Fen, Form, Moment
from libs.common.tests.bare import bare, client_of

SEEN = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
JOINING = "\u180e\u200c\u200d" + "".join(map(chr, range(0x13430, 0x13440)))


class Inner(Form):
    """A form in a form."""

    name: str = ""


class Sent(Form):
    """A field of each kind."""

    text: str = ""
    sure: bool = False
    unsure: bool | None = None
    on: Day | None = None
    at: Moment | None = None
    fen: Fen = 0
    path: str = ""
    several: Annotated[list[str], Field(default_factory=list)]
    named: Annotated[dict[str, int], Field(default_factory=dict)]
    any: JsonValue = None
    inner: Annotated[list[Inner], Field(default_factory=list)]


@pytest.fixture
def client() -> httpx.AsyncClient:
    """Takes the form."""
    made = bare()

    @made.post("/v1/form")
    async def form(form: Sent) -> str:
        return form.text

    return client_of(made)


@pytest.mark.parametrize(
    ("sent", "pointer", "code"),
    [
        ({"sure": 0}, "/sure", "bool"),
        ({"sure": "yes"}, "/sure", "bool"),
        ({"unsure": 1}, "/unsure", "bool"),
        ({"on": 86_400}, "/on", "date"),
        ({"on": "2024-03-02T00:00:00Z"}, "/on", "date"),
        ({"on": "2024-02-30"}, "/on", "date"),
        ({"on": "1899-12-31"}, "/on", "range"),
        ({"on": "3000-01-01"}, "/on", "range"),
        ({"at": 1_711_929_600}, "/at", "datetime"),
        ({"at": "2024-04-01T00:00:00"}, "/at", "datetime"),
        ({"at": "1999-12-31T00:00:00Z"}, "/at", "range"),
        ({"fen": True}, "/fen", "int"),
        ({"fen": 1.0}, "/fen", "int"),
        ({"fen": "1"}, "/fen", "int"),
        ({"fen": 10**12 + 1}, "/fen", "range"),
        ({"other": 1}, "/other", "extra_forbidden"),
        ({"path": 1}, "/path", "string"),
        ({"inner": [{"name": "黄\u202e某"}]}, "/inner/0/name", "hidden"),
        ({"several": ["a", "黄\u200b"]}, "/several", "hidden"),
        ({"named": {"\x1b": 1}}, "/named", "hidden"),
        ({"any": [{"a": "\x00"}]}, "/any", "hidden"),
    ],
)
async def test_what_was_not_said_as_one_writes_it_is_pointed_at(
    client: httpx.AsyncClient, sent: dict[str, Any], pointer: str, code: str
) -> None:
    answer = await client.post("/v1/form", json=sent)
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["pointer"], fault["code"]) == (422, pointer, code)


@pytest.mark.parametrize(
    ("sent", "bounds"),
    [
        ({"on": "1899-12-31"}, "1900-01-01, at most 2999-12-31"),
        (
            {"at": "2200-01-01T00:00:00Z"},
            "2000-01-01T00:00:00+00:00, at most 2199-12-31T00:00:00+00:00",
        ),
    ],
)
async def test_a_bound_is_told_as_one_writes_it(
    client: httpx.AsyncClient, sent: dict[str, str], bounds: str
) -> None:
    (fault,) = (await client.post("/v1/form", json=sent)).json()["errors"]
    assert fault["detail_en"] == f"outside the allowed range: at least {bounds}"


async def test_a_character_that_nobody_sees_is_named_and_the_text_is_not_echoed(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/v1/form", json={"text": "黄\u202e某某"})
    (fault,) = answer.json()["errors"]
    assert fault["detail"] == "含有看不见的控制字符或格式字符：请删去 U+202E"
    assert fault["detail_en"].endswith("that nobody sees: leave out U+202E")
    assert "黄" not in answer.text


# Of DerivedCoreProperties.txt, Default_Ignorable_Code_Point, but for what chooses a form or joins.
IGNORABLE = (
    0xAD,
    0x34F,
    0x61C,
    0x115F,
    0x1160,
    0x17B4,
    0x17B5,
    0x200B,
    0x200E,
    0x200F,
    0x3164,
    0xFEFF,
    0xFFA0,
)
RANGES = (
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE00FF),
    (0xE01F0, 0xE0FFF),
)
BLANK = "\u2028\u2029\u2800"


def test_every_control_and_format_character_is_hidden_but_those_that_a_script_needs() -> None:
    unseen = [c for c in map(chr, range(0x110000)) if unicodedata.category(c) in {"Cc", "Cf"}]
    needed = "\t\n\r" + SEEN + JOINING  # Python's Unicode may not know the last of them yet
    assert [c for c in unseen if is_taken(c)] == [c for c in unseen if c in needed]


def test_what_is_shown_as_nothing_is_hidden_though_it_may_be_a_letter() -> None:
    ignorable = [*IGNORABLE, *(n for first, last in RANGES for n in range(first, last + 1))]
    assert [c for c in [*map(chr, ignorable), *BLANK] if is_taken(f"黄{c}某")] == []


@pytest.mark.parametrize(
    "shaped",
    ["葛\U000e0100城", "神\ufe00", "\U0002f800\U000e0101", "ᠪ\u180b", "❤\ufe0f", "1\ufe0f\u20e3"],
)
def test_a_variation_selector_stays_where_it_chooses_a_form(shaped: str) -> None:
    assert is_taken(shaped)


@pytest.mark.parametrize(
    "hiding",
    [
        "\ufe0f",
        "9\ufe0f9",
        "1\u200b\u20e3",
        "a\ufe0f",
        "葛\ufe00\ufe00",
        "❤\U000e0100",
        "黄 \ufe0f",
        "葛\u180b",
        "ᠪ\ufe00",
    ],
)
def test_a_variation_selector_that_chooses_nothing_is_hidden(hiding: str) -> None:
    assert not is_taken(hiding)


def is_taken(character: str) -> bool:
    """Whether a form takes it in a text."""
    try:
        return bool(Inner(name=character))
    except ValueError:
        return False


@pytest.mark.parametrize(
    "text", ["土家族\n\t黄某某\r\n", "می‌خواهم", "ᠪᠠᠶᠢᠨ᠎ᠠ", "བཀྲ་ཤིས", "👨‍👩‍👧", "ئۇيغۇر", "𠮷"]
)
async def test_what_people_write_is_taken(client: httpx.AsyncClient, text: str) -> None:
    answer = await client.post("/v1/form", json={"text": text})
    assert (answer.status_code, answer.json()) == (200, text)

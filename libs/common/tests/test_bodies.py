"""What may come in: a body as it is, JSON as RFC 8259 has it, and of each header one."""

import codecs

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import JsonValue

from common.batch import Item, read
from common.bodies import MOST, json_problem, must_be_json
from common.form import Form
from common.problems import Problem
from libs.common.tests.bare import bare, client_of

JSON = {"content-type": "application/json"}


class Sent(Form):
    """A body that FastAPI parses."""

    text: JsonValue


def app() -> FastAPI:
    made = bare()

    @made.post("/v1/form")
    async def form(form: Sent) -> JsonValue:
        return form.text

    @made.post("/v1/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @made.delete("/v1/form")
    async def drop() -> None: ...

    return made


@pytest.fixture
def client() -> httpx.AsyncClient:
    """Asks the app."""
    return client_of(app())


@pytest.mark.parametrize("path", ["/v1/form", "/v1/raw", "/v1/nowhere"])
@pytest.mark.parametrize("coding", ["gzip", "br", "X-GZIP", "identity, gzip", "gzip,identity"])
async def test_a_compressed_body_is_refused_as_that(
    client: httpx.AsyncClient, path: str, coding: str
) -> None:
    answer = await client.post(
        path, content=b"\x1f\x8b", headers=JSON | {"content-encoding": coding}
    )
    told = answer.json()
    assert (answer.status_code, told["code"]) == (415, "unsupported-content-encoding")
    assert answer.headers["accept-encoding"] == "identity"
    assert "去掉该请求头" in told["title"]
    assert "turn compression off" in told["title_en"]


async def test_a_second_header_hides_no_compression(client: httpx.AsyncClient) -> None:
    twice = [("content-encoding", "gzip"), ("content-encoding", "identity")]
    answer = await client.post("/v1/raw", content=b"\x1f\x8b", headers=twice)
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "media", ["application/json", "application/cloudevents+json", "application/x-ndjson"]
)
@pytest.mark.parametrize(
    "charset", ["GBK", '"gb18030"', "GB2312; charset=utf-8", "iso-8859-1", "utf-16", " 'GBK' "]
)
async def test_a_body_that_is_said_to_be_no_utf_8_is_refused_as_that(
    client: httpx.AsyncClient, media: str, charset: str
) -> None:
    read_as_utf_8 = '{"text": "某某"}'.encode("gbk")
    assert read_as_utf_8.decode() == '{"text": "\u0133\u0133"}'
    declared = {"content-type": f"{media}; x=1; Charset ={charset}"}
    answer = await client.post("/v1/form", content=read_as_utf_8, headers=declared)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (415, "unsupported-charset")
    assert "转为 UTF-8" in told["title"]
    assert "send the body as UTF-8" in told["title_en"]


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "UTF8", "us-ascii", ""])
async def test_a_body_that_is_said_to_be_utf_8_is_taken(
    client: httpx.AsyncClient, charset: str
) -> None:
    declared = {"content-type": f"application/json;charset={charset}"}
    answer = await client.post("/v1/form", content=b'{"text": "a"}', headers=declared)
    assert (answer.status_code, answer.json()) == (200, "a")


async def test_what_is_no_json_or_no_body_may_name_any_charset(client: httpx.AsyncClient) -> None:
    table = {"content-type": "text/csv; charset=GBK"}
    assert (await client.post("/v1/raw", content=b"12", headers=table)).text == "2"
    nothing = {"content-type": "application/json; charset=GBK"}
    assert (await client.delete("/v1/form", headers=nothing)).status_code == 200


@pytest.mark.parametrize("coding", ["identity", "Identity", "", "identity,"])
async def test_a_body_that_is_said_to_be_as_it_is_is_taken(
    client: httpx.AsyncClient, coding: str
) -> None:
    answer = await client.post("/v1/raw", content=b"12", headers={"content-encoding": coding})
    assert (answer.status_code, answer.text) == (200, "2")


TAKEN_BY_PYTHON = {
    "byte order mark": codecs.BOM_UTF8 + b'{"text": "a"}',
    "UTF-16": '{"text": "村"}'.encode("utf-16"),
    "UTF-16 without a mark": b'{"text": "a"}'.decode().encode("utf-16-le"),
    "UTF-32": '{"text": "a"}'.encode("utf-32"),
    "NaN": b'{"text": NaN}',
    "Infinity": b'{"text": 1,\n"more": -Infinity}',
    "half a pair": b'{"text": "\\ud83d"}',
    "half a pair as a name": b'{"text": 1, "\\ud83d": 1}',
}


@pytest.mark.parametrize("kind", TAKEN_BY_PYTHON)
async def test_a_form_is_read_as_strictly_as_a_fact(client: httpx.AsyncClient, kind: str) -> None:
    sent = TAKEN_BY_PYTHON[kind]
    with pytest.raises(Problem) as raised:
        must_be_json(sent)  # as events are read
    answer = await client.post("/v1/form", content=sent, headers=JSON)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (400, raised.value.code)
    assert told.get("details", {}) == raised.value.details == json_problem(sent).details


async def test_a_form_that_breaks_after_a_mark_is_told_of_the_mark(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/v1/form", content=codecs.BOM_UTF8 + b"{", headers=JSON)
    assert answer.json()["code"] == "byte-order-mark"


@pytest.mark.parametrize("sent", [b'{"text": "\xe6\x9d\x91\\ud83d\\ude00"}', b' {"text": 1e3}\n'])
async def test_what_is_JSON_is_taken(client: httpx.AsyncClient, sent: bytes) -> None:
    answer = await client.post("/v1/form", content=sent, headers=JSON)
    assert answer.status_code == 200


AMBIGUOUS = {
    '{"text": 1, "text": 1}': [("/text", "twice")],
    '{"text": {"a/b": [0, {"c": 1, "d": [], "c": 2, "c": 3}]}}': [("/text/a~1b/1/c", "twice")],
    '{"text": [{"a": 1}, {"a": 1}], "t\\u0065xt": ""}': [("/text", "twice")],  # the same name
    '{"text": 1e400}': [("/text", "range")],
    '{"text": [-1e309, {"b": 1e308}]}': [("/text/0", "range")],
    f'{{"text": {"9" * 5_000}}}': [("/text", "range")],  # more digits than Python reads
    '{"text": 1e999, "text": {"a": 1, "a": 2}}': [
        ("/text", "twice"),
        ("/text", "range"),
        ("/text/a", "twice"),
    ],
}


@pytest.mark.parametrize("sent", AMBIGUOUS)
async def test_what_has_two_readings_is_told_by_its_pointers(
    client: httpx.AsyncClient, sent: str
) -> None:
    """The last of two names would win here, the first of them elsewhere; 1e400 would be infinite."""
    answer = await client.post("/v1/form", content=sent, headers=JSON)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "invalid")
    assert [(fault["pointer"], fault["code"]) for fault in told["errors"]] == AMBIGUOUS[sent]
    item = Item(0, sent.encode())
    assert read(item, Sent) is None
    assert item.problem
    assert [(fault.pointer, fault.code) for fault in item.problem.faults] == AMBIGUOUS[sent]


async def test_JSON_that_is_broken_too_is_told_as_that(client: httpx.AsyncClient) -> None:
    for sent in ('{"text": 1e400, "text": 1', '{"text": 1e400, "text": NaN}'):
        answer = await client.post("/v1/form", content=sent, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (400, "broken-json")


def test_a_body_of_faults_is_not_answered_with_all_of_them() -> None:
    problem = json_problem(b"[" + b'{"a": 1, "a": 1}, ' * 1_000 + b"1]")
    assert [fault.pointer for fault in problem.faults] == [f"/{n}/a" for n in range(MOST)]


async def test_what_an_address_does_not_know_is_refused_of_a_command_too(
    client: httpx.AsyncClient,
) -> None:
    """`?preview=true` where there is no preview would record for good."""
    answer = await client.post("/v1/form?preview=true", json={"text": 1})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-filter")


@pytest.mark.parametrize(
    "name", ["Idempotency-Key", "If-Match", "Content-Type", "Authorization", "ce-id"]
)
async def test_a_header_that_says_two_things_is_refused(
    client: httpx.AsyncClient, name: str
) -> None:
    answer = await client.post("/v1/raw", content=b"1", headers=[(name, "one"), (name, "two")])
    told = answer.json()
    assert (answer.status_code, told["code"]) == (400, "header-twice")
    assert name.lower() in told["title_en"]


async def test_a_method_that_is_not_supported_is_told_which_are(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/form")
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, POST")
    assert "DELETE, POST" in answer.json()["title"]

"""What comes over the wire, byte by byte."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import uvicorn
from opentelemetry.sdk.trace import TracerProvider
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from common import service
from common.protocol import OnlyHttp
from common.settings import Settings
from common.testing import eventually
from libs.common.tests.bare import bare

Ask = Callable[..., Awaitable[str]]

# As Java's HttpClient sends it to an address without TLS, unless it is told to speak HTTP/1.1.
JAVA = (
    b"POST /v1/events?a=%E5%92%8C HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Length: 7\r\n"
    b"Host: test\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nUpgrade: h2c\r\n\r\n{'a':1}"
)
PLAIN = b"POST /second HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """What was asked, and with which body."""
    asked = Request(scope, receive)
    told = f"<{asked.method} {asked.url.path} {asked.url.query} {(await asked.body()).decode()}>"
    await PlainTextResponse(told)(scope, receive, send)


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Sends these pieces over a connection, and reads until the server closes it."""
    config = uvicorn.Config(echo, port=0, lifespan="off", log_level="critical", http=OnlyHttp)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]

    async def asking(*pieces: bytes) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.001)
        async with asyncio.timeout(5):
            answer = await reader.read()
        writer.close()
        return answer.decode()

    yield asking
    server.should_exit = True
    await running


@pytest.mark.parametrize("size", [1, 7, 100, 1_000])
async def test_a_wish_for_another_protocol_costs_the_request_nothing(ask: Ask, size: int) -> None:
    sent = JAVA + JAVA + PLAIN
    pieces = [sent[at : at + size] for at in range(0, len(sent), size)]
    answer = await ask(*pieces)
    assert answer.count("<POST /v1/events a=%E5%92%8C {'a':1}>") == 2
    assert answer.count("200 OK") == 3
    assert answer.endswith("<POST /second  []>")


async def test_so_does_a_body_of_no_declared_length_and_a_request_without_any(ask: Ask) -> None:
    wish = b"HTTP/1.1\r\nHost: test\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
    chunks = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    answer = await ask(b"PUT /chunked " + wish + chunks, b"GET /none " + wish + b"\r\n", PLAIN)
    assert [part.split(">")[0] for part in answer.split("<")[1:]] == [
        "PUT /chunked  abc",
        "GET /none  ",
        "POST /second  []",
    ]


@pytest.mark.parametrize(
    "sent", [b"CONNECT test:80 HTTP/1.1\r\nHost: test\r\n\r\n", b"\x16\x03\x01\x02\x00", JAVA[1:]]
)
async def test_what_is_no_request_to_us_is_refused(ask: Ask, sent: bytes) -> None:
    assert (await ask(sent)).startswith("HTTP/1.1 400 Bad Request\r\n")


def test_every_service_is_served_by_it_and_keeps_a_connection_longer_than_a_proxy_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: dict[str, object] = {}
    monkeypatch.setattr(service, "configure", lambda *_: TracerProvider())
    monkeypatch.setattr(service, "collect_seldom", lambda: None)
    monkeypatch.setattr(uvicorn, "run", lambda _, **options: given.update(options))
    service.serve("test", Settings.model_construct(host="", port=0), bare)
    assert given["http"] is OnlyHttp
    assert given["timeout_keep_alive"] == 75

"""What surrounds every request, as plain ASGI: it binds the correlation id and the trace, refuses what no
route would understand, limits the body, measures, and adds the security headers."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, set_span_in_context
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common import metrics
from common.errors import answer_with, refusal
from common.ids import new_id
from common.problems import Problem
from common.tracing import remote_context

log = structlog.get_logger()
tracer = trace.get_tracer("shouwang.http")

GONE = 499  # what the figures say of a client that went away; it is no failure of ours
SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]

# Unless a route says otherwise: what is answered to one who may see it does not stay on the disk of a browser
# that others use, nor on the way.
KEPT_BY_NOBODY = [(b"cache-control", b"no-store")]

# Where two values would be two meanings, and so are the attributes of an event (`ce-…`).
SAID_ONCE = {
    b"access-purpose",
    b"authorization",
    b"content-type",
    b"idempotency-key",
    b"if-match",
}

UTF_8 = {b"utf-8", b"utf8", b"us-ascii"}  # what JSON is written in; the last is a part of it


class Circumstances:
    """What surrounds every request. Outermost, so that nothing answers without it."""

    def __init__(self, app: ASGIApp, body_limit: int) -> None:
        self._app = app
        self._limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        correlation = _uuid_or_new(headers.get(b"x-correlation-id", b"").decode("latin-1"))
        parent = remote_context(headers.get(b"traceparent", b"").decode("latin-1"))
        context = set_span_in_context(NonRecordingSpan(parent)) if parent else None
        started, status, answering = time.perf_counter(), 500, False

        async def sending(message: Message) -> None:
            nonlocal status, answering
            if message["type"] == "http.response.start":
                status, answering = message["status"], True
                answered = message["headers"]
                message["headers"] = [
                    *answered,
                    *SECURITY_HEADERS,
                    *(
                        []
                        if any(name == b"cache-control" for name, _ in answered)
                        else KEPT_BY_NOBODY
                    ),
                    (b"x-correlation-id", correlation.encode()),
                ]
            await send(message)

        with (
            structlog.contextvars.bound_contextvars(correlation_id=correlation),
            tracer.start_as_current_span(
                f"{scope['method']} {scope['path'][:60]}", context
            ) as span,
        ):
            try:
                _understood(scope["headers"], headers, self._limit)
                await self._app(scope, _limited(receive, self._limit), sending)
            except Problem as problem:
                answer = await answer_with(problem, Request(scope))
                await answer(scope, receive, sending)
            except (
                ClientDisconnect
            ):  # before the whole body came: nobody waits, and nothing was taken
                status = GONE
                log.info("client_gone")
            except Exception as error:  # caught here, so that the answer has its correlation id
                log.error("request_failed", error=type(error).__name__, exc_info=error)
                if answering:
                    raise  # too late for a problem: the server cuts the connection
                answer = await answer_with(refusal(error), Request(scope))
                await answer(scope, receive, sending)
            finally:
                seconds = time.perf_counter() - started
                route = getattr(scope.get("route"), "path", "unmatched")
                span.update_name(f"{scope['method']} {route}")
                metrics.REQUESTS.labels(scope["method"], route, str(status)).observe(seconds)


class _TooLarge(HTTPException):
    """An HTTPException, so that FastAPI does not take it for a body that it could not parse."""

    def __init__(self) -> None:
        super().__init__(413)


def _understood(
    sent: Sequence[tuple[bytes, bytes]], headers: Mapping[bytes, bytes], limit: int
) -> None:
    """Raises `Problem`: 400 for a header that says two things, 413 for a body that is declared too large, 415
    for one that is compressed. Nobody unpacks it: a small one may hold more than there is room for. 415 too for
    JSON that says of itself that it is no UTF-8: read as such, 某某 in GBK is the name ĳĳ."""
    if len(sent) > len(headers):
        times = Counter(name for name, _ in sent)
        twice = [n for n in times if times[n] > 1 and (n in SAID_ONCE or n.startswith(b"ce-"))]
        if twice:
            raise Problem("header-twice", {"names": sorted(n.decode("latin-1") for n in twice)})
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length) > limit:
        raise Problem("body-too-large", {"limit": limit})
    codings = b",".join(value for name, value in sent if name == b"content-encoding").split(b",")
    if {coding.strip().lower() for coding in codings} - {b"", b"identity"}:
        raise Problem("unsupported-content-encoding", headers={"Accept-Encoding": "identity"})
    content = headers.get(b"content-type", b"").lower()
    has_body = length.strip(b"0") or b"transfer-encoding" in headers
    if has_body and b"charset" in content:
        media, *parameters = content.split(b";")
        charsets = {value.strip(b' "') for value in map(_charset, parameters) if value}
        if media.strip().endswith(b"json") and charsets - UTF_8:
            raise Problem("unsupported-charset")


def _charset(parameter: bytes) -> bytes:
    name, _, value = parameter.partition(b"=")
    return value if name.strip() == b"charset" else b""


def _limited(receive: Receive, limit: int) -> Receive:
    """Count the body as it comes, for a client that does not declare its length."""
    total = 0

    async def receiving() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            raise _TooLarge
        return message

    return receiving


def _uuid_or_new(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return str(new_id())

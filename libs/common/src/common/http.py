"""The HTTP side of every service: one shape of error, one place for circumstances, health, metrics.

Middleware is plain ASGI: it binds the correlation id and the trace, limits the body, measures, and
adds the security headers. Liveness looks only at the event loop (it answers, so it lives);
readiness asks the service's own probes.
"""

import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from uuid import UUID

import msgspec
import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.telemetry import TelemetryConfig
from fastapi_offline import FastAPIOffline
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, set_span_in_context
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common import metrics
from common.auth import Principal, Verifier, unguarded
from common.errors import answer_with, handle_errors, refusal
from common.ids import new_id
from common.intents import Context, Key, Recorded, fingerprint
from common.problems import COMMON, Problem, Text
from common.settings import Settings
from common.tracing import current_traceparent, remote_context

log = structlog.get_logger()
tracer = trace.get_tracer("shouwang.http")

PUBLIC = frozenset(
    {"/health/live", "/health/ready", "/metrics", "/problems", "/problems/{code}", "/v1/catalogue"}
)
SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]

# FastAPI's own telemetry would trace every dependency of every request a second time, and would log
# what failed to validate, which may be personal.
OURS_ALONE: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
}

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
Probe = Callable[[], Awaitable[str | None]]


def create_app(
    title: str,
    settings: Settings,
    *,
    lifespan: Lifespan,
    probes: Callable[[FastAPI], Mapping[str, Probe]],
    refusals: Mapping[str, Text],
) -> FastAPI:
    """An app with errors, health, metrics and the table of problems; the service adds its routes.

    `probes` are asked by readiness: each answers `None`, or a sentence that says what is wrong.
    """
    app: FastAPI = FastAPIOffline(  # FastAPI's own pages fetch their scripts from the internet
        title=title,
        version="1.0.0",
        lifespan=lifespan,
        redirect_slashes=False,
        telemetry=OURS_ALONE,
        redoc_url=None,
    )
    texts = {**COMMON, **refusals}
    app.state.texts, app.state.problem_page = texts, None
    app.state.verifier = Verifier(settings.jwks_url, settings.issuer, settings.audience)
    limit = settings.body_limit_bytes
    app.add_middleware(Circumstances, body_limit=limit)
    handle_errors(app, limit)

    @app.get("/health/live", tags=["operations"], summary="The event loop turns")
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/health/ready", tags=["operations"], summary="Ready for work, or why not")
    async def ready(request: Request) -> JSONResponse:
        found = {name: await probe() for name, probe in probes(request.app).items()}
        wrong = {name: why for name, why in found.items() if why}
        status = {"status": "unready", "why": wrong} if wrong else {"status": "ready"}
        return JSONResponse(status, 503 if wrong else 200)

    @app.get("/metrics", tags=["operations"], summary="Prometheus")
    async def prometheus() -> Response:
        return PlainTextResponse(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/problems", tags=["operations"], summary="Every error code, with its remedy")
    async def problems() -> dict[str, dict[str, object]]:
        return {c: {"status": t.status, "zh": t.zh, "en": t.en} for c, t in texts.items()}

    @app.get("/problems/{code}", tags=["operations"], summary="What an error means")
    async def problem(code: str) -> dict[str, object]:
        if code not in texts:
            raise Problem("not-found")
        text = texts[code]
        return {"code": code, "status": text.status, "zh": text.zh, "en": text.en}

    return app


def default_deny(app: FastAPI, public: frozenset[str] = frozenset()) -> FastAPI:
    """The app, if every route has a policy or is `public` by name; called last.

    Raises `RuntimeError` with the paths.
    """
    if paths := unguarded(app, PUBLIC | public):
        raise RuntimeError(f"routes without a policy: {', '.join(paths)}")
    return app


def required_key(request: Request) -> str:
    """The `Idempotency-Key`, quoted or bare, at most 255 characters. Raises `Problem` (400)."""
    key = request.headers.get("idempotency-key", "").strip().strip('"')
    if not key or len(key) > 255:
        raise Problem("idempotency-key-missing")
    return key


async def key_of(request: Request, caller: Principal) -> Key:
    """What names the caller's action, with the hash of the address and body that it came as.

    Raises `Problem` (400) without an `Idempotency-Key`.
    """
    body = await request.body()
    return Key(caller.client, required_key(request), fingerprint(request.url.path.encode(), body))


def expected_version(request: Request) -> int | None:
    """The version in `If-Match`, if the client sent one. Raises `Problem` (412) if it is not ours."""
    tag = request.headers.get("if-match")
    if tag is None:
        return None
    digits = tag.strip().strip('"')
    if not re.fullmatch("[0-9]{1,18}", digits):
        raise Problem("not-a-version")
    return int(digits)


def answered(recorded: Recorded) -> Response:
    """201 with the receipt, the same bytes when repeated. `ETag` is the version that the command led
    to: what `If-Match` of the next one says, unless somebody else comes between."""
    headers = {"Idempotency-Replayed": "true"} if recorded.replayed else {}
    version = recorded.version or _led_to(recorded.answer)
    if version:
        headers["ETag"] = f'"{version}"'
    return Response(recorded.answer, 201, headers, "application/json")


def _led_to(answer: bytes) -> int | None:
    events = _receipt.decode(answer).events
    return events[-1].version if events else None


class _Event(msgspec.Struct):
    version: int


class _Receipt(msgspec.Struct):
    events: list[_Event]


_receipt = msgspec.json.Decoder(_Receipt)


def correlation_id() -> UUID:
    """Of the request we are in."""
    return UUID(structlog.contextvars.get_contextvars()["correlation_id"])


def circumstances(
    caller: Principal, *, region: str, occurred_at: datetime, policy_version: str | None = None
) -> Context:
    """The circumstances of a command that came over HTTP: who, in which request and trace."""
    return Context(
        actor=caller.actor,
        region=region,
        occurred_at=occurred_at,
        correlation_id=correlation_id(),
        policy_version=policy_version,
        traceparent=current_traceparent(),
    )


def encoded(answer: object) -> Response:
    """A dataclass as JSON. FastAPI would copy it, validate what we made, and copy it again: 60 ms
    for 500 events of a timeline. Name it as `response_model`, for the OpenAPI document."""
    return Response(msgspec.json.encode(answer), media_type="application/json")


def only_filters(request: Request, known: Sequence[str]) -> None:
    """Filters fail closed: a query parameter that is unknown, or stands twice, raises `Problem` (400)."""
    if unknown := sorted(set(request.query_params) - set(known)):
        raise Problem("unknown-filter", {"names": [u[:40] for u in unknown], "known": list(known)})
    asked = Counter(name for name, _ in request.query_params.multi_items())
    if twice := sorted(name for name, times in asked.items() if times > 1):
        raise Problem("filter-twice", {"names": twice})


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
                message["headers"] = [
                    *message["headers"],
                    *SECURITY_HEADERS,
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
                length = headers.get(b"content-length", b"0")
                if not length.isdigit() or int(length) > self._limit:
                    raise _TooLarge
                await self._app(scope, _limited(receive, self._limit), sending)
            except _TooLarge:
                problem = Problem("body-too-large", {"limit": self._limit})
                answer = await answer_with(problem, Request(scope))
                await answer(scope, receive, sending)
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

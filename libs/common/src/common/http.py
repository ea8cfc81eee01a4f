"""The HTTP side of every service: one shape of error, one place for circumstances, health, metrics.

Middleware is plain ASGI: it binds the correlation id and the trace, limits the body, measures, and
adds the security headers. Liveness looks only at the event loop (it answers, so it lives);
readiness asks the service's own probes.
"""

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, set_span_in_context
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common import metrics
from common.auth import Principal, Verifier, unguarded
from common.decider import Refused
from common.eventstore import Conflict, Context, KeyReused
from common.ids import new_id
from common.problems import COMMON, MEDIA_TYPE, Fault, Problem, Text, body, fault
from common.settings import Settings
from common.tracing import current_trace_id, current_traceparent, remote_context
from common.writer import Busy, Unavailable

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
    app = FastAPI(title=title, version="1.0.0", lifespan=lifespan, redirect_slashes=False)
    texts = {**COMMON, **refusals}
    app.state.texts = texts
    app.state.verifier = Verifier(settings.jwks_url, settings.issuer, settings.audience)
    limit = settings.body_limit_bytes
    app.add_middleware(Circumstances, body_limit=limit, texts=texts)
    _handle_errors(app, texts, limit)

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


def default_deny(app: FastAPI) -> FastAPI:
    """The app, if every route has a policy; called last. Raises `RuntimeError` with the paths."""
    if paths := unguarded(app, PUBLIC):
        raise RuntimeError(f"routes without a policy: {', '.join(paths)}")
    return app


def refusal(error: Exception) -> Problem:
    """What the writer raised or returned, as a problem."""
    match error:
        case Problem():
            return error
        case Refused():
            return Problem(error.code, error.details)
        case KeyReused():
            return Problem("idempotency-key-reused")
        case Conflict():
            return Problem("conflict", headers={"Retry-After": "1"})
        case Busy():
            return Problem("busy", headers={"Retry-After": "1"})
        case Unavailable():
            return Problem("unavailable", headers={"Retry-After": "2"})
    return Problem("internal")


def required_key(request: Request) -> str:
    """The `Idempotency-Key`, quoted or bare, at most 255 characters. Raises `Problem` (400)."""
    key = request.headers.get("idempotency-key", "").strip().strip('"')
    if not key or len(key) > 255:
        raise Problem("idempotency-key-missing")
    return key


def expected_version(request: Request) -> int | None:
    """The version in `If-Match`, if the client sent one. Raises `Problem` (412) if it is not ours."""
    tag = request.headers.get("if-match")
    if tag is None:
        return None
    digits = tag.strip().strip('"')
    if not re.fullmatch("[0-9]{1,18}", digits):
        raise Problem("version-moved-on", {"version": "?"})
    return int(digits)


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


def only_filters(request: Request, known: Sequence[str]) -> None:
    """Filters fail closed: an unknown query parameter raises `Problem` (400)."""
    if unknown := sorted(set(request.query_params) - set(known)):
        raise Problem("unknown-filter", {"names": [u[:40] for u in unknown], "known": list(known)})


class Circumstances:
    """What surrounds every request. Outermost, so that nothing answers without it."""

    def __init__(self, app: ASGIApp, body_limit: int, texts: Mapping[str, Text]) -> None:
        self._app = app
        self._limit = body_limit
        self._texts = texts

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
                await answer_with(problem, self._texts)(scope, receive, sending)
            except Exception as error:  # caught here, so that the answer has its correlation id
                log.error("request_failed", error=type(error).__name__, exc_info=error)
                if answering:
                    raise  # too late for a problem: the server cuts the connection
                await answer_with(Problem("internal"), self._texts)(scope, receive, sending)
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


def answer_with(problem: Problem, texts: Mapping[str, Text]) -> JSONResponse:
    """The problem as a response."""
    if problem.code not in texts:
        log.error("unknown_problem", code=problem.code)
        problem = Problem("internal")
    content = body(problem, texts, current_trace_id())
    return JSONResponse(
        content, content["status"], headers=dict(problem.headers), media_type=MEDIA_TYPE
    )


def _handle_errors(app: FastAPI, texts: Mapping[str, Text], limit: int) -> None:
    async def on_problem(_: Request, error: Exception) -> JSONResponse:
        return answer_with(refusal(error), texts)

    async def on_invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return answer_with(invalid(error.errors(), error.body), texts)

    async def on_http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        if error.status_code == 400:  # FastAPI could not parse the body: not UTF-8, or too deep
            return answer_with(json_problem(b""), texts)
        code = {404: "not-found", 405: "method-not-allowed", 413: "body-too-large"}.get(
            error.status_code, "internal"
        )
        details = {"limit": limit} if error.status_code == 413 else {}
        return answer_with(Problem(code, details, status=error.status_code), texts)

    for kind in (Problem, Refused, KeyReused, Conflict, Busy, Unavailable):
        app.add_exception_handler(kind, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)


def invalid(errors: Sequence[Any], sent: object = None) -> Problem:
    """Pydantic's errors as one problem; their `input` is dropped, since it may be personal.

    `sent` is the body as text where it was no JSON.
    """
    if any(error["type"] == "json_invalid" for error in errors):
        return json_problem(sent.encode() if isinstance(sent, str) else b"")
    return Problem("invalid", faults=[_fault(error) for error in errors])


def _fault(error: Mapping[str, Any]) -> Fault:
    where = [str(part) for part in error["loc"] if part not in ("body", "query", "path", "header")]
    pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in where)
    kind = str(error["type"])
    for code, starts in _KINDS.items():
        if kind.startswith(starts):
            return fault(pointer, code)
    custom = error.get("ctx", {}).get("error")
    return fault(pointer, str(custom) if isinstance(custom, ValueError) else "value")


_KINDS: dict[str, tuple[str, ...]] = {
    "missing": ("missing",),
    "extra_forbidden": ("extra_forbidden",),
    "uuid": ("uuid",),
    "datetime": ("datetime", "timezone"),
    "date": ("date",),
    "int": ("int",),
    "bool": ("bool",),
    "length": ("string_too", "too_", "bytes_too"),
    "pattern": ("string_pattern",),
    "string": ("string",),
    "enum": ("enum", "literal"),
    "list": ("list",),
    "object": ("dict", "model"),
    "range": ("greater", "less", "multiple"),
}


def json_problem(raw: bytes) -> Problem:
    """Where broken JSON breaks, without echoing it."""
    try:
        json.loads(raw)
    except json.JSONDecodeError as error:
        return Problem("broken-json", {"line": error.lineno, "column": error.colno})
    except (UnicodeDecodeError, RecursionError, ValueError):
        pass
    return Problem("broken-json", {"line": 1, "column": 1})

"""The HTTP side of every service: one shape of error, one place for circumstances, health, metrics.

Liveness looks only at the event loop (it answers, so it lives);
readiness asks the service's own probes.
"""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from common.auth import Principal, Verifier, dependants, unguarded
from common.bodies import i_json
from common.errors import handle_errors
from common.eventstore import known
from common.intents import Context, Key, Recorded, fingerprint
from common.middleware import Circumstances
from common.problems import Problem, Text
from common.refusals import COMMON
from common.settings import Settings
from common.tracing import current_traceparent

PUBLIC = frozenset(
    {
        "/health/live",
        "/health/ready",
        "/metrics",
        "/problems",
        "/problems/{code}",
        "/v1/catalogue",
        "/asyncapi.json",
    }
)

# FastAPI's own telemetry would trace every dependency of every request a second time, and would log
# what failed to validate, which may be personal.
OURS_ALONE: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
}


@dataclass(frozen=True, slots=True)
class Readiness:
    """`ready` or `unready`, and by the name of each probe that says so, why."""

    status: Literal["ready", "unready"]
    why: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Explained:
    """What an error means, with its remedy."""

    code: str
    status: int
    zh: str
    en: str


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
        generate_unique_id_function=_named,
        dependencies=[Depends(_as_documented)],
    )
    texts = {**COMMON, **refusals}
    app.state.texts, app.state.problem_page = texts, None
    app.state.verifier = Verifier(settings.jwks_url, settings.issuer, settings.audience)
    limit = settings.body_limit_bytes
    app.add_middleware(Circumstances, body_limit=limit)
    handle_errors(app, limit, first_answer)

    @app.get("/health/live", tags=["operations"], summary="The event loop turns")
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    @app.get(
        "/health/ready",
        tags=["operations"],
        summary="Ready for work, or why not",
        response_model=Readiness,
        responses={503: {"description": "Not ready", "model": Readiness}},
    )
    async def ready(request: Request) -> JSONResponse:
        found = {name: await probe() for name, probe in probes(request.app).items()}
        wrong = {name: why for name, why in found.items() if why}
        status = {"status": "unready", "why": wrong} if wrong else {"status": "ready"}
        return JSONResponse(status, 503 if wrong else 200)

    @app.get(
        "/metrics",
        tags=["operations"],
        summary="Prometheus",
        response_class=PlainTextResponse,
    )
    async def prometheus() -> Response:
        return PlainTextResponse(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/problems", tags=["operations"], summary="Every error code, with its remedy")
    async def problems() -> dict[str, Text]:
        return texts

    @app.get("/problems/{code}", tags=["operations"], summary="What an error means")
    async def problem(code: str) -> Explained:
        if code not in texts:
            raise Problem("not-found")
        text = texts[code]
        return Explained(code, text.status, text.zh, text.en)

    return app


def _named(route: APIRoute) -> str:
    """What a generated client calls a route: after method and path, which are promised, and not after a function
    of ours, whose name may change."""
    (method,) = sorted(route.methods or ())
    return re.sub(r"\W+", "_", f"{method.lower()}{route.path_format}").strip("_")


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


async def standing_key(request: Request, caller: Principal) -> Key:
    """As `key_of`. Whatever the route refuses from now on, this caller's same request under this key gets the
    answer that it got (`answered`), if it got one: what was done may be the reason why it cannot be done again."""
    request.state.key = key = await key_of(request, caller)
    return key


async def first_answer(request: Request) -> Response | None:
    """What this very request was answered before, if the route stands by that."""
    key: Key | None = getattr(request.state, "key", None)
    found = key and await known(request.app.state.runtime.pool, key)
    return answered(found) if found else None


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


def encoded(answer: object, status: int = 200) -> Response:
    """Dataclasses and rows as JSON. FastAPI would copy them, validate what we made, and copy it again: 60 ms
    for 500 events of a timeline. Name what it is as `response_model`, for the OpenAPI document."""
    content = msgspec.json.encode(answer, enc_hook=_fields)
    return Response(content, status, media_type="application/json")


def _fields(row: Any) -> dict[str, Any]:
    assert isinstance(row, BaseModel), type(row).__name__
    return {name: getattr(row, name) for name in type(row).model_fields}


async def _as_documented(request: Request) -> None:
    """Before every route. A query parameter that the document does not name is refused: somebody would get
    a wider answer than they asked for, or record what they meant to try. A form is read as strictly as
    other JSON, and in one way only. Raises `Problem` (400, 422)."""
    if request.scope["query_string"] and request.scope["path"].startswith("/v1/"):
        ways = dependants(request.scope["route"])
        only_filters(request, [told.alias for way in ways for told in way.query_params])
    if hasattr(request, "_json"):  # FastAPI parsed a body
        i_json(await request.body())


def only_filters(request: Request, known: Sequence[str]) -> None:
    """Filters fail closed: a query parameter that is unknown, or stands twice, raises `Problem` (400)."""
    if unknown := sorted(set(request.query_params) - set(known)):
        names = [name[:40] for name in unknown]
        raise Problem("unknown-filter", {"names": names, "known": list(known) or "—"})
    asked = Counter(name for name, _ in request.query_params.multi_items())
    if twice := sorted(name for name, times in asked.items() if times > 1):
        raise Problem("filter-twice", {"names": twice})

"""Every error becomes one shape of answer: `application/problem+json` (RFC 9457).

A service that has pages for people may show them a problem as one of those (`app.state.problem_page`).
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from common.bodies import json_problem
from common.decider import Refused
from common.intents import Conflict, KeyReused
from common.problems import MEDIA_TYPE, Fault, Problem, Text, body, fault, pointer_to
from common.tracing import current_trace_id
from common.writer import LOST, Busy, Unavailable

JSON = "application/json"

ProblemPage = Callable[[Request, dict[str, Any]], Awaitable[Response | None]]
"""Shows the caller a problem as a page; `None` where the caller did not ask for one."""

log = structlog.get_logger()


async def answer_with(problem: Problem, request: Request) -> Response:
    """The problem as a response to this request."""
    texts: Mapping[str, Text] = request.app.state.texts
    if problem.code not in texts:
        log.error("unknown_problem", code=problem.code)
        problem = Problem("internal")
    content = body(problem, texts, current_trace_id())
    answer = await _page(request, content)
    if answer is None:
        answer = JSONResponse(content, content["status"], media_type=MEDIA_TYPE)
    answer.headers.update(problem.headers)
    return answer


async def _page(request: Request, content: dict[str, Any]) -> Response | None:
    """The problem as a page of the service, if it has one for the caller."""
    shown: ProblemPage | None = request.app.state.problem_page
    try:
        return await shown(request, content) if shown else None
    except Exception as error:  # whatever is wrong with the page, the problem is still told
        log.error("problem_page_failed", error=type(error).__name__, exc_info=error)
        return None


def refusal(error: Exception) -> Problem:
    """What was raised, or what the writer returned, as a problem."""
    if _is_away(error):
        error = Unavailable()
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


def _is_away(error: Exception) -> bool:
    """Whether it is the database that failed, and not the request or our code."""
    return isinstance(error, LOST) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def handle_errors(
    app: FastAPI, limit: int, first_answer: Callable[[Request], Awaitable[Response | None]]
) -> None:
    """Have the app answer whatever is raised with a problem; or, if it is no more than refused, with the
    `first_answer` that the same request got. `limit` is how large a body may be, in bytes."""

    async def on_refusal(request: Request, error: Exception) -> Response:
        return await first_answer(request) or await on_problem(request, error)

    async def on_problem(request: Request, error: Exception) -> Response:
        return await answer_with(refusal(error), request)

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if isinstance(error.body, bytes):  # FastAPI parses what is declared as JSON alone
            return await answer_with(Problem("unsupported-media-type", {"accepted": JSON}), request)
        return await answer_with(invalid(error.errors(), await request.body()), request)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 400:  # FastAPI could not parse the body: not UTF-8, or too deep
            return await answer_with(json_problem(await request.body()), request)
        if error.status_code == 405:
            allowed = ", ".join(_methods(request))
            problem = Problem(
                "method-not-allowed", {"allowed": allowed}, headers={"Allow": allowed}
            )
            return await answer_with(problem, request)
        code = {404: "not-found", 413: "body-too-large"}.get(error.status_code, "internal")
        details = {"limit": limit} if error.status_code == 413 else {}
        return await answer_with(Problem(code, details, status=error.status_code), request)

    for kind in (Problem, Refused):
        app.add_exception_handler(kind, on_refusal)
    for other in (KeyReused, Conflict, Busy, Unavailable):
        app.add_exception_handler(other, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)


def _methods(request: Request) -> list[str]:
    """What the address supports, for `Allow` (RFC 9110, 15.5.6): the router tells the first route's alone."""
    path = request.url.path
    ways = (way for way in iter_route_contexts(request.app.routes) if way.path_regex.match(path))
    return sorted({method for way in ways for method in way.methods or ()})


def invalid(errors: Sequence[Any], sent: bytes = b"") -> Problem:
    """Pydantic's errors in what was `sent` as one problem; their `input` is dropped, since it may be personal."""
    if any(error["type"] == "json_invalid" for error in errors):
        return json_problem(sent)
    return Problem("invalid", faults=[_fault(error) for error in errors])


def _fault(error: Mapping[str, Any]) -> Fault:
    where = error["loc"]
    pointer = pointer_to(*(where[1:] if where and where[0] in _PARTS else where))
    kind = str(error["type"])
    wanted = error.get("ctx", {})
    for code, starts in _KINDS.items():
        if kind.startswith(starts):
            known = re.findall("'([^']*)'", str(wanted.get("expected", "")))
            pattern = wanted.get("pattern")
            form = (f"应符合 {pattern}", f"match {pattern}") if pattern else None
            if hidden := wanted.get("character"):
                form = (f"请删去 {hidden}", f"leave out {hidden}")
            return fault(pointer, code, known=known, form=form, **_bounds(wanted))
    custom = wanted.get("error")
    return fault(pointer, str(custom) if isinstance(custom, ValueError) else "value")


def _bounds(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What pydantic says of the bound that was passed; nothing where there is none."""
    return {
        "least": wanted.get("ge", wanted.get("min_length")),
        "most": wanted.get("le", wanted.get("max_length")),
    }


_PARTS = ("body", "query", "path", "header")  # of a request, in which a pointer points
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
    "hidden": ("hidden",),
    "enum": ("enum", "literal"),
    "list": ("list", "tuple"),
    "object": ("dict", "model"),
    "range": ("greater", "less", "multiple"),
}

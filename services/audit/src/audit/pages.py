"""Pages for supervisors: find a household, read its timeline. Chinese first, English by `?lang=en`.

Plain HTML with one style sheet inside: no script, and nothing to fetch, so a saved page is whole. Whoever is not signed in gets the
form to sign in at the address that was asked for, and comes back to it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from audit import county, queries
from audit.access import COOKIE, SCOPE, SigningIn, form, may_look
from audit.api import MOST, allowed, covered, runtime_of, vocabulary_of
from audit.rendering import SAFE, address, language, page
from audit.timeline import Item, cursor_after, household_cursor, household_in, place_in, told
from common.auth import Principal
from common.clock import SHANGHAI
from common.errors import answer_with, refusal
from common.http import only_filters
from common.problems import Problem, body

QUIET = timedelta(days=60)  # without a record for longer, the gap is drawn
_PAGES = re.compile(r"/|/session(/end)?|/households/[^/]*|/county(/households)?")

router = APIRouter(tags=["pages"], include_in_schema=False, default_response_class=HTMLResponse)


@dataclass(frozen=True, slots=True)
class Row:
    """An item, and how many days of silence lie before it, if they are many."""

    item: Item
    quiet_days: int | None


@dataclass(frozen=True, slots=True)
class Month:
    """The items recorded in one month (Asia/Shanghai)."""

    year: int
    month: int
    rows: list[Row]


def months(items: Sequence[Item], before: datetime | None = None) -> Iterator[Month]:
    """Items in timeline order, by the month of recording; `before` is when the last page ended."""
    rows = []
    for item in items:
        quiet = item.recorded_at - before if before else timedelta(0)
        rows.append(Row(item, quiet.days if quiet > QUIET else None))
        before = item.recorded_at
    for (year, month), group in groupby(rows, lambda row: _year_month(row.item.recorded_at)):
        yield Month(year, month, list(group))


def _year_month(moment: datetime) -> tuple[int, int]:
    local = moment.astimezone(SHANGHAI)
    return local.year, local.month


@router.get("/")
async def find(request: Request, caller: Annotated[Principal, may_look()]) -> Response:
    """Villages of the caller's area; with `region` the households of one; with `household`, that."""
    only_filters(request, ("household", "region", "cursor", "lang"))
    asked = request.query_params.get("household", "").strip()
    if asked:
        query = {"lang": "en"} if language(request) == "en" else {}
        return RedirectResponse(address(f"/households/{_uuid(asked)}", query), 303, headers=SAFE)
    region = request.query_params.get("region")
    if region is not None and not re.fullmatch(r"\d{2,12}", region):
        raise Problem("not-found")
    place, engine = allowed(caller, region), runtime_of(request).engine
    if region is None or len(region) < 12:
        return page(
            request, "find.html", region=place, villages=await queries.villages(engine, place)
        )
    found = await queries.households(
        engine, place, limit=MOST + 1, after=household_in(request.query_params.get("cursor"))
    )
    following = household_cursor(found[MOST - 1]) if len(found) > MOST else None
    return page(request, "village.html", region=place, households=found[:MOST], following=following)


@router.get("/households/{household_id}")
async def household(
    household_id: str, request: Request, caller: Annotated[Principal, may_look()]
) -> Response:
    """The timeline of one household, oldest first."""
    only_filters(request, ("cursor", "lang"))
    runtime, id_ = runtime_of(request), _uuid(household_id)
    known = await covered(runtime, caller, id_)
    after = place_in(request.query_params.get("cursor"))
    found = await queries.entries(runtime.engine, id_, limit=MOST + 1, after=after)
    shown = found[:MOST]
    items = [told(entry, vocabulary_of(request)) for entry in shown]
    return page(
        request,
        "household.html",
        household=known,
        months=list(months(items, after[0] if after else None)),
        proof=await queries.proof(runtime.engine, id_),
        parked=await queries.parked(runtime.engine, "audit", str(id_)),
        following=cursor_after(shown[-1]) if len(found) > MOST else None,
    )


@router.post("/session")
async def sign_in(
    request: Request, caller: Annotated[Principal, Depends(SigningIn(SCOPE))]
) -> Response:
    """Keep the token that was pasted into the form, in a cookie that no script can read."""
    posted = await form(request)
    answer = RedirectResponse(_local(posted.get("next", "/")), 303, headers=SAFE)
    answer.set_cookie(
        COOKIE,
        posted["token"],
        httponly=True,
        samesite="strict",
        secure=runtime_of(request).settings.profile == "production",
    )
    return answer


@router.post("/session/end")
async def sign_out(request: Request, caller: Annotated[Principal, may_look()]) -> Response:
    """Forget the token."""
    answer = RedirectResponse("/", 303, headers=SAFE)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def install(app: FastAPI) -> None:
    """Add the pages, and problems as pages for those who asked for a page."""
    app.include_router(router)
    app.include_router(county.router)

    async def on_problem(request: Request, error: Exception) -> Response:
        problem = refusal(error)
        if not _PAGES.fullmatch(request.url.path):
            return answer_with(problem, app.state.texts)
        told = body(problem, app.state.texts)
        if told["status"] == 401:
            posted = await form(request) if request.method == "POST" else {}
            back = _local(posted.get("next", address(request.url.path, request.query_params)))
            failed = told if posted.get("token") or COOKIE in request.cookies else None
            return page(request, "sign_in.html", 401, next=back, failed=failed)
        return page(request, "problem.html", told["status"], problem=told)

    app.add_exception_handler(Problem, on_problem)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text.strip())
    except ValueError as error:
        raise Problem("not-found") from error


def _local(path: str) -> str:
    """A path of ours, never another site (`//elsewhere`, `/\\elsewhere`)."""
    return path if _PAGES.fullmatch(path.partition("?")[0]) and path.isprintable() else "/"

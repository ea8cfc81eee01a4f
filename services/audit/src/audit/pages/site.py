"""Pages for supervisors: signing in, and finding a household. Chinese first, English by `?lang=en`.

Plain HTML with one style sheet inside; all of it works without script. Whoever is not signed in gets
the form to sign in at the address that was asked for, and comes back to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from audit.access.lists import LISTED, Lister, finding
from audit.access.looks import oversees
from audit.access.signing_in import COOKIE, SCOPE, SigningIn, form, signed_in
from audit.api.timeline import household_cursor, household_in
from audit.api.wired import runtime_of, vocabulary_of
from audit.pages import accesses, completeness, county, household, live, lookup, registered
from audit.pages.naming import heading, names
from audit.pages.problem import local, problem_page
from audit.pages.rendering import SAFE, address, household_id, page, same_language
from audit.read_model import queries
from common.auth import Principal
from common.http import only_filters
from contracts.access import Shown

router = APIRouter(tags=["pages"], include_in_schema=False, default_response_class=HTMLResponse)


@dataclass(frozen=True, slots=True)
class Town:
    """The villages of a town, which the first nine digits of their codes name."""

    region: str
    villages: list[queries.Village]

    @property
    def households(self) -> int:
        """In all of them."""
        return sum(village.households for village in self.villages)


def towns(villages: Sequence[queries.Village]) -> list[Town]:
    """Villages, in the order of their codes, by town."""
    return [Town(town, list(those)) for town, those in groupby(villages, lambda v: v.region[:9])]


def _asked(request: Request) -> Shown:
    """The households of a village, or which villages there are."""
    named = len(request.query_params.get("region", "")) == len("441624108201")
    return Shown.HOUSEHOLDS if named else Shown.VILLAGES


@router.get("/")
async def find(request: Request, caller: Annotated[Lister, finding(_asked)]) -> Response:
    """Villages of the caller's area by town, if it may see lists; with `region` the households of one;
    with `household`, that."""
    only_filters(request, ("household", "region", "cursor", "lang", "purpose"))
    asked = request.query_params.get("household", "").strip()
    if asked:
        caller.show_nothing()
        to = address(f"/households/{household_id(asked)}", same_language(request))
        return RedirectResponse(to, 303, headers=SAFE)
    place, engine = caller.place, runtime_of(request).engine
    if caller.shown is Shown.VILLAGES:
        villages = await queries.villages(engine, place) if oversees(caller) else None
        if villages is None:
            caller.show_nothing()
        else:
            caller.show(sum(village.households for village in villages))
        return page(
            request,
            "find.html",
            files=("forms.js",),
            region=place,
            towns=None if villages is None else towns(villages),
            by_number=request.app.state.lookup is not None,
            called=heading(vocabulary_of(request)),
        )
    found = await queries.households(
        engine, place, limit=LISTED + 1, after=household_in(request.query_params.get("cursor"))
    )
    shown = found[:LISTED]
    caller.show(len(shown))
    ids = [household.household_id for household in shown]
    return page(
        request,
        "village.html",
        region=place,
        households=shown,
        names=await names(request, ids),
        forked=await queries.forked(runtime_of(request).pool, "audit", ids),
        following=household_cursor(shown[-1]) if len(found) > LISTED else None,
    )


@router.post("/session")
async def sign_in(
    request: Request, caller: Annotated[Principal, Depends(SigningIn(SCOPE))]
) -> Response:
    """Keep the token that was pasted into the form, in a cookie that no script can read."""
    posted = await form(request)
    answer = RedirectResponse(local(posted.get("next", "/")), 303, headers=SAFE)
    answer.set_cookie(
        COOKIE,
        posted["token"],
        httponly=True,
        samesite="strict",
        secure=runtime_of(request).settings.profile == "production",
    )
    return answer


@router.post("/session/end")
async def sign_out(request: Request, caller: Annotated[Principal, signed_in()]) -> Response:
    """Forget the token, and keep the language."""
    answer = RedirectResponse(address("/", same_language(request)), 303, headers=SAFE)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def install(app: FastAPI) -> None:
    """Add the pages, and problems as pages for those who asked for a page."""
    app.include_router(router)
    for pages in (accesses, completeness, county, household, live, lookup, registered):
        app.include_router(pages.router)
    app.state.problem_page = problem_page

"""The pages that tell who looked: at a household, and at lists of households of an area."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import ColumnElement

from audit.access.lists import Lister, listing
from audit.access.looks import READ, Looker, looking
from audit.api.accesses import NAMES, Asked, asked, latest, of_area, of_household, say_shown
from audit.api.wired import runtime_of
from audit.meaning.sentences import Words
from audit.meaning.words import DEPARTMENTS, area, inside, named
from audit.pages.naming import called
from audit.pages.phrases import PHRASES
from audit.pages.rendering import Condition, page
from common.clock import SHANGHAI
from common.http import only_filters
from contracts.access import Shown

router = APIRouter(tags=["pages"], include_in_schema=False, default_response_class=HTMLResponse)

PAGE = 100  # looks on a page
FEW = 10  # that it opens with, if they are the latest


@router.get("/households/{household_id}/accesses")
async def page_of(
    request: Request,
    caller: Annotated[Looker, looking(Shown.ACCESSES, scope=READ, staff=True)],
    wanted: Annotated[Asked, Depends(asked)],
) -> Response:
    """Who looked at the household, and who was refused, the latest first."""
    only_filters(request, (*NAMES, "cursor", "lang", "purpose"))
    known = {"household": caller, "called": await called(request, caller)}
    return await _page(request, "accesses.html", of_household(caller), wanted, [], **known)


@router.get("/accesses")
async def page_of_area(
    request: Request,
    caller: Annotated[Lister, listing(Shown.ACCESSES, scope=READ)],
    wanted: Annotated[Asked, Depends(asked)],
) -> Response:
    """Who looked at lists of the caller's area, or of `region` inside it."""
    only_filters(request, ("region", *NAMES, "cursor", "lang", "purpose"))
    own, place = caller.actor.region, caller.place
    answer = await _page(
        request,
        "area_accesses.html",
        of_area(caller),
        wanted,
        [Condition(PHRASES["list_area"], area(place))] if place != own else [],
        region=place,
        areas=dict.fromkeys((own, *inside(own), place)),
        now=runtime_of(request).clock.now(),
    )
    say_shown(caller, wanted)
    return answer


async def _page(
    request: Request,
    template: str,
    which: Sequence[ColumnElement[bool]],
    wanted: Asked,
    narrowed: Sequence[Condition],
    **values: Any,
) -> Response:
    cursor = request.query_params.get("cursor")
    items, following = await latest(request, which, wanted, cursor, PAGE)
    given = {name: value for name in NAMES if (value := request.query_params.get(name))}
    if wanted.refused is not None:
        given["refused"] = str(wanted.refused).lower()
    return page(
        request,
        template,
        items=items,
        few=PAGE if cursor else FEW,
        following=following,
        departments=DEPARTMENTS,
        chosen=given,
        asked=[*narrowed, *conditions(wanted, given.get("since"), given.get("until"))],
        **values,
    )


def conditions(wanted: Asked, since: str | None, until: str | None) -> list[Condition]:
    """What was asked for, in words; of the days, as they were given."""
    found = []
    if wanted.department is not None:
        found.append(Condition(PHRASES["department"], named(wanted.department, DEPARTMENTS)))
    if wanted.since is not None:
        found.append(Condition(PHRASES["since"], _day(wanted.since, since)))
    if wanted.until is not None:
        found.append(Condition(PHRASES["until"], _day(wanted.until, until)))
    if wanted.refused is not None:
        found.append(Condition(PHRASES["refused_only" if wanted.refused else "let_in_only"]))
    return found


def _day(moment: datetime, given: str | None) -> Words:
    """A business date as it was given, or a moment."""
    whole = given is not None and len(given) == len("2024-06-03")
    text = f"{moment.astimezone(SHANGHAI):{'%Y-%m-%d' if whole else '%Y-%m-%d %H:%M'}}"
    return Words(text, text)

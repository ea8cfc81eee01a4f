"""The timeline over HTTP, for programs. Reads only; every answer is inside the caller's area."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from audit.access.lists import Lister, listing, overseeing
from audit.access.looks import Looker, looking
from audit.api.concerned import concerned_in
from audit.api.filters import Filters, conditions, correcting, corrections, filters
from audit.api.timeline import Item, cursor_after, household_cursor, household_in, place_in, told
from audit.api.wired import runtime_of, vocabulary_of
from audit.meaning.vocabulary import Vocabulary
from audit.read_model import queries
from audit.read_model.numbered import by_number
from common.auth import Area, Principal
from common.http import encoded
from common.paging import USUAL, Limit, lead_on
from common.service import Runtime
from contracts.access import Shown

router = APIRouter(tags=["timeline"])

Number = Annotated[
    str | None,
    Query(description="what lists call it by: its number on the register", max_length=200),
]
Cursor = Annotated[str | None, Query(description="`next` of the page before", max_length=2_000)]


@dataclass(frozen=True)
class Timeline:
    """A page of a household's timeline. `timeline_hash` and `count` are over all of it; `hidden` of
    them are not shown, because the caller's department does not need them."""

    household_id: UUID
    region: str
    count: int
    hidden: int
    timeline_hash: str
    parked: int
    items: list[Item]
    next: str | None


@dataclass(frozen=True)
class Listed:
    """A household that events have named. `number` is what lists call it by, its number on the register;
    null if it has none, or has not been read yet."""

    household_id: UUID
    number: str | None
    region: str
    events: int
    last_recorded_at: datetime


@dataclass(frozen=True)
class Households:
    """A page of households, by area, number and id."""

    items: list[Listed]
    next: str | None


@router.get(
    "/v1/households/{household_id}/timeline",
    summary="All that happened to a household",
    response_model=Timeline,
)
async def timeline(
    household_id: UUID,
    request: Request,
    caller: Annotated[Looker, looking(Shown.TIMELINE)],
    asked: Annotated[Filters, Depends(filters)],
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Response:
    """One item an event in the order of recording, with its sentence in Chinese and English."""
    runtime, vocabulary = runtime_of(request), vocabulary_of(request)
    corrected = await corrected_in(runtime, vocabulary, household_id, asked)
    found = await queries.entries(
        runtime.engine,
        household_id,
        limit=limit + 1,
        after=place_in(cursor),
        where=[*conditions(asked, vocabulary, corrected), *caller.sight.where()],
    )
    shown = found[:limit]
    following = cursor_after(shown[-1]) if len(found) > limit else None
    proof = await queries.proof(runtime.engine, household_id)
    now = runtime.clock.now()
    point = asked.valid_at or now, asked.known_at or now
    sight, items = caller.sight, [told(entry, vocabulary) for entry in shown]
    ones = await concerned_in(runtime.pool, vocabulary, household_id, sight, *point)
    for item in items:
        item.concerned = ones.get(item.event_id, ())
    answer = encoded(
        Timeline(
            household_id=household_id,
            region=caller.region,
            count=proof.count,
            hidden=caller.sight.hidden(proof.count),
            timeline_hash=proof.hash,
            parked=await queries.parked(runtime.engine, "audit", str(household_id)),
            items=items,
            next=following,
        )
    )
    lead_on(request, answer, following)
    return answer


def _asked(request: Request) -> Shown:
    """The households of an area, or those of a number."""
    return Shown.BY_REGISTER if "number" in request.query_params else Shown.HOUSEHOLDS


@router.get("/v1/households", summary="Households that events have named")
async def households(
    request: Request,
    response: Response,
    caller: Annotated[Lister, listing(_asked)],
    region: Area = None,
    number: Number = None,
    cursor: Cursor = None,
    limit: Limit = USUAL,
) -> Households:
    """Those of an area, given by the first digits of its code; without one, of the caller's. With a
    `number`, those that have it: one, unless services gave it to several."""
    runtime, after = runtime_of(request), household_in(cursor)
    if number is None:
        found = await queries.households(runtime.engine, caller.place, limit=limit + 1, after=after)
    else:
        found = await by_number(
            runtime, vocabulary_of(request), caller.place, number, limit + 1, after
        )
    shown = found[:limit]
    caller.show(len(shown))
    following = household_cursor(shown[-1]) if len(found) > limit else None
    lead_on(request, response, following)
    return Households(
        [
            Listed(h.household_id, h.called or None, h.region, h.events, h.recorded_at)
            for h in shown
        ],
        following,
    )


@router.get("/v1/timeline/hash", summary="One hash over the timelines of all households")
async def whole(
    request: Request, caller: Annotated[Principal, overseeing(Shown.WHOLE)]
) -> queries.Proof:
    """For comparing rebuilds: equal exactly when the same events are there."""
    async with runtime_of(request).pool.acquire() as connection:
        return await queries.whole_log(connection)


async def corrected_in(
    runtime: Runtime, vocabulary: Vocabulary, household_id: UUID, asked: Filters
) -> set[UUID]:
    """The events that correct, or are corrected, as far as that was known at `known_at`."""
    types = correcting(vocabulary)
    if asked.corrected is None or not types:
        return set()
    return corrections(
        [
            (
                r["event_id"],
                vocabulary.meaning(r["service"], r["type"], r["schema_version"]),
                r["data"],
            )
            for r in await queries.of_types(runtime.pool, household_id, types)
            if asked.known_at is None or r["recorded_at"] <= asked.known_at
        ]
    )

"""The page of a household: how it stands, its deadlines, both clocks, its timeline, its evidence."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from audit.access.looks import BADGE, READ, Looker, looking
from audit.api.concerned import Concerned
from audit.api.filters import Filters, conditions, filters
from audit.api.households import corrected_in
from audit.api.timeline import Item, cursor_after, place_in, told
from audit.api.wired import runtime_of, vocabulary_of
from audit.log import stated
from audit.log.dossier import dossier
from audit.log.keeper import Keeper
from audit.meaning.fields import deadline
from audit.meaning.sentences import Words
from audit.meaning.state import Happened
from audit.meaning.words import DEPARTMENTS, SERVICES, named
from audit.pages import naming
from audit.pages.phrases import PARKED, PHRASES
from audit.pages.related import Other, others_in
from audit.pages.rendering import Condition, page
from audit.pages.stands import (
    called,
    changes,
    from_today,
    groups,
    header,
    responsible,
    stands,
)
from audit.read_model import queries
from audit.read_model.happened import recorded
from common.clock import SHANGHAI
from common.http import only_filters
from common.paging import MOST
from contracts.access import Shown

QUIET = timedelta(days=60)  # without a record for longer, the gap is drawn
ONLY = ("late", "corrected", "breach")
CHOICES = ("service", "department", *ONLY)
NOTHING: Mapping[UUID, Sequence[Any]] = {}

router = APIRouter(tags=["pages"], include_in_schema=False, default_response_class=HTMLResponse)


@dataclass(frozen=True, slots=True)
class Row:
    """An item, how many days of silence lie before it, if they are many, and which other households and
    which of the members it names."""

    item: Item
    quiet_days: int | None
    others: Sequence[Other] = ()
    concerned: Sequence[Concerned] = ()


@dataclass(frozen=True, slots=True)
class Month:
    """The items recorded in one month (Asia/Shanghai)."""

    year: int
    month: int
    rows: list[Row]


def months(
    items: Sequence[Item],
    before: datetime | None = None,
    others: Mapping[UUID, Sequence[Other]] = NOTHING,
    ones: Mapping[UUID, Sequence[Concerned]] = NOTHING,
) -> Iterator[Month]:
    """Items in timeline order, by the month of recording; `before` is when the last page ended, `others`
    the other households that events name, `ones` which of the members."""
    rows = []
    for item in items:
        quiet = item.recorded_at - before if before else timedelta(0)
        quiet_days = quiet.days if quiet > QUIET else None
        id_ = item.event_id
        rows.append(Row(item, quiet_days, others.get(id_, ()), ones.get(id_, ())))
        before = item.recorded_at
    for (year, month), group in groupby(rows, lambda row: _year_month(row.item.recorded_at)):
        yield Month(year, month, list(group))


def _year_month(moment: datetime) -> tuple[int, int]:
    local = moment.astimezone(SHANGHAI)
    return local.year, local.month


@router.get("/households/{household_id}")
async def household(
    request: Request,
    caller: Annotated[Looker, looking(Shown.PAGE)],
    asked: Annotated[Filters, Depends(filters)],
) -> Response:
    """The timeline is oldest first; `valid_at` and `known_at` set the clocks of the state beside it."""
    only_filters(request, (*CHOICES, "valid_at", "known_at", "cursor", "lang", "purpose"))
    runtime, vocabulary, id_ = runtime_of(request), vocabulary_of(request), caller.household_id
    now = runtime.clock.now()
    events = await recorded(runtime, vocabulary, id_, now)
    sight, words = caller.sight, vocabulary.state()
    point = asked.valid_at or now, asked.known_at or now
    at = await asyncio.to_thread(stands, events, sight, words, now, point)
    after = place_in(request.query_params.get("cursor"))
    chosen = Filters(**{name: None if (v := getattr(asked, name)) == "" else v for name in CHOICES})
    given = {n: v for n in ("valid_at", "known_at") if (v := request.query_params.get(n))}
    found = await queries.entries(
        runtime.engine,
        id_,
        limit=MOST + 1,
        after=after,
        where=[
            *conditions(chosen, vocabulary, await corrected_in(runtime, vocabulary, id_, chosen)),
            *sight.where(),
        ],
    )
    shown = found[:MOST]
    others = await others_in(request, caller, at.events)
    services = {event.service for event in at.events} | (
        {chosen.service} if chosen.service else set()
    )
    proof = await queries.proof(runtime.engine, id_)
    denied = await stated.contradicted_of(runtime.pool, str(id_))

    def type_label(event: Happened) -> Words:
        return vocabulary.label(event.service, event.type, event.schema_version)

    parked = await queries.reasons(runtime.engine, "audit", str(id_))
    logged = await queries.logged(runtime.pool, str(id_))
    unkept = await queries.unkept(runtime.pool, "audit", str(id_))

    def written() -> Response:
        # Off the loop, or everybody waits while hundreds of records and fields are put into words.
        items = [told(entry, vocabulary) for entry in shown]
        return page(
            request,
            "household.html",
            files=("htmx-2.0.11.min.js", "household.js", "forms.js"),
            asks=True,
            household=caller,
            reads_looks=READ in caller.scopes,
            months=list(months(items, after[0] if after else None, others, at.concerned)),
            related={str(one.household_id): one for those in others.values() for one in those},
            badge=BADGE,
            proof=proof,
            hidden=sight.hidden(proof.count),
            parked=parked,
            because=PARKED,
            logged=logged,
            unkept=unkept,
            following=cursor_after(shown[-1]) if len(found) > MOST else None,
            denied=denied,
            header=header(at.now, words),
            called=called(at.now, vocabulary),
            responsible=responsible(at.now, words, whole=sight.whole),
            now=now,
            fields=len(at.then.fields),
            groups=groups(at, words),
            changes=changes(at, words),
            clocks=bool(given),
            valid_at=_day(point[0]),
            known_at=_day(point[1]),
            first=_day(min((e.occurred_at for e in at.events), default=now)),
            today=_day(now),
            due=from_today(at.due),
            next_due=next((d for d in at.due if d.outcome == "open" and d.due_on), None),
            overdue=sum(d.outcome == "overdue" for d in at.due),
            type_label=type_label,
            due_label=lambda e: deadline(e.meaning, words) or type_label(e),
            chosen=(filtered := _given(chosen)),
            asked=narrowed(chosen),
            given=given,
            kept=filtered | given,
            cursor=request.query_params.get("cursor"),
            services={name: named(name, SERVICES) for name in sorted(services)},
            departments=DEPARTMENTS,
            only=ONLY,
        )

    return await asyncio.to_thread(written)


def narrowed(chosen: Filters) -> list[Condition]:
    """What the timeline is narrowed to, in words."""
    found = []
    if chosen.service is not None:
        found.append(Condition(PHRASES["service"], named(chosen.service, SERVICES)))
    if chosen.department is not None:
        found.append(Condition(PHRASES["department"], named(chosen.department, DEPARTMENTS)))
    for name in ONLY:
        if (wanted := getattr(chosen, name)) is not None:
            found.append(Condition(PHRASES[f"{name}_only" if wanted else f"not_{name}"]))
    return found


def _given(chosen: Filters) -> dict[str, str]:
    """The same as a query."""
    values = {name: getattr(chosen, name) for name in CHOICES}
    return {n: str(v).lower() if n in ONLY else v for n, v in values.items() if v is not None}


@router.get("/households/{household_id}/raw")
async def raw(
    request: Request, caller: Annotated[Looker, looking(Shown.RAW, staff=True)]
) -> Response:
    """Every record as the log has it, with its leaf hash and its proof. From the dossier."""
    only_filters(request, ("lang", "purpose"))
    keeper: Keeper = request.app.state.keeper
    key = str(caller.household_id)
    made = await dossier(keeper, "audit", key, None)
    denied = await stated.contradicted_of(keeper.pool, key)
    firsts: dict[str, int] = {}  # where the timeline leads to; a record may be in two trees
    for n, event in enumerate(made["events"]):
        firsts.setdefault(event["hash"], n)
    return await asyncio.to_thread(
        page,
        request,
        "raw.html",
        household=caller,
        called=await naming.called(request, caller),
        dossier=made,
        firsts=firsts,
        denied=denied,
    )


def _day(moment: datetime) -> Any:
    return moment.astimezone(SHANGHAI).date()

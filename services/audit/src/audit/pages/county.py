"""The page of the county (or of whatever area the caller covers): where households stand, by town;
how many go from clue to elimination, and how fast; which duties are kept. Every number is a link."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from audit.access.lists import LISTED, Lister, listing
from audit.access.looks import READ
from audit.api.timeline import household_cursor, household_in
from audit.api.wired import runtime_of, vocabulary_of
from audit.meaning.declared import PHASES, STEPS
from audit.meaning.fields import deadline
from audit.meaning.sentences import Words
from audit.meaning.vocabulary import Vocabulary
from audit.meaning.words import area
from audit.pages.naming import names
from audit.pages.phrases import PHRASES
from audit.pages.rendering import page
from audit.read_model import counting, queries, tally
from audit.read_model.tally import OUTCOMES, Month, Standing, Wanted
from common.clock import business_date
from common.http import only_filters
from common.problems import Problem
from contracts.access import Shown

router = APIRouter(tags=["pages"], include_in_schema=False, default_response_class=HTMLResponse)

USUAL = "MONITORED"  # what colours the map
SHADES = 4
STRIDE, TALL = 50, 100  # of the bars of the monthly chart, in its units
# Roughly as the towns lie: row and column of the tile map, from the north-west.
TILES = {
    "441624112": (1, 2), "441624113": (1, 3), "441624104": (1, 4),
    "441624102": (2, 1), "441624107": (2, 3), "441624103": (2, 4), "441624105": (2, 5),
    "441624101": (3, 2), "441624111": (3, 3), "441624106": (3, 4), "441624108": (3, 5),
    "441624114": (4, 1), "441624100": (4, 2), "441624109": (4, 3), "441624116": (4, 4),
    "441624110": (5, 2), "441624115": (5, 3),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tile:
    """A town or a village on the map: its place (0 for a village), its number, and how dark it is (0 to
    `SHADES`)."""

    area: str
    name: Words
    row: int
    column: int
    households: int
    shade: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A month of the chart: its numbers, its position, and the height of its bars, in the picture's units."""

    month: str
    due: int
    breached: int
    x: int
    due_height: int
    breached_height: int


@router.get("/county")
async def county(request: Request, caller: Annotated[Lister, listing(Shown.COUNTY)]) -> Response:
    """Of the caller's area, or of `region` inside it; `map` says which phase colours the map: without it
    the monitored households, or where there are none, the first phase that has any."""
    only_filters(request, ("region", "map", "lang", "purpose"))
    place, asked = caller.place, request.query_params.get("map")
    if asked not in (None, *PHASES):
        raise Problem("not-found")
    runtime, vocabulary = runtime_of(request), vocabulary_of(request)
    uncounted = await counting.at_a_look(runtime.pool, vocabulary, place)
    standing = await tally.standing(runtime.pool, place)
    totals = {p: sum(s.households for s in standing if s.phase == p) for p in PHASES}
    phase = asked or next((p for p in (USUAL, *PHASES) if totals[p]), USUAL)
    today = business_date(runtime.clock.now())
    caller.show(sum(totals.values()), map=phase)
    return page(
        request,
        "county.html",
        files=("uPlot-1.6.32.min.css", "uPlot-1.6.32.iife.min.js", "county.js"),
        region=place,
        phase=phase,
        phases=PHASES,
        totals=totals,
        tiles=(shown := tiles(standing, phase, place)),
        villages=len(place) >= tally.TOWN,
        legend=legend(max((tile.households for tile in shown), default=0)),
        steps=await tally.funnel(runtime.pool, place),
        months=bars(await tally.monthly(runtime.pool, place, today)),
        duties=await tally.duties(runtime.pool, place, today),
        uncounted=uncounted,
        kind=lambda name: _kind(vocabulary, name),
        reads_looks=READ in caller.scopes,
        outcomes=OUTCOMES,
        now=runtime.clock.now(),
    )


@router.get("/county/households")
async def behind(request: Request, caller: Annotated[Lister, listing(Shown.COUNTED)]) -> Response:
    """The households that a number of the county page counts."""
    only_filters(
        request, ("region", "phase", "step", "duty", "due", "outcome", "cursor", "lang", "purpose")
    )
    place = caller.place
    runtime, vocabulary = runtime_of(request), vocabulary_of(request)
    wanted, title = _wanted(request, vocabulary)
    uncounted = await counting.at_a_look(runtime.pool, vocabulary, place)
    found = await tally.listed(
        runtime.pool,
        place,
        business_date(runtime.clock.now()),
        wanted,
        within=caller.actor.region,
        limit=LISTED + 1,
        after=household_in(request.query_params.get("cursor")),
    )
    asked = {n: v for n in ("phase", "step", "duty") if (v := getattr(wanted, n))}
    asked |= {"due": f"{wanted.due:%Y-%m}"} if wanted.due else {}
    asked |= {"outcome": wanted.outcome} if wanted.duty or wanted.due else {}
    shown = found.households[:LISTED]
    caller.show(len(shown), **asked)
    ids = [household.household_id for household in shown]
    return page(
        request,
        "counted.html",
        region=place,
        title=title,
        total=found.total,
        unseen=found.unseen,
        uncounted=uncounted,
        wanted=asked,
        households=shown,
        names=await names(request, ids),
        forked=await queries.forked(runtime.pool, "audit", ids),
        following=household_cursor(shown[-1]) if len(found.households) > LISTED else None,
    )


def tiles(standing: list[Standing], phase: str, place: str) -> list[Tile]:
    """The towns inside the area, or those villages of a town that have households; the more of them are in
    the phase, the darker the tile."""
    counts = {s.area: s.households for s in standing if s.phase == phase}
    most = max(counts.values(), default=0)
    if len(place) < tally.TOWN:
        shown = {t: (area(t), *where) for t, where in TILES.items() if t.startswith(place)}
    else:
        shown = {s.area: (Words(s.area, s.area), 0, 0) for s in standing}
    return [
        Tile(where, *placed, n := counts.get(where, 0), -(-n * SHADES // most) if n else 0)
        for where, placed in shown.items()
    ]


def bars(months: list[Month]) -> list[Bar]:
    """The months as bars of one scale."""
    most = max([1, *(month.due for month in months)])
    return [
        Bar(
            f"{m.month:%Y-%m}",
            m.due,
            m.breached,
            n * STRIDE,
            -(-m.due * TALL // most),
            -(-m.breached * TALL // most),
        )
        for n, m in enumerate(months)
    ]


def legend(most: int) -> list[tuple[int, int, int]]:
    """Each shade that can occur, with the least and the most households that it stands for."""
    bounds = [shade * most // SHADES for shade in range(SHADES + 1)]
    return [(0, 0, 0)] + [
        (shade, bounds[shade - 1] + 1, bounds[shade])
        for shade in range(1, SHADES + 1)
        if bounds[shade - 1] < bounds[shade]
    ]


def _wanted(request: Request, vocabulary: Vocabulary) -> tuple[Wanted, Words]:
    """What is asked for, and its name. Raises `Problem` (404) unless exactly one thing is asked for."""
    asked = request.query_params
    given = [(name, v) for name in ("phase", "step", "duty", "due") if (v := asked.get(name))]
    outcome = asked.get("outcome", "opened")
    if len(given) != 1 or outcome not in OUTCOMES:
        raise Problem("not-found")
    match given[0]:
        case "phase", phase if phase in PHASES:
            return Wanted(phase=phase), PHRASES[f"phase_{phase}"]
        case "step", step if step in STEPS:
            through, said = PHRASES["went_through"], PHRASES[f"step_{step}"]
            title = Words(through.zh.format(step=said.zh), through.en.format(step=said.en))
            return Wanted(step=step), title
        case "due", text:
            due = _month(text)
            said = PHRASES["due_in" if outcome == "opened" else f"duty_{outcome}"]
            title = Words(f"{due:%Y-%m} {said.zh}", f"{due:%Y-%m}: {said.en}")
            return Wanted(due=due, outcome=outcome), title
        case "duty", duty:
            (due_on, by), said = _kind(vocabulary, duty), PHRASES[f"duty_{outcome}"]
            title = Words(f"{due_on.zh}（{by.zh}）：{said.zh}", f"{by.en}, {due_on.en}: {said.en}")
            return Wanted(duty=duty, outcome=outcome), title
    raise Problem("not-found")


def _month(text: str) -> date:
    """The first day of a month, `2024-06`. Raises `Problem` (404) for anything else."""
    try:
        if not re.fullmatch("[0-9]{4}-[0-9]{2}", text):
            raise ValueError
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise Problem("not-found") from error


def _kind(vocabulary: Vocabulary, kind: str) -> tuple[Words, Words]:
    """What the deadlines of a kind are called, and the event that opens them. Raises `Problem` (404) for
    what is no kind."""
    try:
        service, type_, version = kind.split(".")
        opener = service, type_, int(version.removeprefix("v"))
        known = vocabulary.description(*opener)
    except ValueError as error:
        raise Problem("not-found") from error
    if known is None:  # what somebody made up would be recorded
        raise Problem("not-found")
    return deadline(vocabulary.meaning(*opener), vocabulary.state()) or known.label, known.label

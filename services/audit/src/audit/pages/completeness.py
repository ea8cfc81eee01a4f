"""The page that says whether the log has all that the services recorded: `reconciliation` for people.

It shows counts of events and no household, so a look at it is not recorded; a refusal is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from audit.access.lists import overseeing
from audit.api.reconciliation import Difference, Reconciled
from audit.api.wired import runtime_of
from audit.meaning.words import SERVICES as SERVICE_NAMES
from audit.meaning.words import named
from audit.pages.phrases import PHRASES
from audit.pages.rendering import Condition, page
from audit.verify import key_of
from common.auth import Principal
from common.http import only_filters
from common.problems import Problem
from common.topics import SERVICES
from contracts.access import Shown

router = APIRouter(tags=["pages"], include_in_schema=False, default_response_class=HTMLResponse)

PAGE: Final = 100  # months on a page
OLD: Final = timedelta(hours=2)  # each service states its store every hour
OUTCOMES: Final = ("complete", "empty", "differs", "old", "unstated", "absent")


@dataclass(frozen=True, slots=True)
class Row:
    """A service, how it stands (`OUTCOMES`), and its last comparison, if there was any.

    `empty`: it states that it has recorded nothing, and the log has nothing of it. `absent`: as far as
    audit can know, it is not run here: no key of it is set up, and the log has nothing of it.
    """

    service: str
    outcome: str
    compared: Reconciled | None


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a service that differs."""

    service: str
    difference: Difference

    @property
    def place(self) -> str:
        """Where it stands in the list; a cursor, too."""
        return f"{self.service}/{self.difference.month}"


@router.get("/completeness")
async def completeness(
    request: Request, caller: Annotated[Principal, overseeing(Shown.COMPLETENESS)]
) -> Response:
    """Each service, and the months that differ; of one `service`, or with one `outcome`."""
    only_filters(request, ("service", "outcome", "cursor", "lang"))
    asked = request.query_params
    service, outcome = asked.get("service", ""), asked.get("outcome", "")
    if service not in ("", *SERVICES) or outcome not in ("", *OUTCOMES):
        raise Problem("not-found")
    runtime, state = runtime_of(request), request.app.state
    now = runtime.clock.now()
    run = {key_of(vkey).name.rpartition("/")[2] for vkey in state.producers}
    heard = {row["service"] for row in await runtime.pool.fetch(_HEARD)} if run else set(SERVICES)
    every = rows(state.reconciled, run | heard, now)
    shown = [r for r in every if service in ("", r.service) and outcome in ("", r.outcome)]
    left = [m for m in months(shown) if m.place > asked.get("cursor", "")]
    return page(
        request,
        "completeness.html",
        rows=shown,
        counts={o: sum(r.outcome == o for r in every) for o in OUTCOMES},
        months=left[:PAGE],
        following=left[PAGE - 1].place if len(left) > PAGE else None,
        services=SERVICES,
        outcomes=OUTCOMES,
        chosen={name: v for name, v in (("service", service), ("outcome", outcome)) if v},
        asked=[
            *([Condition(PHRASES["service"], named(service, SERVICE_NAMES))] if service else []),
            *([Condition(PHRASES["outcome"], PHRASES[f"whole_{outcome}"])] if outcome else []),
        ],
        now=now,
    )


def rows(found: Mapping[str, Reconciled], here: Collection[str], now: datetime) -> list[Row]:
    """Every service, whether or not it is `here` and ever stated anything."""
    return [
        Row(name, _outcome(found.get(name), name in here, now), found.get(name))
        for name in SERVICES
    ]


def months(of: list[Row]) -> list[Month]:
    """Those that differ, by service and month."""
    found = [Month(r.service, d) for r in of if r.compared for d in r.compared.differences]
    return sorted(found, key=lambda month: month.place)


def _outcome(compared: Reconciled | None, here: bool, now: datetime) -> str:
    if compared is None:
        return "unstated" if here else "absent"
    if not compared.complete:
        return "differs"
    if now - compared.until > OLD:
        return "old"
    return "complete" if compared.recorded else "empty"


_HEARD = "select distinct split_part(name, '/', 1) as service from log.trees where size > 0"

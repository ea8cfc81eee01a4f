"""The page that says whether the log has all that the services recorded: `reconciliation` for people.

It shows counts of events and no household, so a look at it is not recorded; a refusal is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from audit.api import runtime_of
from audit.lists import overseeing
from audit.reconciliation import Difference, Reconciled
from audit.rendering import page
from common.auth import Principal
from common.http import only_filters
from common.problems import Problem
from common.topics import SERVICES

router = APIRouter(tags=["pages"], include_in_schema=False, default_response_class=HTMLResponse)

PAGE: Final = 100  # months on a page
OLD: Final = timedelta(hours=2)  # each service states its store every hour
OUTCOMES: Final = ("complete", "differs", "old", "unstated")


@dataclass(frozen=True, slots=True)
class Row:
    """A service, how it stands (`OUTCOMES`), and what of it was compared last, if anything was."""

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
async def completeness(request: Request, caller: Annotated[Principal, overseeing()]) -> Response:
    """Each service, and the months that differ; of one `service`, or with one `outcome`."""
    only_filters(request, ("service", "outcome", "cursor", "lang"))
    asked = request.query_params
    service, outcome = asked.get("service", ""), asked.get("outcome", "")
    if service not in ("", *SERVICES) or outcome not in ("", *OUTCOMES):
        raise Problem("not-found")
    now = runtime_of(request).clock.now()
    every = rows(request.app.state.reconciled, now)
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
        now=now,
    )


def rows(found: Mapping[str, Reconciled], now: datetime) -> list[Row]:
    """Every service, whether it ever stated anything or not."""
    return [Row(name, _outcome(found.get(name), now), found.get(name)) for name in SERVICES]


def months(of: list[Row]) -> list[Month]:
    """Those that differ, by service and month."""
    found = [Month(r.service, d) for r in of if r.compared for d in r.compared.differences]
    return sorted(found, key=lambda month: month.place)


def _outcome(compared: Reconciled | None, now: datetime) -> str:
    if compared is None:
        return "unstated"
    if not compared.complete:
        return "differs"
    return "old" if now - compared.until > OLD else "complete"

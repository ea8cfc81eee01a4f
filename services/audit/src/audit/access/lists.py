"""A look at a list of households is recorded once: what was asked for, and how many households there were.

`listing` is the policy of a route that shows many households. Before the answer leaves, the route says what
it is going to show (`Lister.show`), and that is recorded. A list that does not say it fails.
"""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request

from audit.access.looks import (
    NOWHERE,
    PROBLEMS,
    USUAL,
    InHeader,
    InLink,
    outside,
    oversees,
    record,
    stated,
    unlisted,
)
from audit.access.signing_in import SCOPE, SignedIn, allowed_by, identified
from common.auth import AREA_CODE, NO_AREA, Principal
from common.problems import Problem
from common.service import Runtime
from contracts.access import ListLookedAt, ListRefused, Shown
from contracts.access import Refusal as Why

LISTED = 100  # households on a page

Asked = Shown | Callable[[Request], Shown]
"""What a route shows, or which of several things a request asks it for."""


@dataclass(frozen=True, slots=True)
class Lister(Principal):
    """A caller who may see the households of `place`, the prefix of an area code."""

    place: str
    shown: Shown
    purpose: str
    said: list[ListLookedAt | None] = field(default_factory=list)

    def show(self, households: int, **filters: str | None) -> None:
        """Record that the answer is going to show, or to count, so many households: those that `filters`
        ask for."""
        asked = {name: value for name, value in filters.items() if value}
        self.said.append(
            ListLookedAt(
                area=self.place,
                shown=self.shown,
                filters=asked,
                households=households,
                purpose=self.purpose,
            )
        )

    def show_nothing(self) -> None:
        """The answer leads elsewhere."""
        self.said.append(None)


@dataclass(frozen=True)
class Listing(SignedIn):
    """The policy of a route that shows households of an area, to whoever oversees it."""

    shown: Asked

    async def __call__(
        self, request: Request, header: InHeader = None, link: InLink = None
    ) -> Lister:
        """The caller. Raises `Problem`: 401; 403, which is recorded; 404 or 422 for what is no area;
        422 for a purpose that is not acceptable; 503 if a refusal could not be recorded."""
        caller = await identified(request)
        place = self._area(request) or caller.actor.region or NOWHERE
        if why := unlisted(caller, self.scope, place):
            refused = ListRefused(area=place, shown=self._shown(request), refusal=why)
            await record_list(request, caller, refused)
            allowed_by(caller, self.scope)
            raise Problem("no-lists" if why is Why.NOT_ROUTED else PROBLEMS[why])
        return self._lister(request, caller, place)

    def _lister(self, request: Request, caller: Principal, place: str) -> Lister:
        return Lister(
            caller.client,
            caller.scopes,
            caller.expires,
            caller.actor,
            place,
            self._shown(request),
            stated(request) or USUAL,
        )

    def _shown(self, request: Request) -> Shown:
        return self.shown if isinstance(self.shown, Shown) else self.shown(request)

    def _area(self, request: Request) -> str | None:
        area = request.query_params.get("region")
        if area is None or re.fullmatch(AREA_CODE, area):
            return area
        if request.url.path.startswith("/v1/"):
            raise Problem("invalid", faults=[NO_AREA])
        raise Problem("not-found")


class Finding(Listing):
    """The policy of the page where households are looked for. A department may open it and ask for one
    household; if it names an area, it asks for a list. Whoever names a household is sent to its page, which
    admits or refuses, and records that."""

    async def __call__(
        self, request: Request, header: InHeader = None, link: InLink = None
    ) -> Lister:
        """As `Listing`."""
        caller = await identified(request)
        place = caller.actor.region
        if request.query_params.get("household", "").strip():
            return self._lister(request, caller, place or NOWHERE)
        named = "region" in request.query_params
        if not place or named or oversees(caller) or outside(caller, self.scope, place):
            return await super().__call__(request)
        return self._lister(request, caller, place)


def listing(shown: Asked, *, scope: str = SCOPE) -> Any:
    """For a route's parameter: `caller: Annotated[Lister, listing(Shown.COUNTY)]`."""
    return _recorded(Listing(scope, shown))


def finding(shown: Asked) -> Any:
    """As `listing`, of the page where households are found."""
    return _recorded(Finding(SCOPE, shown))


def _recorded(policy: Listing) -> Any:
    async def recorded(
        request: Request, lister: Annotated[Lister, Depends(policy)]
    ) -> AsyncIterator[Lister]:
        yield lister
        if not lister.said:
            raise LookupError(f"{request.url.path} does not say what it shows")
        for look in lister.said:
            if look:
                await record_list(request, lister, look)

    return Depends(recorded, scope="function")


def overseeing(shown: Shown) -> Any:
    """As `listing`, for a route that neither shows households nor counts them: only refusals are recorded."""
    return Depends(Listing(SCOPE, shown))


async def record_list(
    request: Request, caller: Principal, look: ListLookedAt | ListRefused
) -> None:
    """Put a look at a list, or that it was refused, onto the log of its area. Raises `Problem` (503)."""
    runtime: Runtime = request.app.state.runtime
    await record(runtime, caller, stream_of(look.area), look.area, look)


def stream_of(area: str) -> str:
    """The log of looks at the households of an area."""
    return f"access-to-area-{area}"

"""Every look at a household is recorded before it is answered, and so is every refusal (A75).

`looking` is the policy of a route with a household in its path: who may see it, for which purpose. A
look that cannot be recorded is not answered (503). Supervisors and staff see the households of their
area; a department sees those that are routed to it, and of them what its task needs (`Sight`).
"""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import unquote
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from starlette.requests import HTTPConnection

from audit.access.sight import Sight
from audit.access.signing_in import SCOPE, SignedIn, allowed_by, identified
from audit.meaning.state import state
from audit.meaning.vocabulary import Vocabulary
from audit.read_model import queries
from audit.read_model.happened import recorded
from common.auth import Principal
from common.decider import Decider
from common.http import circumstances
from common.intents import Conflict, Intent
from common.problems import Problem, fault, may_identify
from common.service import Runtime
from common.writer import Busy, Unavailable
from contracts.access import AuditEvent, HouseholdExported, HouseholdLookedAt, LookRefused, Shown
from contracts.access import Refusal as Why

STAFF = "xiangzhen"  # the department of those who work with households, and of who supervises them
READ = "access:read"  # the scope that reads who looked
PURPOSE = "Access-Purpose"
USUAL = "监督检查"  # supervision: what a look is for, unless it is said
TASK = "办理本部门任务"  # the same, of a department
BADGE = "浏览器自动核验"  # the same, of a file that a page verifies
LONGEST = 200  # characters
# For the OpenAPI document: `stated` reads them, since the header may be UTF-8 as it is.
InHeader = Annotated[
    str | None,
    Header(
        alias=PURPOSE,
        description=f"what the look is for, UTF-8 or percent-encoded, at most {LONGEST} characters; a file needs one",
    ),
]
InLink = Annotated[str | None, Query(alias="purpose", description=f"in the place of `{PURPOSE}`")]
PATIENCE = 5.0  # seconds that a look may wait to be recorded
NOWHERE = "0"  # the area of a household that no event named, asked for by somebody without an area

PROBLEMS = {
    Why.OUTSIDE_REGION: "outside-region",
    Why.NOT_ROUTED: "not-routed",
    Why.NOT_NEEDED: "not-needed",
}


def _decide(look: AuditEvent, state: None) -> list[AuditEvent]:
    return [look]


def _evolve(state: None, event: AuditEvent) -> None:
    return None


LOOKS: Decider[AuditEvent, None, AuditEvent] = Decider(None, _decide, _evolve, stateless=True)


@dataclass(frozen=True, slots=True)
class Looker(Principal):
    """A caller whose look at a household is allowed and recorded. `region` is the household's, `events` is
    how many records name the household, and `sight` says what of it is shown."""

    household_id: UUID
    region: str
    events: int
    sight: Sight


@dataclass(frozen=True)
class Looking(SignedIn):
    """The policy of a route that shows a household.

    `staff`: it shows more than a department needs. `absent`: it may show that there is no household.
    """

    shown: Shown
    export: bool = False
    absent: bool = False
    staff: bool = False

    async def __call__(
        self, request: Request, header: InHeader = None, link: InLink = None
    ) -> Looker:
        """The caller. Raises `Problem`: 401; 403, which is recorded; 404; 422 for a purpose that
        is missing or not acceptable; 503 if the look could not be recorded."""
        caller = await identified(request)
        return await self.admit(request, caller, self._household(request))

    async def admit(self, request: Request, caller: Principal, household_id: UUID) -> Looker:
        """Let a caller see a household, and record that. Raises as above, except 401."""
        runtime: Runtime = request.app.state.runtime
        found = await queries.household(runtime.engine, household_id)
        region = found.region if found else caller.actor.region or NOWHERE
        sight = await self._sight(request, caller, household_id, region)
        if not isinstance(sight, Sight):
            refused = LookRefused(household_id=household_id, shown=self.shown, refusal=sight)
            await record(runtime, caller, stream_of(household_id), region, refused)
            allowed_by(caller, self.scope)
            raise Problem(PROBLEMS[sight])
        if not found and not self.absent:
            raise Problem("not-found")
        purpose = stated(request) or (None if self.export else USUAL if sight.whole else TASK)
        if purpose is None:
            raise Problem("purpose-missing")
        event = HouseholdExported if self.export else HouseholdLookedAt
        look = event(household_id=household_id, shown=self.shown, purpose=purpose)
        await record(runtime, caller, stream_of(household_id), region, look)
        return Looker(
            caller.client,
            caller.scopes,
            caller.expires,
            caller.actor,
            household_id,
            region,
            found.events if found else 0,
            sight,
        )

    async def _sight(
        self, request: Request, caller: Principal, household_id: UUID, region: str
    ) -> Sight | Why:
        """What the caller sees of the household, or why nothing."""
        if why := outside(caller, self.scope, region):
            return why
        if oversees(caller):
            return Sight()
        runtime: Runtime = request.app.state.runtime
        vocabulary: Vocabulary = request.app.state.vocabulary
        now = runtime.clock.now()
        events = await recorded(runtime, vocabulary, household_id, now)
        department, words = caller.actor.department, vocabulary.state()
        caused = await queries.caused(runtime.pool, household_id, department)
        sight = await asyncio.to_thread(Sight.of, department, words, events, caused)
        stands = await asyncio.to_thread(state, events, now, now)
        if not sight.routed(stands):
            return Why.NOT_ROUTED
        return Why.NOT_NEEDED if self.staff else sight.withholding(stands)

    def _household(self, request: Request) -> UUID:
        try:
            return UUID(request.path_params["household_id"])
        except ValueError as error:
            if not request.url.path.startswith("/v1/"):
                raise Problem("not-found") from error
            raise Problem("invalid", faults=[fault("/household_id", "uuid")]) from error


def looking(
    shown: Shown,
    *,
    scope: str = SCOPE,
    export: bool = False,
    absent: bool = False,
    staff: bool = False,
) -> Any:
    """For a route's parameter: `caller: Annotated[Looker, looking(Shown.TIMELINE)]`."""
    return Depends(Looking(scope, shown, export, absent, staff))


def outside(caller: Principal, scope: str, region: str) -> Why | None:
    """Why a caller may see nothing of an area, if that is so."""
    if scope not in caller.scopes:
        return Why.NO_SCOPE
    return None if caller.covers(region) else Why.OUTSIDE_REGION


def oversees(caller: Principal) -> bool:
    """Whether the caller sees all of its area; a department sees only what is routed to it."""
    return caller.actor.department == STAFF


def unlisted(caller: Principal, scope: str, place: str) -> Why | None:
    """Why a caller may not list the households of an area, or `None` if it may: a department may not."""
    return outside(caller, scope, place) or (None if oversees(caller) else Why.NOT_ROUTED)


def stated(request: HTTPConnection) -> str | None:
    """The purpose of a look: the header `Access-Purpose`, or `purpose` of a link, which can send none.

    A header is UTF-8, as it is or percent-encoded. Raises `Problem` (422) for a text that is longer
    than 200 characters, not printable, or may hold an identity number.
    """
    header = request.headers.get(PURPOSE)
    try:
        text = unquote(header.encode("latin-1").decode(), errors="strict") if header else None
    except UnicodeDecodeError as error:
        raise Problem("purpose-not-acceptable") from error
    purpose = (text or request.query_params.get("purpose") or "").strip()
    if len(purpose) > LONGEST or not purpose.isprintable() or may_identify(purpose):
        raise Problem("purpose-not-acceptable")
    return purpose or None


def stream_of(household_id: UUID) -> str:
    """The log of looks at a household, of whatever service."""
    return f"access-to-household-{household_id}"


async def record(
    runtime: Runtime, caller: Principal, stream: str, region: str, look: AuditEvent
) -> None:
    """Append to a log of looks. Raises `Problem` (503) if that fails: then nothing is shown."""
    intent = Intent(
        stream=stream,
        household_id=None,
        decider=LOOKS,
        command=look,
        context=circumstances(caller, region=region, occurred_at=runtime.clock.now()),
    )
    try:
        async with asyncio.timeout(PATIENCE):
            await runtime.writer.execute(intent)
    except (Busy, Conflict, TimeoutError, Unavailable) as error:
        raise Problem("look-not-recorded", headers={"Retry-After": "2"}) from error

"""Finding a household by the identity number of a member, whole or masked, by asking identification.

Audit passes the number on, in the body of a request and with the caller's own token, and keeps it
nowhere: who may find whom, identification decides, and it records whom it refuses. That somebody found
a household is a look at it, recorded here before the answer leads there (ADR 0019). A masked number may be
that of several persons: the answer is a list, recorded as a look at a list of the caller's area.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, NoReturn
from uuid import UUID

import httpx
import msgspec
import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from audit.access.lists import record_list
from audit.access.looks import NOWHERE, TASK, USUAL, oversees, record, stated, stream_of
from audit.access.signing_in import COOKIE, form, signed_in
from audit.api.wired import runtime_of
from audit.pages.candidates import told
from audit.pages.rendering import SAFE, address, page, same_language
from common.auth import Principal
from common.http import only_filters
from common.problems import Problem
from contracts.access import HouseholdLookedAt, ListLookedAt, ListRefused, Refusal, Shown

log = structlog.get_logger()
router = APIRouter(tags=["pages"], include_in_schema=False, default_response_class=HTMLResponse)

PATIENCE = 5.0  # seconds
LONGEST = 40  # characters: a disability card has 22
PROBLEMS = {
    403: "lookup-refused",
    404: "nobody-by-this-number",
    409: "lookup-restricted",
    422: "not-an-identity-number",
}

Ask = Callable[[str, str], Awaitable[tuple[int, bytes]]]
"""Asks identification for `(authorization, identity number)`; status and body. Raises `OSError`."""


class _Found(msgspec.Struct):
    household_id: UUID
    region: str


class _Candidates(msgspec.Struct):
    households: list[_Found]
    more: bool


@router.post("/find")
async def find(request: Request, caller: Annotated[Principal, signed_in()]) -> Response:
    """Leads to the household's page; lists the households of a masked number. Raises `Problem`: what
    identification says, 503 if it cannot be asked, or if what was found cannot be recorded."""
    only_filters(request, ("lang", "purpose"))
    purpose = stated(request) or (USUAL if oversees(caller) else TASK)
    number = (await form(request)).get("identity_number", "")
    ask: Ask | None = request.app.state.lookup
    if ask is None:
        raise Problem("lookup-not-set-up")
    if not 0 < len(number) <= LONGEST:
        raise Problem("not-an-identity-number")
    wanted: type[_Candidates | _Found] = _Found
    if is_masked(number):
        wanted = _Candidates
        if not oversees(caller):
            await _refused(request, caller)
    try:
        status, answer = await ask(_authorization(request), number)
        found = msgspec.json.decode(answer, type=wanted) if status == 200 else None
    except (OSError, msgspec.MsgspecError) as error:
        log.warning("identification_not_asked", error=type(error).__name__)
        raise Problem("lookup-unavailable") from None
    if found is None:
        raise Problem(PROBLEMS.get(status, "lookup-unavailable"))
    if isinstance(found, _Candidates):
        return await _listed(request, caller, purpose, found)
    id_ = found.household_id
    look = HouseholdLookedAt(household_id=id_, shown=Shown.BY_NUMBER, purpose=purpose)
    await record(runtime_of(request), caller, stream_of(id_), found.region, look)
    to = address(f"/households/{id_}", same_language(request))
    return RedirectResponse(to, 303, headers=SAFE)


async def _refused(request: Request, caller: Principal) -> NoReturn:
    """A department gets no lists."""
    area = caller.actor.region or NOWHERE
    look = ListRefused(area=area, shown=Shown.BY_NUMBER, refusal=Refusal.NOT_ROUTED)
    await record_list(request, caller, look)
    raise Problem("no-lists")


async def _listed(
    request: Request, caller: Principal, purpose: str, found: _Candidates
) -> Response:
    look = ListLookedAt(
        area=caller.actor.region or NOWHERE,
        shown=Shown.BY_NUMBER,
        filters={},
        households=len(found.households),
        purpose=purpose,
    )
    await record_list(request, caller, look)
    given = [(one.household_id, one.region) for one in found.households]
    households, names = await told(request, caller, given)
    return page(
        request,
        "candidates.html",
        title="candidates",
        names=names,
        households=households,
        more=found.more,
    )


def is_masked(number: str) -> bool:
    """Whether part of a number stands as stars."""
    return "*" in number or "\uff0a" in number


def asking(url: str) -> Ask:
    """Over HTTP, at the address of identification. No proxy and no redirect ever sees the number."""

    async def ask(authorization: str, number: str) -> tuple[int, bytes]:
        path, name = "/v1/households/lookup", "identity_number"
        if is_masked(number):
            path, name = f"{path}/masked", "masked_number"
        try:
            async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
                answer = await client.post(
                    url.rstrip("/") + path,
                    json={name: number},
                    headers={"Authorization": authorization},
                )
        except httpx.HTTPError as error:
            raise ConnectionError(type(error).__name__) from None
        return answer.status_code, answer.content

    return ask


def _authorization(request: Request) -> str:
    """The token with which the caller came, as a header."""
    header = request.headers.get("authorization")
    return header or f"Bearer {request.cookies.get(COOKIE, '')}"

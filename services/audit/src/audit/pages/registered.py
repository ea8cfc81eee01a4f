"""Finding a household by its number on the register, which is what lists call it by, as services publish
it.

Only in the caller's own area: nothing is said about a household elsewhere, not even that there is one. Who
may look at the household that is found, and the record of that look, are as for the household itself.
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from audit.access.lists import LISTED, Lister, finding, record_list
from audit.access.looks import Looking, oversees
from audit.access.signing_in import SCOPE, form
from audit.api.wired import runtime_of, vocabulary_of
from audit.pages.candidates import told
from audit.pages.rendering import SAFE, address, page, same_language
from audit.read_model.numbered import by_number
from audit.read_model.queries import Recorded
from common.http import only_filters
from common.problems import Problem
from contracts.access import ListRefused, Refusal, Shown

router = APIRouter(tags=["pages"], include_in_schema=False, default_response_class=HTMLResponse)


@router.post("/find/registered")
async def find(request: Request, caller: Annotated[Lister, finding(Shown.BY_REGISTER)]) -> Response:
    """Leads to the household's page. Raises `Problem`: 404 if nobody in the caller's area has the number,
    and what a look at the household raises."""
    only_filters(request, ("lang", "purpose"))
    caller.show_nothing()  # of the area; what is found records a look of its own
    number = (await form(request)).get("number", "")
    runtime, vocabulary = runtime_of(request), vocabulary_of(request)
    found = await by_number(runtime, vocabulary, caller.place, number, LISTED + 1)
    if not found:
        raise Problem("no-such-number")
    if len(found) > 1:
        return await _several(request, caller, found)
    (one,) = found
    await Looking(SCOPE, Shown.BY_REGISTER).admit(request, caller, one.household_id)
    to = address(f"/households/{one.household_id}", same_language(request))
    return RedirectResponse(to, 303, headers=SAFE)


async def _several(request: Request, caller: Lister, found: Sequence[Recorded]) -> Response:
    """Services may have given one number to several households. Then the answer is a list, which a
    department does not get."""
    if not oversees(caller):
        refused = ListRefused(area=caller.place, shown=caller.shown, refusal=Refusal.NOT_ROUTED)
        await record_list(request, caller, refused)
        raise Problem("no-lists")
    listed = found[:LISTED]
    caller.show(len(listed))
    given = [(one.household_id, one.region) for one in listed]
    households, names = await told(request, caller, given)
    return page(
        request,
        "candidates.html",
        title="same_number",
        names=names,
        households=households,
        more=len(found) > LISTED,
    )

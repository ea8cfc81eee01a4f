"""News of a household as server-sent events, and the files that pages run and show themselves with.

An event says how many records there are; its id is that number. Whoever was away sends it back
(`Last-Event-ID`) and hears at once if there are more by now, in whatever order they came.
"""

import asyncio
from collections.abc import AsyncGenerator
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from audit.access.looks import Looker, looking
from audit.api.wired import runtime_of
from audit.pages.rendering import SERVED
from audit.read_model import queries
from common.http import only_filters
from common.problems import Problem
from common.service import Runtime
from contracts.access import Shown

router = APIRouter(tags=["pages"], include_in_schema=False)

PUBLIC = frozenset({"/static/{name}"})
EVERY = 0.5  # seconds between looks at the count
LONGEST = 600.0  # seconds of a stream: a browser then comes again, admitted and recorded anew


@router.get("/households/{household_id}/live")
async def live(request: Request, caller: Annotated[Looker, looking(Shown.NEWS)]) -> Response:
    """A stream; `seen` is how many records the page shows, `Last-Event-ID` counts before it."""
    only_filters(request, ("seen",))
    last = request.headers.get("last-event-id") or request.query_params.get("seen", "0")
    if not (last.isascii() and last.isdigit() and len(last) < 18):
        raise Problem("not-found")
    return StreamingResponse(
        news(runtime_of(request), caller, int(last)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def news(runtime: Runtime, caller: Looker, seen: int) -> AsyncGenerator[str, None]:
    """Says the count whenever it is another than the one last said, or seen, until the token expires or the
    household is in an area that is not the caller's."""
    yield "retry: 1000\n\n"
    end = monotonic() + min(LONGEST, caller.seconds_left())
    while monotonic() < end:
        found = await queries.household(runtime.engine, caller.household_id)
        if found and not caller.covers(found.region):
            return
        if found and found.events != seen:
            seen = found.events
            yield f"id: {seen}\ndata: {seen}\n\n"
        await asyncio.sleep(EVERY)


@router.get("/static/{name}")
async def static(name: str) -> Response:
    """A script or a style sheet, by the name that has its hash in it."""
    if name not in SERVED:
        raise Problem("not-found")
    return Response(
        SERVED[name].text,
        media_type=f"{SERVED[name].kind}; charset=utf-8",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )

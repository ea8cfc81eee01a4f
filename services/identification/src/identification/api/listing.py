"""What lists share: who may see which area, and where the next page begins."""

from collections.abc import Collection, Sequence

from fastapi import Request, Response

from common.auth import Principal
from common.http import encoded
from common.paging import lead_on
from common.problems import Problem


def area(caller: Principal, region: str | None, departments: Collection[str]) -> str:
    """The area to list: the caller's own unless a part of it is asked for.

    Raises `Problem` (403) outside the caller's area or for another department.
    """
    if caller.actor.department not in departments:
        raise Problem("not-routed")
    return caller.area(region)


def page(request: Request, rows: Sequence[object], limit: int, key: str) -> Response:
    """A page of a list; `Link: rel="next"` after a full one, with the last row's key as the cursor."""
    answer = encoded(rows)
    lead_on(request, answer, getattr(rows[-1], key) if len(rows) == limit else None)
    return answer

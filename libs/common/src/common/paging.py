"""Lists by pages: how long one may be, and where the next one begins."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import Query, Request, Response

from common.http import encoded

MOST: Final = 500
USUAL: Final = 100
Limit = Annotated[int, Query(ge=1, le=MOST, description="items on a page")]
"""The parameter of every list: `limit: Limit = USUAL`. 422 for a page of nothing or of more than `MOST`."""


def page(request: Request, rows: Sequence[Any], limit: int, key: str) -> Response:
    """A page of a list; `Link: rel="next"` after a full one, with the last row's `key` as the cursor."""
    answer = encoded(rows)
    if len(rows) == limit:
        last = rows[-1]
        lead_on(request, answer, last[key] if isinstance(last, dict) else getattr(last, key))
    return answer


def lead_on(request: Request, response: Response, cursor: object | None) -> None:
    """`Link: rel="next"`, the same query after `cursor`; nothing where no page follows."""
    if cursor is not None:
        following = request.url.include_query_params(cursor=str(cursor))
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'

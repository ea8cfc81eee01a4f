"""Lists by pages: how long one may be, and where the next one begins."""

from typing import Annotated, Final

from fastapi import Query, Request, Response

MOST: Final = 500
USUAL: Final = 100
Limit = Annotated[int, Query(ge=1, le=MOST, description="items on a page")]
"""The parameter of every list: `limit: Limit = USUAL`. 422 for a page of nothing or of more than `MOST`."""


def lead_on(request: Request, response: Response, cursor: object | None) -> None:
    """`Link: rel="next"`, the same query after `cursor`; nothing where no page follows."""
    if cursor is not None:
        following = request.url.include_query_params(cursor=str(cursor))
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'

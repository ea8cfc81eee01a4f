"""Lists by pages: how long one may be, and where the next one begins."""

from fastapi import Request, Response

from common.problems import Problem, fault

MOST = 500  # items of a page


def bounded(limit: int) -> None:
    """Raises `Problem` (422) for a page of nothing or of more than `MOST`."""
    if not 1 <= limit <= MOST:
        raise Problem("invalid", faults=[fault("/limit", "range", least=1, most=MOST)])


def lead_on(request: Request, response: Response, cursor: object | None) -> None:
    """`Link: rel="next"`, the same query after `cursor`; nothing where no page follows."""
    if cursor is not None:
        following = request.url.include_query_params(cursor=str(cursor))
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'

"""Who may look. A program sends its token as a header; a browser keeps it in a cookie.

The cookie *is* the bearer token: HttpOnly, so that no script reads it; SameSite=Strict, so that no
other site sends it. It ends with the browser session, and counts for nothing once the token has
expired. Both ways are `Guard`s, so the rule that no route goes unguarded covers them.

A form is taken from our own pages alone: one of another address of the same site would be sent with the
cookie, and one of any site could sign a browser in as somebody else, under whose name its looks would be
recorded.
"""

from typing import Any
from urllib.parse import parse_qs

from fastapi import Depends, Request

from common.auth import CHALLENGE, Guard, Principal
from common.problems import Problem

COOKIE = "shouwang_token"
SCOPE = "audit:read"


class SignedIn(Guard):
    """A valid token with the scope, from the `Authorization` header or from the cookie."""

    async def __call__(self, request: Request) -> Principal:
        """The caller. Raises `Problem`: 401 without a valid token, 403 without the scope."""
        return allowed_by(await identified(request), self.scope)


class SigningIn(Guard):
    """A valid token with the scope, pasted into the form that is being posted."""

    async def __call__(self, request: Request) -> Principal:
        """The caller. Raises `Problem`: 401 without a valid token, 403 without the scope."""
        _from_here(request)
        token = (await form(request)).get("token", "")
        return allowed_by(await _principal(request, token), self.scope)


async def form(request: Request) -> dict[str, str]:
    """The fields of a posted form (`application/x-www-form-urlencoded`); the first of each."""
    try:
        fields = parse_qs((await request.body()).decode(), max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[0].strip() for name, values in fields.items()}


async def identified(request: Request) -> Principal:
    """The caller, by header or cookie, whatever it may do. Raises `Problem` (401)."""
    header = request.headers.get("authorization")
    if header is None:
        _from_here(request)
        return await _principal(request, request.cookies.get(COOKIE, ""))
    scheme, _, token = header.partition(" ")
    return await _principal(request, token.strip() if scheme.lower() == "bearer" else "")


def _from_here(request: Request) -> None:
    """Raises `Problem` (403) for a form of another origin. Every browser of today says where a form comes
    from (`Sec-Fetch-Site`) and no script can say otherwise; a program says nothing."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    if request.method == "POST" and site not in ("same-origin", "none"):
        raise Problem("form-of-another-site")


def allowed_by(caller: Principal, scope: str) -> Principal:
    """The caller. Raises `Problem` (403) without the scope."""
    if scope not in caller.scopes:
        raise Problem("forbidden", {"scope": scope})
    return caller


async def _principal(request: Request, token: str) -> Principal:
    if not token:
        raise Problem("unauthenticated", headers=CHALLENGE)
    principal: Principal = await request.app.state.verifier.principal(token)
    request.state.caller = principal  # a page shows the links that lead somewhere for who asks
    return principal


def signed_in() -> Any:
    """For the parameter of a route that shows no household: `Annotated[Principal, signed_in()]`."""
    return Depends(SignedIn(SCOPE))

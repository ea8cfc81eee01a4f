"""Who is calling, and what may they do. Bearer tokens (JWT, RFC 7519) checked by JWKS.

A token carries department, post, organisation, person, region prefix and scopes. Every route names
the scope it needs through `allow`; `unguarded` finds routes that do not, and a service refuses to
start with one. Regions limit staff: `Principal.covers`.
"""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import httpx
import jwt
import structlog
from fastapi import Depends, FastAPI, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from common.problems import Problem, fault
from contracts.envelope import Actor

log = structlog.get_logger()

ALGORITHMS = ["EdDSA", "RS256", "ES256"]
REMEMBERED = 2_048  # tokens whose signature need not be checked again before they expire
REFETCH = 10.0  # seconds between looks at the JWKS for a key that we do not know, and after one that failed
SKEW = 30.0  # seconds that the issuer's clock may be ahead of ours (RFC 7519, 4.1.5)
TRUSTED = 300.0  # seconds for which keys are good without asking the issuer again

AREA_CODE = "^[0-9]{2,12}$"
NO_AREA = fault("/region", "pattern", form=("2 至 12 位区划代码", "an area code of 2 to 12 digits"))
Area = Annotated[
    str | None,
    Query(pattern=AREA_CODE, description="code of a part of your area; all of it unless given"),
]
"""The parameter of every list: `region: Area = None`, which `Principal.area` makes an area of."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, as the token says."""

    client: str
    scopes: frozenset[str]
    expires: float
    actor: Actor

    def covers(self, region: str) -> bool:
        """Whether an area code lies in the caller's region."""
        return bool(self.actor.region) and region.startswith(self.actor.region)

    def seconds_left(self) -> float:
        """For how long the token is good."""
        return self.expires - time.time()  # noqa: TID251 — `exp` is wall-clock time

    def area(self, asked: str | None) -> str:
        """The area that was asked for, or the caller's own. Raises `Problem`: 422 for what is no area
        code, 403 outside of the caller's."""
        if asked is not None and not re.fullmatch(AREA_CODE, asked):
            raise Problem("invalid", faults=[NO_AREA])
        area = asked or self.actor.region
        self.must_cover(area)
        return area

    def must_cover(self, region: str) -> None:
        """Raises `Problem` (403) for an area outside the caller's region."""
        if not self.covers(region):
            raise Problem("outside-region")


class Verifier:
    """Checks tokens of one issuer.

    Keys are fetched when an unknown one appears, and again after five minutes, so that what the issuer took
    back is good no longer. While it cannot be reached, the keys that are known stay good.
    """

    def __init__(self, jwks_url: str, issuer: str, audience: str) -> None:
        self._jwks_url = jwks_url
        self._issuer = issuer
        self._audience = audience
        self._keys: dict[str, Any] = {}
        self._fetched = float("-inf")
        self._failed = float("-inf")
        self._fetching = asyncio.Lock()
        self._known: OrderedDict[str, Principal] = OrderedDict()

    async def principal(self, token: str) -> Principal:
        """The caller. Raises `Problem` (401) unless the token is ours, whole and in time."""
        if self._is_time():
            await self._look_again()
        known = self._known.get(token)
        if known and known.seconds_left() > 0:
            return known
        try:
            header = jwt.get_unverified_header(token)
            claims = jwt.decode(
                token,
                await self._key(str(header.get("kid", ""))),
                algorithms=ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer,
                leeway=SKEW,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise Problem("token-expired", headers=CHALLENGE) from error
        except jwt.InvalidTokenError as error:
            raise Problem("unauthenticated", headers=CHALLENGE) from error
        principal = Principal(
            client=str(claims["sub"]),
            scopes=frozenset(str(claims.get("scope", "")).split()),
            expires=float(claims["exp"]),
            actor=_actor(claims),
        )
        if principal.seconds_left() <= 0:  # of what is over, nothing is given
            raise Problem("token-expired", headers=CHALLENGE)
        self._known[token] = principal
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return principal

    async def _key(self, kid: str) -> Any:
        if kid in self._keys:
            return self._keys[kid]
        asked = time.monotonic()
        async with self._fetching:
            if kid not in self._keys and self._failed > asked:  # while we waited: as good as ours
                raise Problem("issuer-unavailable")
            if kid not in self._keys and time.monotonic() - self._fetched > REFETCH:
                await self._fetch()
        if kid not in self._keys:
            raise jwt.InvalidTokenError("unknown key")
        return self._keys[kid]

    async def _fetch(self) -> None:
        """Take the issuer's keys in place of those known. Raises `Problem` (503)."""
        self._fetched = time.monotonic()
        try:
            async with httpx.AsyncClient(timeout=5, verify=_tls()) as client:
                answer = (await client.get(self._jwks_url)).raise_for_status()
            keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        except (httpx.HTTPError, jwt.PyJWTError, ValueError) as error:
            self._fetched, self._failed = float("-inf"), time.monotonic()
            raise Problem("issuer-unavailable") from error
        self._keys = {str(key.key_id): key for key in keys}
        self._known.clear()  # a key may be gone: what it signed is good no longer

    def _is_time(self) -> bool:
        now = time.monotonic()
        due = max(self._fetched + TRUSTED, self._failed + REFETCH)
        return bool(self._keys) and now > due and not self._fetching.locked()

    async def _look_again(self) -> None:
        """One caller waits for the issuer, the others do not."""
        async with self._fetching:
            try:
                await self._fetch()
            except Problem as problem:
                log.warning("issuer_unavailable", url=self._jwks_url, why=repr(problem.__cause__))


def _actor(claims: Mapping[str, Any]) -> Actor:
    """Who acts. It is recorded with every event, so what is no text is not written out as one (`None`), and no
    header that each reader would call malformed (NUL) gets onto the log. Raises `Problem` (401)."""
    told = {name: claims.get(name) or "" for name in Actor.__struct_fields__}
    told["person"] = told["person"] or claims["sub"]
    for name, text in told.items():
        if not isinstance(text, str) or _UNFIT.search(text):
            log.warning("claim_refused", claim=name)
            raise Problem("unauthenticated", headers=CHALLENGE)
    return Actor(**told)


_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # controls; halves of surrogate pairs
_tls = cache(httpx.create_ssl_context)  # it reads all certificates of the system
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="shouwang"'}


@dataclass(frozen=True)
class Guard:
    """The policy of a route: a valid token with this scope."""

    scope: str

    async def __call__(self, request: Request) -> Principal:
        """The caller. Raises `Problem`: 401 without a valid token, 403 without the scope."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Problem("unauthenticated", headers=CHALLENGE)
        verifier: Verifier = request.app.state.verifier
        principal = await verifier.principal(token.strip())
        if self.scope not in principal.scopes:
            raise Problem("forbidden", {"scope": self.scope})
        return principal


def allow(scope: str) -> Any:
    """For a route's parameter: `caller: Annotated[Principal, allow("facts:write")]`."""
    return Depends(Guard(scope))


DOCUMENTATION = frozenset(
    {"/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc", "/static-offline-docs"}
)


def unguarded(app: FastAPI, public: frozenset[str]) -> list[str]:
    """The paths that anybody could call, `public` ones and the documentation left out.

    Should be none. Looks into included routers; a mount or anything else that cannot carry a
    `Guard` is counted too, since nobody checks who calls it.
    """
    return [
        str(context.path)
        for context in iter_route_contexts(app.routes)
        if context.path not in public | DOCUMENTATION
        and not any(isinstance(call, Guard) for call in calls(context))
    ]


def calls(context: RouteContext) -> Iterator[Callable[..., Any] | None]:
    """What is called before a route is: its dependencies, and theirs."""
    return (dependant.call for dependant in dependants(context))


def dependants(route: object) -> Iterator[Dependant]:
    """What a route takes, what its dependencies take, and theirs."""
    waiting: list[Dependant] = [d for d in [getattr(route, "dependant", None)] if d]
    while waiting:
        dependant = waiting.pop()
        yield dependant
        waiting.extend(dependant.dependencies)

"""Who is calling: a token that is ours, whole, in time, with the scope; nothing less."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import JSONResponse
from msgspec.structs import replace

from common import auth
from common.auth import Principal, Verifier, allow, unguarded
from common.clock import Clock
from common.codec import encode
from common.problems import Problem
from common.testing import OFFICER, Issuer

CLOCK = Clock()


async def refused(verifier: Verifier, token: str) -> str:
    with pytest.raises(Problem) as raised:
        await verifier.principal(token)
    return raised.value.code


async def test_a_token_says_who_in_which_post_for_which_region(
    verifier: Verifier, issued: Issuer
) -> None:
    principal = await verifier.principal(issued.token("village-1", "visits:read visits:write"))

    assert principal.client == "village-1"
    assert principal.scopes == {"visits:read", "visits:write"}
    assert principal.actor.post == "DEPARTMENT_OFFICER"
    assert principal.actor.region == "441624"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": CLOCK.now() - timedelta(seconds=1)}, "token-expired"),
        ({"exp": None}, "unauthenticated"),
        ({"exp": "soon"}, "unauthenticated"),
        ({"aud": "somebody-else"}, "unauthenticated"),
        ({"aud": None}, "unauthenticated"),
        ({"iss": "https://evil.example"}, "unauthenticated"),
        ({"iss": None}, "unauthenticated"),
        ({"sub": None}, "unauthenticated"),
        ({"nbf": CLOCK.now() + timedelta(hours=1)}, "unauthenticated"),
    ],
)
async def test_a_token_that_is_not_ours_or_not_in_time_is_refused(
    verifier: Verifier, issued: Issuer, claims: dict[str, Any], code: str
) -> None:
    assert await refused(verifier, issued.token("a", **claims)) == code


@pytest.mark.parametrize("claim", ["iat", "nbf"])
async def test_an_issuer_whose_clock_is_a_little_ahead_is_believed(
    verifier: Verifier, issued: Issuer, claim: str
) -> None:
    claims: dict[str, Any] = {claim: CLOCK.now() + timedelta(seconds=5)}
    ahead = issued.token("a", **claims)

    assert (await verifier.principal(ahead)).client == "a"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "令牌", "e30.e30."])
async def test_what_is_no_token_is_refused(verifier: Verifier, token: str) -> None:
    assert await refused(verifier, token) == "unauthenticated"


async def test_a_changed_token_is_refused(verifier: Verifier, issued: Issuer) -> None:
    head, body, signature = issued.token("a", "visits:read").split(".")
    other = issued.token("a", "parked:manage").split(".")[1]

    assert await refused(verifier, f"{head}.{other}.{signature}") == "unauthenticated"
    assert await refused(verifier, f"{head}.{body}.") == "unauthenticated"


async def test_a_token_that_asks_for_no_signature_is_refused(
    verifier: Verifier, issued: Issuer
) -> None:
    claims = jwt.decode(issued.token("a"), options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", "none", headers={"kid": "first"})
    # The public key is public: a token "signed" with it as a shared secret is a known trick.
    shared = jwt.encode(claims, "x" * 32, "HS256", headers={"kid": "first"})

    assert await refused(verifier, unsigned) == "unauthenticated"
    assert await refused(verifier, shared) == "unauthenticated"


async def test_a_token_of_an_unknown_key_is_refused(verifier: Verifier, issued: Issuer) -> None:
    claims = jwt.decode(issued.token("a"), options={"verify_signature": False})
    forged = Ed25519PrivateKey.generate()

    for kid in ("first", "unknown"):
        token = jwt.encode(claims, forged, "EdDSA", headers={"kid": kid})
        assert await refused(verifier, token) == "unauthenticated"


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS256", rsa.generate_private_key(65537, 2048)),
        ("ES256", ec.generate_private_key(ec.SECP256R1())),
    ],
)
async def test_an_issuer_may_sign_with_another_kind_of_key(
    verifier: Verifier,
    issued: Issuer,
    monkeypatch: pytest.MonkeyPatch,
    algorithm: str,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
) -> None:
    public = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    keys = encode({"keys": [{**public, "kid": "other"}]})
    monkeypatch.setattr(issued, "jwks", lambda: keys)
    claims = jwt.decode(issued.token("a"), options={"verify_signature": False})
    token = jwt.encode(claims, key, algorithm, headers={"kid": "other"})

    assert (await verifier.principal(token)).client == "a"


async def test_unknown_keys_do_not_make_us_ask_the_issuer_each_time(
    verifier: Verifier, issued: Issuer
) -> None:
    claims = jwt.decode(issued.token("a"), options={"verify_signature": False})
    for n in range(20):
        token = jwt.encode(
            claims, Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": f"unknown-{n}"}
        )
        await refused(verifier, token)

    assert issued.asked == 1


async def test_a_new_key_of_the_issuer_is_found(verifier: Verifier, issued: Issuer) -> None:
    await verifier.principal(issued.token("a"))
    issued.rotate("second")
    verifier._fetched = float("-inf")  # as if ten seconds had passed

    assert (await verifier.principal(issued.token("b"))).client == "b"


async def _taken_back(verifier: Verifier, issued: Issuer) -> str:
    """A token that is known, of a key that the issuer has another one for since."""
    stolen = issued.token("a")
    await verifier.principal(stolen)
    issued.rotate("second")
    issued.forget("first")
    return stolen


async def test_a_token_of_a_key_that_the_issuer_took_back_is_refused_once_a_new_key_is_known(
    verifier: Verifier, issued: Issuer
) -> None:
    stolen = await _taken_back(verifier, issued)
    verifier._fetched = float("-inf")  # as if ten seconds had passed
    await verifier.principal(issued.token("b"))

    assert await refused(verifier, stolen) == "unauthenticated"


async def test_a_key_that_the_issuer_took_back_is_good_for_five_minutes_at_most(
    verifier: Verifier, issued: Issuer
) -> None:
    stolen = await _taken_back(verifier, issued)
    verifier._fetched -= auth.TRUSTED  # as if five minutes had passed

    assert await refused(verifier, stolen) == "unauthenticated"
    assert issued.asked == 2


async def test_an_issuer_that_is_away_takes_no_key_with_it_and_is_not_asked_without_end(
    verifier: Verifier, issued: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await _taken_back(verifier, issued)
    with monkeypatch.context() as maintenance:
        maintenance.setattr(issued, "jwks", lambda: b"<html>back soon</html>")
        verifier._fetched -= auth.TRUSTED
        for _ in range(20):
            assert (await verifier.principal(token)).client == "a"
        assert issued.asked == 2
    verifier._failed -= auth.REFETCH  # as if ten seconds had passed

    assert await refused(verifier, token) == "unauthenticated"


async def test_an_issuer_that_cannot_be_reached_is_not_the_callers_fault(issued: Issuer) -> None:
    verifier = Verifier("http://127.0.0.1:1/jwks", issued.url, issued.audience)

    assert await refused(verifier, issued.token("a")) == "issuer-unavailable"


async def test_callers_who_wait_for_a_silent_issuer_wait_together(issued: Issuer) -> None:
    """One after the other, each would wait for the patience of all before it, and its own."""
    asked = 0

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.2)
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        verifier = Verifier(f"http://127.0.0.1:{port}/jwks", issued.url, issued.audience)
        token = issued.token("a")
        found = await asyncio.gather(*(refused(verifier, token) for _ in range(20)))
        assert set(found) == {"issuer-unavailable"}
        assert asked == 1
        assert await refused(verifier, token) == "issuer-unavailable"
        assert asked == 2  # who comes later asks again


async def test_a_known_token_is_refused_once_it_has_expired(
    verifier: Verifier, issued: Issuer
) -> None:
    token = issued.token("a")
    known = await verifier.principal(token)
    verifier._known[token] = Principal("a", known.scopes, 0.0, known.actor)  # as if an hour later

    assert await verifier.principal(token) == known  # checked anew, not remembered


async def test_only_so_many_tokens_are_remembered_the_last_ones(
    verifier: Verifier, issued: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "REMEMBERED", 2)
    first, second, third = (issued.token(name) for name in "abc")
    for token in (first, second, third):
        await verifier.principal(token)

    assert list(verifier._known) == [second, third]


def test_a_region_covers_what_is_inside_it_and_no_region_covers_nothing() -> None:
    def covers(mine: str, area: str) -> bool:
        return responsible_for(mine).covers(area)

    assert covers("441624", "441624108201")
    assert covers("441624108201", "441624108201")
    assert not covers("441624108201", "441624")
    assert not covers("441624109", "441624108201")
    assert not covers("", "441624")
    with pytest.raises(Problem, match="outside-region"):
        responsible_for("441625").must_cover("441624")


def test_without_an_area_ones_own_is_asked_for_and_another_only_inside_it() -> None:
    town = responsible_for("441624108")

    assert town.area(None) == "441624108"
    assert town.area("441624108201") == "441624108201"
    for mine, asked, code in [
        ("441624108", "441624", "outside-region"),
        ("", None, "outside-region"),
        ("441624108", "", "invalid"),
        ("441624108", "441624108%", "invalid"),
    ]:
        with pytest.raises(Problem, match=code):
            responsible_for(mine).area(asked)


def responsible_for(region: str) -> Principal:
    """Somebody who answers for a region."""
    return Principal("client", frozenset(), 0.0, replace(OFFICER, region=region))


# Routes

CanRead = Annotated[Principal, allow("visits:read")]


@pytest.fixture
async def client(verifier: Verifier) -> AsyncIterator[httpx.AsyncClient]:
    """An app with one guarded route."""
    app = FastAPI()
    app.state.verifier = verifier

    @app.get("/guarded")
    async def guarded(caller: CanRead) -> str:
        return caller.client

    @app.exception_handler(Problem)
    async def told(_: object, problem: Problem) -> JSONResponse:
        return JSONResponse({"code": problem.code}, 401 if problem.headers else 403)

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


async def test_a_route_answers_only_to_its_scope(client: httpx.AsyncClient, issued: Issuer) -> None:
    assert (await client.get("/guarded", headers=issued.bearer("a", "visits:read"))).text == '"a"'
    for scopes in ("", "visits:write", "visits", "visits:read2"):
        answer = await client.get("/guarded", headers=issued.bearer("a", scopes))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "bearer x"])
async def test_a_route_without_a_token_asks_for_one(
    client: httpx.AsyncClient, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await client.get("/guarded", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_a_token_is_taken_as_a_bearers_only(
    client: httpx.AsyncClient, issued: Issuer
) -> None:
    token = issued.token("a", "visits:read")
    for scheme, status in (("bearer", 200), ("Basic", 401)):
        headers = {"Authorization": f"{scheme} {token}"}
        assert (await client.get("/guarded", headers=headers)).status_code == status


def test_a_route_without_a_policy_is_found_wherever_it_hides() -> None:
    app, router, inner, mounted = FastAPI(), APIRouter(), APIRouter(), FastAPI()

    @app.get("/guarded")
    async def guarded(caller: CanRead) -> None: ...

    @router.get("/guarded-too", dependencies=[allow("visits:read")])
    async def guarded_too() -> None: ...

    @app.get("/public")
    async def public() -> None: ...

    @app.get("/open")
    async def opened() -> None: ...

    @app.get("/hidden", include_in_schema=False)
    async def hidden() -> None: ...

    @router.get("/in-a-router")
    async def in_a_router() -> None: ...

    @inner.get("/deep")
    async def deep(depends: Annotated[None, Depends(lambda: None)]) -> None: ...

    @app.websocket("/socket")
    async def socket(websocket: Any) -> None: ...

    router.include_router(inner, prefix="/inner")
    app.include_router(router, prefix="/v1")
    app.mount("/mounted", mounted)

    assert sorted(unguarded(app, frozenset({"/public"}))) == [
        "/hidden",
        "/mounted",
        "/open",
        "/socket",
        "/v1/in-a-router",
        "/v1/inner/deep",
    ]


def test_a_router_that_is_guarded_as_a_whole_is_guarded() -> None:
    app, router = FastAPI(), APIRouter(dependencies=[allow("visits:read")])

    @router.get("/inside")
    async def inside() -> None: ...

    app.include_router(router)

    assert unguarded(app, frozenset()) == []

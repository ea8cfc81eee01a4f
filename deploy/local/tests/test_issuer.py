"""Tokens for development: what they claim, and who gets none."""

import time
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from local.clients import CLIENTS
from local.issuer import Settings, application, key_id, signed, signing_key

SETTINGS = Settings(port=0, issuer="http://issuer.test")
KEY = signing_key(None)
SECRETS = {"yibao": "right", "village-jucun": "also right"}
GRANT = {"grant_type": "client_credentials"}


def issuer() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(application(SETTINGS, KEY, SECRETS))
    return httpx.AsyncClient(transport=transport, base_url=SETTINGS.issuer)


async def claims(token: str) -> dict[str, Any]:
    """The claims of a token, checked as a service checks them: by the published key."""
    async with issuer() as http:
        keys = jwt.PyJWKSet.from_dict((await http.get("/jwks")).json())
    kid = jwt.get_unverified_header(token)["kid"]
    return jwt.decode(token, keys[kid], ["EdDSA"], audience="shouwang", issuer=SETTINGS.issuer)


async def test_a_token_says_who_acts_where_and_in_which_post() -> None:
    form = {**GRANT, "client_id": "village-jucun", "client_secret": "also right"}
    async with issuer() as http:
        answer = await http.post("/token", data=form)
    assert answer.headers["cache-control"] == "no-store"
    found = await claims(answer.json()["access_token"])
    assert found["sub"] == "village-jucun"
    assert found["region"] == "441624108201"
    assert found["post"] == "VILLAGE_CADRE"
    assert found["organisation"] == "彭寨镇聚村村民委员会"
    assert found["person"] == CLIENTS["village-jucun"].person
    assert found["exp"] - found["iat"] == answer.json()["expires_in"] == 3600


async def test_credentials_are_taken_from_basic_too_and_scopes_can_be_fewer() -> None:
    form = {**GRANT, "scope": "households:read"}
    async with issuer() as http:
        answer = await http.post("/token", data=form, auth=("yibao", "right"))
    assert (await claims(answer.json()["access_token"]))["scope"] == "households:read"


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({**GRANT, "client_id": "yibao", "client_secret": "wrong"}, 401, "invalid_client"),
        ({**GRANT, "client_id": "nobody", "client_secret": "right"}, 401, "invalid_client"),
        ({**GRANT, "client_id": "jiaoyu", "client_secret": ""}, 401, "invalid_client"),
        ({**GRANT}, 401, "invalid_client"),
        (
            {**GRANT, "client_id": "yibao", "client_secret": "right", "scope": "access:read"},
            400,
            "invalid_scope",
        ),
        ({"client_id": "yibao", "client_secret": "right"}, 400, "unsupported_grant_type"),
    ],
)
async def test_nobody_else_gets_one(form: dict[str, str], status: int, error: str) -> None:
    async with issuer() as http:
        answer = await http.post("/token", data=form)
        nonsense = await http.post("/token", data=form, headers={"authorization": "Basic ~"})
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert nonsense.status_code >= 400


async def test_the_configuration_points_to_what_is_there() -> None:
    async with issuer() as http:
        found = (await http.get("/.well-known/openid-configuration")).json()
        assert found["issuer"] == SETTINGS.issuer
        assert (await http.get(found["jwks_uri"])).status_code == 200
        assert (await http.post(found["token_endpoint"])).status_code == 400


def test_the_key_is_kept_so_that_tokens_outlive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "issuer.pem"
    assert key_id(signing_key(file)) == key_id(signing_key(file))
    assert key_id(signing_key(None)) != key_id(signing_key(file))


async def test_an_old_token_is_out_of_date() -> None:
    old = signed(CLIENTS["yibao"], "facts:write", SETTINGS, KEY, time.time() - 3_700)
    with pytest.raises(jwt.ExpiredSignatureError):
        await claims(old)

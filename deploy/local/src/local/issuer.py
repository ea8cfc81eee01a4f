"""Tokens for the development profile: OAuth 2 client credentials (RFC 6749 §4.4), EdDSA, one hour.

`python -m local.issuer`. Nothing in it is fit for production, which uses any OIDC provider.
"""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import jwt
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from jwt.algorithms import OKPAlgorithm
from pydantic_settings import BaseSettings

from local.clients import CLIENTS, Client
from local.kept import private_write

LIFETIME = 3_600  # seconds


class Settings(BaseSettings):
    """What the issuer reads from its environment."""

    host: str = "127.0.0.1"
    port: int
    issuer: str
    audience: str = "shouwang"
    # A PEM file, made if it is not there; none: a new key each time.
    signing_key: Path | None = None
    client_secrets: Path | None = None  # a JSON object of client id to secret
    client_secret: str | None = None  # or one secret for all of them


def signing_key(file: Path | None) -> Ed25519PrivateKey:
    """The key in `file`, or a new one, which is kept there."""
    if file and file.exists():
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
        assert isinstance(key, Ed25519PrivateKey), f"{file} is not an Ed25519 key"
        return key
    key = Ed25519PrivateKey.generate()
    if file:
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        private_write(file, pem.decode())
    return key


def key_id(key: Ed25519PrivateKey) -> str:
    """Names a key by itself, so that a new key is never taken for the old one."""
    return hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()[:16]


def signed(
    client: Client, scopes: str, settings: Settings, key: Ed25519PrivateKey, now: float
) -> str:
    """A token for `client`, good for an hour from `now` (seconds since 1970)."""
    claims = {
        "iss": settings.issuer,
        "aud": settings.audience,
        "sub": client.id,
        "iat": int(now),
        "exp": int(now) + LIFETIME,
        "jti": str(uuid.uuid4()),
        "scope": scopes,
        "department": client.department,
        "post": client.post,
        "organisation": client.organisation,
        "person": client.person,
        "region": client.region,
    }
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": key_id(key)})


def application(settings: Settings, key: Ed25519PrivateKey, secrets: Mapping[str, str]) -> FastAPI:
    """The issuer over HTTP, for the clients whose secrets are known."""
    app: FastAPI = FastAPIOffline(title="Shouwang development issuer", redoc_url=None)

    @app.get("/health/live")
    @app.get("/health/ready")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/jwks")
    async def jwks() -> dict[str, list[dict[str, Any]]]:
        public = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": key_id(key), "alg": "EdDSA", "use": "sig"}]}

    @app.get("/.well-known/openid-configuration")
    async def configuration() -> dict[str, Any]:
        return {
            "issuer": settings.issuer,
            "jwks_uri": f"{settings.issuer}/jwks",
            "token_endpoint": f"{settings.issuer}/token",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "response_types_supported": ["none"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
        }

    @app.post("/token")
    async def token(request: Request) -> JSONResponse:
        body = (await request.body()).decode("utf-8", "replace")
        form = {name: values[-1] for name, values in parse_qs(body).items()}
        if form.get("grant_type") != "client_credentials":
            return _refused(400, "unsupported_grant_type")
        name, secret = _credentials(request.headers.get("authorization", ""), form)
        client, expected = CLIENTS.get(name), secrets.get(name)
        if not (client and expected and hmac.compare_digest(expected.encode(), secret.encode())):
            return _refused(401, "invalid_client")
        asked = form.get("scope", "").split() or client.scopes
        if not set(asked) <= set(client.scopes):
            return _refused(400, "invalid_scope")
        scope = " ".join(asked)
        answer = {
            "access_token": signed(client, scope, settings, key, time.time()),
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "scope": scope,
        }
        return JSONResponse(answer, headers={"cache-control": "no-store"})

    return app


def _credentials(authorization: str, form: Mapping[str, str]) -> tuple[str, str]:
    """Client and secret, from HTTP Basic or else from the form (RFC 6749 §2.3.1)."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def _refused(status: int, error: str) -> JSONResponse:
    headers = {"cache-control": "no-store"}
    if status == 401:
        headers["www-authenticate"] = 'Basic realm="shouwang development issuer"'
    return JSONResponse({"error": error}, status, headers)


def main() -> None:
    """Serve until SIGTERM. Without secrets nobody could get a token: then it does not start."""
    settings = Settings()
    if settings.client_secrets:
        secrets = json.loads(settings.client_secrets.read_text("utf-8"))
    elif settings.client_secret:
        secrets = dict.fromkeys(CLIENTS, settings.client_secret)
    else:
        raise SystemExit("Set CLIENT_SECRETS (a JSON file) or CLIENT_SECRET (one for all clients).")
    app = application(settings, signing_key(settings.signing_key), secrets)
    uvicorn.run(app, host=settings.host, port=settings.port, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()

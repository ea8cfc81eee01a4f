"""Real tokens from a real JWKS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.clock import Clock
from common.codec import encode
from common.ids import new_id
from common.testing.events import OFFICER


class Issuer:
    """Issues tokens and serves its public key at `jwks_url`, for a `common.auth.Verifier`."""

    audience = "shouwang"

    def __init__(self, port: int, clock: Clock) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.jwks_url = f"{self.url}/jwks"
        self.asked = 0
        self._clock = clock
        self._keys: dict[str, Ed25519PrivateKey] = {}
        self.rotate("first")

    def rotate(self, kid: str) -> None:
        """Sign with a new key from now on; the JWKS keeps the old ones."""
        self._keys[kid] = Ed25519PrivateKey.generate()
        self._kid = kid

    def forget(self, kid: str) -> None:
        """Take a key out of the JWKS, as one that was stolen."""
        del self._keys[kid]

    def token(self, client: str = "yibao", scopes: str = "", **claims: Any) -> str:
        """A bearer token. `scopes` are separated by spaces; a claim that is None is left out, and
        one that is `...` is null."""
        now = self._clock.now()
        body = {
            "iss": self.url,
            "aud": self.audience,
            "sub": client,
            "iat": now,
            "exp": now + timedelta(hours=1),
            "jti": str(new_id()),
            "scope": scopes,
            "department": OFFICER.department,
            "post": OFFICER.post,
            "organisation": OFFICER.organisation,
            "person": OFFICER.person,
            "region": OFFICER.region,
            **claims,
        }
        given = {n: None if v is ... else v for n, v in body.items() if v is not None}
        return jwt.encode(given, self._keys[self._kid], "EdDSA", headers={"kid": self._kid})

    def bearer(self, client: str = "yibao", scopes: str = "", **claims: Any) -> dict[str, str]:
        """The header that a client sends."""
        return {"Authorization": f"Bearer {self.token(client, scopes, **claims)}"}

    def jwks(self) -> bytes:
        """The key set (RFC 7517) as JSON."""
        algorithm = jwt.algorithms.OKPAlgorithm
        keys = [
            {
                **algorithm.to_jwk(key.public_key(), as_dict=True),
                "kid": kid,
                "alg": "EdDSA",
                "use": "sig",
            }
            for kid, key in self._keys.items()
        ]
        return encode({"keys": keys})


@asynccontextmanager
async def issuer() -> AsyncIterator[Issuer]:
    """An issuer on a free port of the loopback interface, until the block ends."""
    made: list[Issuer] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        made[0].asked += 1
        body = made[0].jwks()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.append(Issuer(server.sockets[0].getsockname()[1], Clock()))
    async with server:
        yield made[0]

"""What the tests of all services share. Real servers, no mocks: a database of one's own in 0.2 s,
real tokens from a real JWKS, and waiting that looks instead of sleeping (`common.wire` cuts lines).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from inspect import isawaitable
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from common.clock import Clock
from common.codec import Codec, encode
from common.decider import Decider, Refused
from common.eventstore import Connection, Context, Fresh, Intent, Key, Store
from common.ids import new_id
from common.kafka import Message, Place, Record
from common.migrate import migrate
from contracts.envelope import ZERO_HASH, Actor, Envelope, chained, to_headers

T = TypeVar("T")

PASSWORD = "test"
OFFICER = Actor(
    person="3f1c7d0e-0000-7000-8000-000000000001",
    post="DEPARTMENT_OFFICER",
    organisation="和平县医疗保障局",
    department="yibao",
    region="441624",
)


async def eventually(look: Callable[[], T | Awaitable[T]], within: float = 10) -> T:
    """What `look` returns once that is true; it is asked every 10 ms. Raises `AssertionError`."""
    deadline = time.monotonic() + within
    while True:
        seen = look()
        value: T = await seen if isawaitable(seen) else seen
        if value:
            return value
        assert time.monotonic() < deadline, f"still {value!r} after {within} s"
        await asyncio.sleep(0.01)


@dataclass(frozen=True)
class Database:
    """URLs of one database, for its service, its owner and a superuser."""

    url: str
    owner_url: str
    superuser_url: str


@asynccontextmanager
async def database(superuser_url: str, service: str) -> AsyncIterator[Database]:
    """A fresh database with the durable tables, and the two roles that production has.

    Named after the service and this moment, so that many tests share a server; dropped at the end.
    """
    name = f"{service}_{new_id().hex[-12:]}"
    owner = f"{name}_owner"
    server = await asyncpg.connect(superuser_url)
    try:
        for role in (owner, name):
            await server.execute(f"create role {role} login password '{PASSWORD}'")
        await server.execute(f"create database {name} owner {owner}")
        await server.execute(f"revoke connect on database {name} from public")
        await server.execute(f"grant connect on database {name} to {name}")
        found = Database(
            _url(superuser_url, name, role=name),
            _url(superuser_url, name, role=owner),
            _url(superuser_url, name),
        )
        await migrate(found.owner_url, name)
        yield found
    finally:
        await server.execute(f"drop database if exists {name} with (force)")
        await server.execute(f"drop role if exists {name}, {owner}")
        await server.close()


def _url(server: str, name: str, role: str | None = None) -> str:
    parts = urlsplit(server)
    host = f"{role}:{PASSWORD}@{parts.hostname}:{parts.port}" if role else parts.netloc
    return urlunsplit((parts.scheme, host, f"/{name}", parts.query, ""))


async def empty(superuser_url: str) -> None:
    """Forget every event, ticket, offset, cursor, parked record and stored answer of a database.

    For a suite that keeps one database; needs a superuser, who alone can set the guard aside.
    """
    connection = await asyncpg.connect(superuser_url)
    try:
        async with connection.transaction():
            await connection.execute("alter table es.events disable trigger events_append_only")
            await connection.execute(
                "truncate es.events, es.outbox, es.idempotency, es.offsets, es.cursors, es.parked "
                "restart identity; update es.relay set epoch = 0, holder = null"
            )
            await connection.execute(
                "alter table es.events enable always trigger events_append_only"
            )
    finally:
        await connection.close()


NOON = datetime(2024, 6, 3, 4, 0, tzinfo=UTC)  # noon of a Monday in Shanghai


def envelope(payload: object = None, *, prev: Envelope | None = None, **changes: Any) -> Envelope:
    """An event as a foreign service would have published it: chained to `prev`, in its stream.

    `payload` is an event dataclass, or bytes to be taken as they are; `changes` are attributes.
    """
    data = payload if isinstance(payload, bytes) else encode(payload if payload else {})
    household = new_id()
    first = Envelope(
        event_id=new_id(),
        service="identification",
        type=type(payload).__name__ if payload and data is not payload else "Anything",
        schema_version=1,
        stream=f"household-{household}",
        version=1,
        household_id=household,
        occurred_at=NOON,
        recorded_at=NOON,
        actor=OFFICER,
        region="441624108201",
        policy_version=None,
        correlation_id=new_id(),
        causation_id=None,
        classification="INTERNAL",
        traceparent=None,
        data=data,
    )
    if prev:
        first = replace(
            first,
            service=prev.service,
            stream=prev.stream,
            household_id=prev.household_id,
            version=prev.version + 1,
        )
    return chained(replace(first, **changes), prev.hash if prev else ZERO_HASH)


def history(length: int, **changes: Any) -> list[Envelope]:
    """The first `length` events of one stream."""
    events: list[Envelope] = []
    for _ in range(length):
        events.append(envelope(prev=events[-1] if events else None, **changes))
    return events


def record_of(event: Envelope, topic: str, offset: int, partition: int = 0) -> Record:
    """The event as Kafka would hand it over."""
    headers: list[tuple[str, bytes | None]] = list(to_headers(event))
    return Record(Place(topic, partition), offset, event.key.encode(), headers, event.data)


def message_of(event: Envelope, topic: str) -> Message:
    """The event as it is sent to a topic of the test's own."""
    return Message(topic, event.key.encode(), to_headers(event), event.data)


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

    def token(self, client: str = "yibao", scopes: str = "", **claims: Any) -> str:
        """A bearer token. `scopes` are separated by spaces; a claim that is None is left out."""
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
        given = {name: value for name, value in body.items() if value is not None}
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


def household(number: int) -> UUID:
    """A household id that a reader of a failed test can tell from another."""
    return UUID(int=0x0192_0000_0000_7000_8000_0000_0000_0000 + number)


@dataclass(frozen=True)
class Added:
    """The one event of the smallest aggregate there is, for tests of the mechanism."""

    amount: int


def decide(amounts: list[int], total: int) -> list[Added]:
    """One event an amount, zeros left out. Raises `Refused`, and has a bug at 13."""
    if 13 in amounts:
        raise ZeroDivisionError("a bug in a decider")
    if total + sum(amounts) > 1_000:
        raise Refused("full", total=total)
    return [Added(amount) for amount in amounts if amount]


TALLY: Decider[list[int], int, Added] = Decider(
    0, decide, lambda total, event: total + event.amount
)


async def forget(_: Connection, __: Sequence[Fresh]) -> None:
    """A projection that keeps nothing."""


TALLIES = Store("identification", Codec.of(Added), forget)


def adding(stream: str, *amounts: int, key: str | None = None, **changes: Any) -> Intent:
    """To add amounts to the tally `stream`; with `key`, the amounts are the request."""
    return replace(
        Intent(
            stream=stream,
            household_id=None,
            decider=TALLY,
            command=list(amounts),
            context=Context(
                actor=OFFICER, region="441624", occurred_at=NOON, correlation_id=new_id()
            ),
            key=Key("yibao", key, encode(amounts)) if key else None,
        ),
        **changes,
    )

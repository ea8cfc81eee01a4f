"""What is asked of the event store, and what comes of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg

from common.codec import Codec, encode
from common.decider import Decider, Refused
from contracts.envelope import Actor, Envelope

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy


class Conflict(Exception):
    """Somebody else appended to the stream first. The whole intent may be tried again."""


class KeyReused(Exception):
    """An idempotency key came again with another request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """The circumstances of a command. `occurred_at` is business time, aware."""

    actor: Actor
    region: str
    occurred_at: datetime
    correlation_id: UUID
    causation_id: UUID | None = None
    policy_version: str | None = None
    classification: str = "INTERNAL"
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key: `(client, value)` is unique for ever, `fingerprint` is the request's hash."""

    client: str
    value: str
    fingerprint: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """One command for one stream, with its circumstances and, if it came from outside, its key.

    `expected_version` (`If-Match`) refuses the command when the stream has moved on. `private` goes
    to the projection in the same transaction and never into an event (personal data, for a vault).
    """

    stream: str
    household_id: UUID | None
    decider: Decider[Any, Any, Any]
    command: Any
    context: Context
    key: Key | None = None
    expected_version: int | None = None
    private: Any = None


@dataclass(frozen=True, slots=True)
class Fresh:
    """An event being recorded, as the projection sees it: with the state it leads to."""

    event: Envelope
    payload: Any
    state: Any
    private: Any


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an intent led to. `answer` is the JSON receipt, the same bytes on every replay.

    `version` is the stream's afterwards; of a replay it is unknown, but for what the receipt says.
    """

    answer: bytes
    replayed: bool
    events: tuple[Envelope, ...] = ()
    version: int | None = None


Outcome = Recorded | Refused | Conflict | KeyReused
Project = Callable[[Connection, Sequence[Fresh]], Awaitable[None]]


@dataclass(frozen=True)
class Store:
    """A service's event store: its name, its event union, its read model."""

    service: str
    codec: Codec
    project: Project


def accepted(outcomes: Sequence[Outcome | Exception]) -> None:
    """Where nobody waits for an answer: whatever was not recorded is an error.

    Raises in a reaction `Conflict` (the batch is tried again) or `Refused` (our own rule said no: the
    event parks its household, for a person to look at), and whatever a writer told in place of an outcome.
    """
    for outcome in outcomes:
        if not isinstance(outcome, Recorded):
            raise outcome


def receipt(events: Sequence[Envelope]) -> bytes:
    """What a client is told of the recorded events, as JSON."""
    return encode(
        {
            "events": [
                {
                    "event_id": event.event_id,
                    "type": event.type,
                    "stream": event.stream,
                    "version": event.version,
                    "recorded_at": event.recorded_at,
                }
                for event in events
            ]
        }
    )


def fingerprint(*parts: bytes) -> bytes:
    """The identity of a request: sha256 over its length-prefixed parts."""
    return sha256(b"".join([len(part).to_bytes(8, "big") + part for part in parts])).digest()

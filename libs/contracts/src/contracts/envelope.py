"""What surrounds every event: who, when, where, in which order, and the proof of it.

The payload is the fact; the envelope is its circumstances (on Kafka: `contracts.cloudevents`).
Nothing here knows a single event type, which is why `audit` can depend on it. Structs, not
dataclasses: one is made for every event on every path, and a frozen dataclass of 19 fields takes six
times as long to make.
"""

from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring as _quoted
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import force_setattr, replace

ZERO_HASH: Final = bytes(32)
TYPE_PREFIX: Final = "cn.shouwang"
SOURCE_PREFIX: Final = "urn:shouwang:"


class Actor(Struct, frozen=True, kw_only=True, gc=False, cache_hash=True):
    """Who acted, as the credential said it that day; never taken from a request body.

    `person` is a pseudonymous id, `post` a code such as `TOWN_REVIEWER`, `organisation` a name,
    `department` a code such as `yibao`, `region` the digits of the area the actor answers for.
    """

    person: str
    post: str
    organisation: str
    department: str
    region: str


class Envelope(Struct, frozen=True, kw_only=True, gc=False):
    """One recorded event. Times are aware datetimes; `data` is the exact JSON that was hashed."""

    event_id: UUID
    service: str
    type: str
    schema_version: int
    stream: str
    version: int
    household_id: UUID | None
    occurred_at: datetime
    recorded_at: datetime
    actor: Actor
    region: str
    policy_version: str | None
    correlation_id: UUID
    causation_id: UUID | None
    classification: str
    traceparent: str | None
    data: bytes
    prev_hash: bytes = ZERO_HASH
    hash: bytes = ZERO_HASH

    @property
    def key(self) -> str:
        """The Kafka key: the household, or the stream where no household is concerned."""
        return str(self.household_id) if self.household_id else self.stream

    @property
    def source(self) -> str:
        """The CloudEvents `source`; `(source, stream, version)` names an event for ever."""
        return SOURCE_PREFIX + self.service

    @property
    def full_type(self) -> str:
        """The CloudEvents `type`, such as `cn.shouwang.identification.RiskDetected.v1`."""
        return full_type(self.service, self.type, self.schema_version)


def full_type(service: str, name: str, major: int) -> str:
    """The CloudEvents `type` of an event."""
    return f"{TYPE_PREFIX}.{service}.{name}.v{major}"


def dataschema(service: str, name: str, major: int) -> str:
    """The CloudEvents `dataschema` of an event: the `$id` of its JSON Schema."""
    return f"urn:shouwang:schema:{service}:{name}:{major}"


@lru_cache(maxsize=1_024)  # the events of a transaction were recorded at one moment
def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with exactly six decimals, so that equal times are equal texts."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def canonical_header(event: Envelope) -> bytes:
    """The hashed circumstances: an RFC 8785 JSON array of strings in a fixed order.

    `traceparent` stays out: it serves operators and proves nothing. Written out by hand because it
    runs for every event; a test compares it with `json.dumps`.
    """
    return canonical(
        quoted_standing(standing_of(event)),
        str(event.event_id),
        event.stream,
        event.version,
        str(event.household_id or ""),
        timestamp(event.occurred_at),
        timestamp(event.recorded_at),
        str(event.correlation_id),
        str(event.causation_id or ""),
    )


def canonical(
    standing: tuple[str, str, str],
    event_id: str,
    stream: str,
    version: int,
    household: str,
    occurred: str,
    recorded: str,
    correlation: str,
    causation: str,
) -> bytes:
    """With the texts of ids and times given: whoever has just read them need not write them anew."""
    what, who, how = standing
    return (
        f'["shouwang/1","{event_id}",{what},{_quoted(stream)},"{version}","{household}",'
        f'"{occurred}","{recorded}",{who},"{correlation}","{causation}",{how}]'
    ).encode()


# What the many events of one caller have in common: it is read, quoted and encoded once.
Standing = tuple[str, str, int, Actor, str, str | None, str]


def standing_of(event: Envelope) -> Standing:
    """What this event has in common with its caller's others of the type."""
    return (
        event.service,
        event.type,
        event.schema_version,
        event.actor,
        event.region,
        event.policy_version,
        event.classification,
    )


@lru_cache(maxsize=4_096)
def quoted_standing(standing: Standing) -> tuple[str, str, str]:
    """For `canonical`: what happened, who did it where, and how it is classified."""
    service, type, schema_version, actor, region, policy_version, classification = standing
    who = (
        *(getattr(actor, name) for name in Actor.__struct_fields__),
        region,
        policy_version or "",
    )
    return (
        f'{_quoted(service)},{_quoted(type)},"{schema_version}"',
        ",".join(map(_quoted, who)),
        _quoted(classification),
    )


def chain_hash(event: Envelope) -> bytes:
    """`sha256(prev_hash ‖ canonical header ‖ data)`, 32 bytes: one chain per stream."""
    return sha256(event.prev_hash + canonical_header(event) + event.data).digest()


def sealed(event: Envelope) -> Envelope:
    """The event with its `hash`, as the next link after its `prev_hash`.

    Writes into the frozen value just made, instead of copying 19 fields: this runs for every event.
    """
    force_setattr(event, "hash", chain_hash(event))
    return event


def chained(event: Envelope, prev_hash: bytes) -> Envelope:
    """A copy of the event as the link after `prev_hash` (32 zero bytes before the first)."""
    return sealed(replace(event, prev_hash=prev_hash))

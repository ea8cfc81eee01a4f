"""What surrounds every event: who, when, where, in which order, and the proof of it.

The payload is the fact; the envelope is its circumstances. On Kafka the envelope is CloudEvents 1.0
in binary mode: `ce_*` headers around the JSON body, so that a reader routes, orders and verifies an
event without parsing it. Nothing here knows a single event type, which is why `audit` can depend on
this module alone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from json.encoder import encode_basestring as _quoted
from typing import Final
from uuid import UUID

ZERO_HASH: Final = bytes(32)
TYPE_PREFIX: Final = "cn.shouwang"
SOURCE_PREFIX: Final = "urn:shouwang:"
SEQUENCE_DIGITS: Final = 19  # an int64, zero-padded: CloudEvents compares `sequence` as a string


class Malformed(ValueError):
    """A message is not an envelope of ours. The text names the attribute, never a value of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who acted, as the credential said it that day; never taken from a request body.

    `person` is a pseudonymous id, `post` a code such as `TOWN_REVIEWER`, `organisation` a name,
    `department` a code such as `yibao`, `region` the digits of the area the actor answers for.
    """

    person: str
    post: str
    organisation: str
    department: str
    region: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
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
        return f"{TYPE_PREFIX}.{self.service}.{self.type}.v{self.schema_version}"


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with exactly six decimals, so that equal times are equal texts."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def canonical_header(event: Envelope) -> bytes:
    """The hashed circumstances: an RFC 8785 JSON array of strings in a fixed order.

    `traceparent` stays out: it serves operators and proves nothing. Written out by hand because it
    runs for every event; a test compares it with `json.dumps`.
    """
    return (
        f'["shouwang/1","{event.event_id}",{_quoted(event.service)},{_quoted(event.type)},'
        f'"{event.schema_version}",{_quoted(event.stream)},"{event.version}",'
        f'"{event.household_id or ""}","{timestamp(event.occurred_at)}",'
        f'"{timestamp(event.recorded_at)}",{_quoted_actor(event.actor)},{_quoted(event.region)},'
        f'{_quoted(event.policy_version or "")},"{event.correlation_id}",'
        f'"{event.causation_id or ""}",{_quoted(event.classification)}]'
    ).encode()


@lru_cache(maxsize=4_096)
def _quoted_actor(actor: Actor) -> str:
    """A caller makes many events, so its five strings are quoted once."""
    return ",".join(_quoted(getattr(actor, field.name)) for field in fields(actor))


def chain_hash(event: Envelope) -> bytes:
    """`sha256(prev_hash ‖ canonical header ‖ data)`, 32 bytes: one chain per stream."""
    return sha256(event.prev_hash + canonical_header(event) + event.data).digest()


def sealed(event: Envelope) -> Envelope:
    """The event with its `hash`, as the next link after its `prev_hash`.

    Writes into the frozen value just made, instead of copying 19 fields: this runs for every event.
    """
    object.__setattr__(event, "hash", chain_hash(event))
    return event


def chained(event: Envelope, prev_hash: bytes) -> Envelope:
    """A copy of the event as the link after `prev_hash` (32 zero bytes before the first)."""
    return sealed(replace(event, prev_hash=prev_hash))


def to_headers(event: Envelope) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0 Kafka binding, binary mode. Absent attributes have no header."""
    actor = event.actor
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": str(event.event_id),
        "ce_source": event.source,
        "ce_type": event.full_type,
        "ce_subject": str(event.household_id or ""),
        "ce_time": timestamp(event.occurred_at),
        "ce_recordedtime": timestamp(event.recorded_at),
        "ce_dataschema": f"urn:shouwang:schema:{event.service}:{event.type}:{event.schema_version}",
        "ce_partitionkey": event.key,
        "ce_sequence": f"{event.version:0{SEQUENCE_DIGITS}d}",
        "ce_stream": event.stream,
        "ce_correlationid": str(event.correlation_id),
        "ce_causationid": str(event.causation_id or ""),
        "ce_actorperson": actor.person,
        "ce_actorpost": actor.post,
        "ce_actororganisation": actor.organisation,
        "ce_actordepartment": actor.department,
        "ce_actorregion": actor.region,
        "ce_region": event.region,
        "ce_policyversion": event.policy_version or "",
        "ce_dataclassification": event.classification,
        "ce_prevhash": event.prev_hash.hex(),
        "ce_hash": event.hash.hex(),
        "traceparent": event.traceparent or "",
        "content-type": "application/json",
    }
    return [(name, value.encode()) for name, value in attributes.items() if value]


def from_headers(headers: Iterable[tuple[str, bytes | None]], data: bytes | None) -> Envelope:
    """Read one Kafka record. Raises `Malformed` for anything `to_headers` would not have written.

    The hash is recomputed: a record whose content was changed on the way is malformed too.
    """
    if data is None:
        raise Malformed("the record has no body")
    found: dict[str, str] = {}
    for name, value in headers:
        if not value or b"\0" in value or name in found:
            raise Malformed("a header is empty, holds NUL, or is there twice")
        try:
            found[name] = value.decode()
        except UnicodeDecodeError as error:
            raise Malformed("a header is not UTF-8") from error
    if found.get("ce_specversion") != "1.0":
        raise Malformed("ce_specversion is not 1.0")
    prefix, service, name, version = _split_type(_required(found, "ce_type"))
    if prefix != TYPE_PREFIX or found.get("ce_source") != SOURCE_PREFIX + service:
        raise Malformed("ce_type and ce_source do not name one service of ours")
    event = Envelope(
        event_id=_uuid(found, "ce_id"),
        service=service,
        type=name,
        schema_version=version,
        stream=_required(found, "ce_stream"),
        version=_sequence(found),
        household_id=_uuid(found, "ce_subject") if "ce_subject" in found else None,
        occurred_at=_time(found, "ce_time"),
        recorded_at=_time(found, "ce_recordedtime"),
        actor=Actor(
            **{field.name: found.get(f"ce_actor{field.name}", "") for field in fields(Actor)}
        ),
        region=_required(found, "ce_region"),
        policy_version=found.get("ce_policyversion"),
        correlation_id=_uuid(found, "ce_correlationid"),
        causation_id=_uuid(found, "ce_causationid") if "ce_causationid" in found else None,
        classification=_required(found, "ce_dataclassification"),
        traceparent=found.get("traceparent"),
        data=data,
        prev_hash=_hash(found, "ce_prevhash"),
        hash=_hash(found, "ce_hash"),
    )
    if chain_hash(event) != event.hash:
        raise Malformed("ce_hash does not match the header and body")
    return event


def _split_type(full: str) -> tuple[str, str, str, int]:
    parts = full.split(".")
    if len(parts) != 5 or not re.fullmatch("v[1-9][0-9]{0,3}", parts[4]):
        raise Malformed("ce_type is not cn.shouwang.<service>.<EventName>.v<major>")
    return ".".join(parts[:2]), parts[2], parts[3], int(parts[4][1:])


def _required(found: dict[str, str], name: str) -> str:
    if name not in found:
        raise Malformed(f"{name} is missing")
    return found[name]


def _uuid(found: dict[str, str], name: str) -> UUID:
    try:
        return UUID(_required(found, name))
    except ValueError as error:
        raise Malformed(f"{name} is not a UUID") from error


def _time(found: dict[str, str], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_required(found, name))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Malformed(f"{name} is not an RFC 3339 time") from error
    raise Malformed(f"{name} has no time zone")


def _sequence(found: dict[str, str]) -> int:
    text = _required(found, "ce_sequence")
    if not re.fullmatch(f"[0-9]{{{SEQUENCE_DIGITS}}}", text) or not 1 <= int(text) < 2**63:
        raise Malformed(f"ce_sequence is not {SEQUENCE_DIGITS} digits of at least 1")
    return int(text)


def _hash(found: dict[str, str], name: str) -> bytes:
    try:
        value = bytes.fromhex(_required(found, name))
    except ValueError as error:
        raise Malformed(f"{name} is not hexadecimal") from error
    if len(value) != 32:
        raise Malformed(f"{name} is not 32 bytes")
    return value

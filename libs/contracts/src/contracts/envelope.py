"""What surrounds every event: who, when, where, in which order, and the proof of it.

The payload is the fact; the envelope is its circumstances. On Kafka the envelope is CloudEvents 1.0
in binary mode: `ce_*` headers around the JSON body, so that a reader routes, orders and verifies an
event without parsing it. Nothing here knows a single event type, which is why `audit` can depend on
this module alone.
"""

import re
from collections.abc import Sequence
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
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def canonical_header(event: Envelope) -> bytes:
    """The hashed circumstances: an RFC 8785 JSON array of strings in a fixed order.

    `traceparent` stays out: it serves operators and proves nothing. Written out by hand because it
    runs for every event; a test compares it with `json.dumps`.
    """
    return _canonical(
        event,
        str(event.event_id),
        str(event.household_id or ""),
        timestamp(event.occurred_at),
        timestamp(event.recorded_at),
        str(event.correlation_id),
        str(event.causation_id or ""),
    )


def _canonical(
    event: Envelope,
    event_id: str,
    household: str,
    occurred: str,
    recorded: str,
    correlation: str,
    causation: str,
) -> bytes:
    """With the texts of ids and times given: whoever has just read them need not write them anew."""
    return (
        f'["shouwang/1","{event_id}",{_quoted(event.service)},{_quoted(event.type)},'
        f'"{event.schema_version}",{_quoted(event.stream)},"{event.version}",'
        f'"{household}","{occurred}","{recorded}",{_quoted_actor(event.actor)},'
        f'{_quoted(event.region)},{_quoted(event.policy_version or "")},"{correlation}",'
        f'"{causation}",{_quoted(event.classification)}]'
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
    household, causation = event.household_id, event.causation_id
    return [
        *_standing_headers(
            event.service,
            event.type,
            event.schema_version,
            event.actor,
            event.region,
            event.policy_version,
            event.classification,
        ),
        ("ce_id", str(event.event_id).encode()),
        *([("ce_subject", str(household).encode())] if household else ()),
        ("ce_time", timestamp(event.occurred_at).encode()),
        ("ce_recordedtime", timestamp(event.recorded_at).encode()),
        ("ce_partitionkey", event.key.encode()),
        ("ce_sequence", f"{event.version:0{SEQUENCE_DIGITS}d}".encode()),
        ("ce_stream", event.stream.encode()),
        ("ce_correlationid", str(event.correlation_id).encode()),
        *([("ce_causationid", str(causation).encode())] if causation else ()),
        ("ce_prevhash", event.prev_hash.hex().encode()),
        ("ce_hash", event.hash.hex().encode()),
        *([("traceparent", event.traceparent.encode())] if event.traceparent else ()),
    ]


@lru_cache(maxsize=4_096)
def _standing_headers(
    service: str,
    type: str,
    schema_version: int,
    actor: Actor,
    region: str,
    policy_version: str | None,
    classification: str,
) -> tuple[tuple[str, bytes], ...]:
    """What many events of one caller have in common, encoded once."""
    attributes = {
        "ce_specversion": "1.0",
        "ce_source": SOURCE_PREFIX + service,
        "ce_type": f"{TYPE_PREFIX}.{service}.{type}.v{schema_version}",
        "ce_dataschema": f"urn:shouwang:schema:{service}:{type}:{schema_version}",
        "ce_actorperson": actor.person,
        "ce_actorpost": actor.post,
        "ce_actororganisation": actor.organisation,
        "ce_actordepartment": actor.department,
        "ce_actorregion": actor.region,
        "ce_region": region,
        "ce_policyversion": policy_version or "",
        "ce_dataclassification": classification,
        "content-type": "application/json",
    }
    return tuple((name, value.encode()) for name, value in attributes.items() if value)


def from_headers(headers: Sequence[tuple[str, bytes | None]], data: bytes | None) -> Envelope:
    """Read one Kafka record. Raises `Malformed` for anything `to_headers` would not have written.

    The hash is recomputed: a record whose content was changed on the way is malformed too.
    """
    if data is None:
        raise Malformed("the record has no body")
    found = _texts(headers)
    if found.get("ce_specversion") != "1.0":
        raise Malformed("ce_specversion is not 1.0")
    service, name, version = _service_and_type(_required(found, "ce_type"))
    if found.get("ce_source") != SOURCE_PREFIX + service:
        raise Malformed("ce_type and ce_source do not name one service of ours")
    household, causation = found.get("ce_subject", ""), found.get("ce_causationid", "")
    event = Envelope(
        event_id=_uuid(found, "ce_id"),
        service=service,
        type=name,
        schema_version=version,
        stream=_required(found, "ce_stream"),
        version=_sequence(found),
        household_id=_uuid(found, "ce_subject") if household else None,
        occurred_at=_time(found, "ce_time"),
        recorded_at=_time(found, "ce_recordedtime"),
        actor=_actor(*[found.get(f"ce_actor{name}", "") for name in _ACTOR]),
        region=_required(found, "ce_region"),
        policy_version=found.get("ce_policyversion"),
        correlation_id=_uuid(found, "ce_correlationid"),
        causation_id=_uuid(found, "ce_causationid") if causation else None,
        classification=_required(found, "ce_dataclassification"),
        traceparent=found.get("traceparent"),
        data=data,
        prev_hash=_hash(found, "ce_prevhash"),
        hash=_hash(found, "ce_hash"),
    )
    header = _canonical(
        event,
        found["ce_id"],
        household,
        found["ce_time"],
        found["ce_recordedtime"],
        found["ce_correlationid"],
        causation,
    )
    if sha256(event.prev_hash + header + data).digest() != event.hash:
        raise Malformed("ce_hash does not match the header and body")
    return event


def _texts(headers: Sequence[tuple[str, bytes | None]]) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        for name, value in headers:
            found[name] = (value or b"").decode()
        whole = b"".join([value or b"" for _, value in headers])
    except UnicodeDecodeError as error:
        raise Malformed("a header is not UTF-8") from error
    if len(found) < len(headers) or not all(found.values()) or b"\0" in whole:
        raise Malformed("a header is empty, holds NUL, or is there twice")
    return found


@lru_cache(maxsize=1_024)
def _service_and_type(full: str) -> tuple[str, str, int]:
    parts = full.split(".")
    if len(parts) != 5 or not re.fullmatch("v[1-9][0-9]{0,3}", parts[4]):
        raise Malformed("ce_type is not cn.shouwang.<service>.<EventName>.v<major>")
    if ".".join(parts[:2]) != TYPE_PREFIX:
        raise Malformed("ce_type and ce_source do not name one service of ours")
    return parts[2], parts[3], int(parts[4][1:])


@lru_cache(maxsize=4_096)
def _actor(*values: str) -> Actor:
    return Actor(**dict(zip(_ACTOR, values, strict=True)))


_ACTOR = [field.name for field in fields(Actor)]
_is_uuid = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
_is_time = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z").fullmatch
_is_sequence = re.compile(f"[0-9]{{{SEQUENCE_DIGITS}}}").fullmatch


def _required(found: dict[str, str], name: str) -> str:
    if name not in found:
        raise Malformed(f"{name} is missing")
    return found[name]


def _uuid(found: dict[str, str], name: str) -> UUID:
    text = _required(found, name)
    if not _is_uuid(text):
        raise Malformed(f"{name} is not a UUID")
    return UUID(text)


def _time(found: dict[str, str], name: str) -> datetime:
    text = _required(found, name)
    if not _is_time(text):
        raise Malformed(f"{name} is not an RFC 3339 time in UTC with six decimals")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed(f"{name} is not a time") from error


def _sequence(found: dict[str, str]) -> int:
    text = _required(found, "ce_sequence")
    if not _is_sequence(text) or not 1 <= int(text) < 2**63:
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

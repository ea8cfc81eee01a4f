"""The envelope on Kafka: CloudEvents 1.0 in binary mode, `ce_*` headers around the JSON body.

A reader routes, orders and verifies an event without parsing it. What is written is canonical, and
nothing else is read.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final
from uuid import UUID

import msgspec

from contracts.envelope import (
    SOURCE_PREFIX,
    TYPE_PREFIX,
    Actor,
    Envelope,
    Standing,
    canonical,
    dataschema,
    full_type,
    quoted_standing,
    standing_of,
    timestamp,
)

SEQUENCE_DIGITS: Final = 19  # an int64, zero-padded: CloudEvents compares `sequence` as a string
LONGEST: Final = 255  # bytes of what readers look events up by: an index takes only so much
# A moment has a business date, and is none of those that a driver of Postgres takes for infinity.
EARLIEST: Final = datetime(1, 1, 2, tzinfo=UTC)
LATEST: Final = datetime(9999, 12, 31, tzinfo=UTC)


class Malformed(ValueError):
    """A message is not an envelope of ours. The text names the attribute, never a value of it."""


def to_headers(event: Envelope) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0 Kafka binding, binary mode. Absent attributes have no header."""
    return headers_of(
        standing_headers(standing_of(event)),
        str(event.event_id),
        str(event.household_id) if event.household_id else None,
        timestamp(event.occurred_at),
        timestamp(event.recorded_at),
        event.version,
        event.stream,
        str(event.correlation_id),
        str(event.causation_id) if event.causation_id else None,
        event.prev_hash.hex(),
        event.hash.hex(),
        event.traceparent,
    )


def headers_of(
    standing: tuple[tuple[str, bytes], ...],
    event_id: str,
    household: str | None,
    occurred: str,
    recorded: str,
    version: int,
    stream: str,
    correlation: str,
    causation: str | None,
    prev_hash: str,
    hash: str,
    traceparent: str | None,
) -> list[tuple[str, bytes]]:
    """`to_headers` with the texts given, as canonical as it would write them: whoever gets them
    from a database need not make values of them first."""
    headers = [
        *standing,
        ("ce_id", event_id.encode()),
        ("ce_time", occurred.encode()),
        ("ce_recordedtime", recorded.encode()),
        ("ce_partitionkey", (household or stream).encode()),
        ("ce_sequence", f"{version:0{SEQUENCE_DIGITS}d}".encode()),
        ("ce_stream", stream.encode()),
        ("ce_correlationid", correlation.encode()),
        ("ce_prevhash", prev_hash.encode()),
        ("ce_hash", hash.encode()),
    ]
    if household:
        headers.append(("ce_subject", household.encode()))
    if causation:
        headers.append(("ce_causationid", causation.encode()))
    if traceparent:
        headers.append(("traceparent", traceparent.encode()))
    return headers


@lru_cache(maxsize=4_096)
def standing_headers(standing: Standing) -> tuple[tuple[str, bytes], ...]:
    """The headers that the many events of one caller have in common."""
    service, type, schema_version, actor, region, policy_version, classification = standing
    attributes = {
        "ce_specversion": "1.0",
        "ce_source": SOURCE_PREFIX + service,
        "ce_type": full_type(service, type, schema_version),
        "ce_dataschema": dataschema(service, type, schema_version),
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
    found = _by_name(headers)
    standing = _read_standing(*map(found.get, _STANDING))
    own = b" ".join([found.get(name, b"") for name in _OWN]).decode()
    if not _are_own(own):
        raise Malformed(_what_is_wrong(found))
    event_id, occurred, recorded, sequence, correlation, prev_hash, own_hash = own.split(" ")
    household = found.get("ce_subject", b"").decode()
    causation = found.get("ce_causationid", b"").decode()
    stream, traceparent = _required(found, "ce_stream"), found.get("traceparent", b"").decode()
    if len(found["ce_stream"]) > LONGEST:
        raise Malformed(f"ce_stream is longer than {LONGEST} bytes")
    if not stream.isprintable():  # it is a line of its own where households and streams are listed
        raise Malformed("ce_stream holds a line break, or what cannot be printed")
    service, name, schema_version, actor, region, policy_version, classification = standing
    event = Envelope(
        event_id=_uuid(f'"{event_id}"'),
        service=service,
        type=name,
        schema_version=schema_version,
        stream=stream,
        version=_version(sequence),
        household_id=_known_uuid("ce_subject", household) if household else None,
        occurred_at=_moment("ce_time", occurred),
        recorded_at=_moment("ce_recordedtime", recorded),
        actor=actor,
        region=region,
        policy_version=policy_version,
        correlation_id=_known_uuid("ce_correlationid", correlation),
        causation_id=_known_uuid("ce_causationid", causation) if causation else None,
        classification=classification,
        traceparent=traceparent or None,
        data=data,
        prev_hash=bytes.fromhex(prev_hash),
        hash=bytes.fromhex(own_hash),
    )
    header = canonical(
        quoted_standing(standing),
        event_id,
        stream,
        event.version,
        household,
        occurred,
        recorded,
        correlation,
        causation,
    )
    if sha256(event.prev_hash + header + data).digest() != event.hash:
        raise Malformed("ce_hash does not match the header and body")
    return event


def _by_name(headers: Sequence[tuple[str, bytes | None]]) -> dict[str, bytes]:
    found = {name: value for name, value in headers if value}
    told = b"\n".join(found.values())  # a line break ends whatever is not UTF-8
    if len(found) < len(headers) or b"\0" in told:
        raise Malformed("a header is empty, holds NUL, or is there twice")
    try:
        told.decode()
    except UnicodeDecodeError as error:
        raise Malformed("a header is not UTF-8") from error
    return found


_ACTOR = Actor.__struct_fields__
_STANDING = (
    "ce_specversion",
    "ce_type",
    "ce_source",
    "ce_region",
    "ce_policyversion",
    "ce_dataclassification",
    *(f"ce_actor{name}" for name in _ACTOR),
)


@lru_cache(maxsize=4_096)
def _read_standing(*values: bytes | None) -> Standing:
    texts = [value.decode() if value else None for value in values]
    specversion, full_type, source, region, policy_version, classification, *actor = texts
    if specversion != "1.0":
        raise Malformed("ce_specversion is not 1.0")
    if full_type is None:
        raise Malformed("ce_type is missing")
    parts = full_type.split(".")
    if len(parts) != 5 or not re.fullmatch("v[1-9][0-9]{0,3}", parts[4]):
        raise Malformed("ce_type is not cn.shouwang.<service>.<EventName>.v<major>")
    service, name = parts[2:4]
    if ".".join(parts[:2]) != TYPE_PREFIX or source != SOURCE_PREFIX + service:
        raise Malformed("ce_type and ce_source do not name one service of ours")
    if region is None:
        raise Malformed("ce_region is missing")
    if classification is None:
        raise Malformed("ce_dataclassification is missing")
    if max(len(full_type.encode()), len(region.encode())) > LONGEST:
        raise Malformed(f"ce_type or ce_region is longer than {LONGEST} bytes")
    told = Actor(**{name: text or "" for name, text in zip(_ACTOR, actor, strict=True)})
    return service, name, int(parts[4][1:]), told, region, policy_version, classification


_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z"
_DIGEST = "[0-9a-f]{64}"
# What each event has of its own: how it must be written, and the same in words.
_OWN = {
    "ce_id": (_UUID, "a UUID"),
    "ce_time": (_TIME, "an RFC 3339 time in UTC with six decimals"),
    "ce_recordedtime": (_TIME, "an RFC 3339 time in UTC with six decimals"),
    "ce_sequence": (f"[0-9]{{{SEQUENCE_DIGITS}}}", f"{SEQUENCE_DIGITS} digits of at least 1"),
    "ce_correlationid": (_UUID, "a UUID"),
    "ce_prevhash": (_DIGEST, "32 bytes in hexadecimal"),
    "ce_hash": (_DIGEST, "32 bytes in hexadecimal"),
}
_are_own = re.compile(" ".join(pattern for pattern, _ in _OWN.values())).fullmatch
_is_uuid = re.compile(_UUID).fullmatch
_uuid = msgspec.json.Decoder(UUID).decode  # six times as fast as `UUID`


def _what_is_wrong(found: dict[str, bytes]) -> str:
    for name, (pattern, words) in _OWN.items():
        if not re.fullmatch(pattern, _required(found, name)):
            return f"{name} is not {words}"
    raise AssertionError("every attribute is as it must be")


def _required(found: dict[str, bytes], name: str) -> str:
    if name not in found:
        raise Malformed(f"{name} is missing")
    return found[name].decode()


@lru_cache(maxsize=65_536)
def _known_uuid(name: str, text: str) -> UUID:
    """Of a household or a request, which many events share."""
    if not _is_uuid(text):
        raise Malformed(f"{name} is not a UUID")
    return _uuid(f'"{text}"')


def _moment(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed(f"{name} is not a time") from error
    if not EARLIEST <= found < LATEST:
        raise Malformed(f"{name} is a time without a business date")
    return found


def _version(digits: str) -> int:
    version = int(digits)
    if not 1 <= version < 2**63:
        raise Malformed(f"ce_sequence is not {_OWN['ce_sequence'][1]}")
    return version

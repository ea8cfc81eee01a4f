"""A record of a foreign topic as the inbox sees it: where it came from, and what is in it.

Reading one raises nothing: a bad message holds up its own household, and no other.
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from common.kafka import Place, Record
from contracts.cloudevents import LONGEST, Malformed, from_headers
from contracts.envelope import Envelope


class Incoming(NamedTuple):
    """A record as it came, and the envelope in it, or why there is none.

    `key` is what it is parked under: its household, its stream, or a name of its place.
    """

    place: Place
    offset: int
    key: str
    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None
    event: Envelope | None
    fault: str | None

    def fingerprint(self) -> bytes:
        """Its offset (8 bytes), and what tells it from every other that could stand there (32)."""
        told = sha256(repr((self.key, list(self.headers), self.value)).encode()).digest()
        return self.offset.to_bytes(8, "big") + told


def incoming(record: Record) -> Incoming:
    """Read a record. A malformed one is parked under its Kafka key, and so holds up that household, unless
    the key is longer than those of households and streams."""
    event, fault, key = None, None, ""
    try:
        event = from_headers(record.headers, record.value)
        key = event.key
        if record.key != key.encode():
            fault = "the key is not ce_partitionkey"
    except Malformed as error:
        fault = f"malformed: {error}"
    except Exception as error:
        fault = f"malformed: {type(error).__name__}"
    if fault:
        place = f"no-key-{record.place.topic}-{record.place.partition}-{record.offset}"
        named = record.key or b""
        key = storable(named.decode(errors="replace")) if len(named) <= LONGEST else ""
        key = key or place
    return Incoming(record.place, record.offset, key, record.headers, record.value, event, fault)


def storable(text: str) -> str:
    """What Postgres takes as text: no NUL, no half of a surrogate pair."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def headers_to_json(headers: Sequence[tuple[str, bytes | None]]) -> str:
    """Headers as they are kept in `es.parked`: pairs of name and hex, in order. A name with NUL, which
    Postgres does not take, is a list with its hex."""
    return json.dumps([[_kept(n), None if value is None else value.hex()] for n, value in headers])


def _kept(name: str) -> str | list[str]:
    return [name.encode().hex()] if "\0" in name else name


def headers_from_json(kept: str) -> list[tuple[str, bytes | None]]:
    """What `headers_to_json` kept, byte for byte."""
    return [(_named(n), None if v is None else bytes.fromhex(v)) for n, v in json.loads(kept)]


def _named(kept: str | list[str]) -> str:
    return kept if isinstance(kept, str) else bytes.fromhex(kept[0]).decode()


def unparked(row: Any) -> Incoming:
    """A row of `es.parked` as the record that it was."""
    headers = headers_from_json(row["headers"])
    place = Place(row["topic"], row["partition"])
    return incoming(Record(place, row["offset"], row["key"].encode(), headers, row["value"]))

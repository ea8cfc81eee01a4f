"""What is sent and what is read. Tuples, since they are made and looked up for every event."""

from collections.abc import Sequence
from typing import NamedTuple


class Message(NamedTuple):
    """What is sent: a topic, a key, headers, a body."""

    topic: str
    key: bytes
    headers: Sequence[tuple[str, bytes]]
    value: bytes


class Place(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class Record(NamedTuple):
    """What is read. `key`, `value` and a header's value may be absent in a foreign message."""

    place: Place
    offset: int
    key: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    value: bytes | None

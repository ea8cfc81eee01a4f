"""Events in a service's name that no service made: to swap, to delay, to spoil and to lose."""

from typing import Any
from uuid import UUID

from msgspec.structs import replace

from common.ids import new_id
from common.testing import envelope
from contracts.cloudevents import to_headers
from contracts.envelope import Envelope, sealed
from tests.chaos.plant import FOREIGN
from tests.chaos.topics import OURS

Sent = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]


def history(length: int, household: UUID | None = None, **changes: Any) -> list[Envelope]:
    """The first events of one stream of one household, of a service that does not run."""
    household = household or new_id()
    place = {"service": FOREIGN, "stream": f"{OURS}{household}", "household_id": household}
    events: list[Envelope] = []
    for version in range(1, length + 1):
        before = events[-1] if events else None
        payload = b'{"n":%d}' % version
        events.append(envelope(payload, prev=before, **{**place, "version": version, **changes}))
    return events


def spoiled(event: Envelope, **changes: Any) -> Envelope:
    """The same place in the same stream with other content, and a hash that fits it."""
    return sealed(replace(event, **changes))


def record(event: Envelope) -> Sent:
    """As it is sent."""
    return event.key.encode(), event.data, to_headers(event)

"""What a service would state of these events, for tests that need no service."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from common import merkle
from common.note import Signer, signer_of
from common.statements import Month, Statement
from common.testing import STATEMENT_KEY
from common.topics import PARTITIONS
from contracts.envelope import Envelope


def entries_of(events: Sequence[Envelope]) -> dict[str, str]:
    """Where the streams of each household end."""
    ends: dict[str, dict[str, Envelope]] = {}
    for event in sorted(events, key=lambda e: e.version):
        ends.setdefault(event.key, {})[event.stream] = event
    return {
        key: f"{key}\n"
        + "".join(f"{name} {e.version} {e.hash.hex()}\n" for name, e in sorted(streams.items()))
        for key, streams in ends.items()
    }


def root_of(entries: Sequence[str]) -> tuple[int, bytes]:
    """How many, and the RFC 6962 root over them, sorted."""
    leaves = [sha256(b"\0" + entry.encode()).digest() for entry in sorted(entries)]
    return len(leaves), merkle.root(merkle.levels(leaves))


def stating(events: Sequence[Envelope], until: datetime, ends: Sequence[int] = ()) -> Statement:
    """What the service that recorded these events states."""
    by_month: dict[str, list[bytes]] = {}
    for event in events:
        by_month.setdefault(f"{event.recorded_at:%Y-%m}", []).append(event.hash)
    months = [
        Month(month, len(hashes), sha256(b"".join(sorted(hashes))).hexdigest())
        for month, hashes in sorted(by_month.items())
    ]
    heads = root_of(list(entries_of(events).values()))
    return Statement(events[0].service, until, heads, list(ends or [0] * PARTITIONS), months)


def signed(statement: Statement, signer: Signer | None = None) -> str:
    """The note; by the key of its service, if not by another."""
    return (signer or signer_of(statement.service, STATEMENT_KEY)).sign(statement.text())

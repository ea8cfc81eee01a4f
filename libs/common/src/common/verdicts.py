"""What is to be done with an event that came: apply it, drop it as a duplicate, or park it, and why."""

from dataclasses import dataclass, field

from common.incoming import Incoming
from contracts.envelope import ZERO_HASH, Envelope

GAP = "gap"
BEHIND = "behind"
FORK = "fork: this version was seen with another hash"

Cursors = dict[tuple[str, str], tuple[int, bytes]]  # of (source, stream): its last version and hash


@dataclass
class Forks:
    """For a consumer that keeps what it heard: which events, of versions before a cursor, are not what it
    kept."""

    found: frozenset[bytes]  # hashes of events that contradict what was kept before this batch
    applied: dict[tuple[str, str, int], bytes] = field(default_factory=dict)  # in this batch

    def has(self, event: Envelope) -> bool:
        """Whether another event was heard under the same version, before this batch or in it."""
        kept = self.applied.get((event.source, event.stream, event.version), event.hash)
        return kept != event.hash or event.hash in self.found


@dataclass
class Seen:
    """What the consumer knows of the streams and keys of one batch; moves on with each verdict."""

    cursors: Cursors
    parked: dict[str, str]  # key → why it is parked: a gap only if nothing else is wrong
    moved: dict[tuple[str, str], Envelope] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)
    forks: Forks | None = None
    duplicates: int = 0

    def verdict(self, item: Incoming) -> str | None:
        """`None` to apply, "" for a duplicate, otherwise the reason to park."""
        why = self.parked.get(item.key)
        if why is not None and why != GAP:
            return BEHIND
        event = item.event
        if event is None or item.fault:
            return item.fault or "malformed"
        version, last = self.cursors.get((event.source, event.stream), (0, ZERO_HASH))
        if event.version <= version:
            if event.version == version and event.hash != last:
                return FORK
            if self.forks and event.version < version and self.forks.has(event):
                return FORK
            self.duplicates += 1
            return ""
        if event.version > version + 1:
            return GAP
        if event.prev_hash != last:
            return "broken chain: prevhash is not the hash of the event before"
        if why == GAP:
            self.released.add(item.key)
        return None

    def park(self, key: str, reason: str) -> None:
        """Something is parked under the key now: whatever comes behind it waits."""
        if reason != GAP or key not in self.parked:
            self.parked[key] = reason

    def advance(self, event: Envelope) -> None:
        """The stream stands at the event now: it was applied."""
        stream = (event.source, event.stream)
        self.cursors[stream] = (event.version, event.hash)
        self.moved[stream] = event
        if self.forks:
            self.forks.applied[(*stream, event.version)] = event.hash

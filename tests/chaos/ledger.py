"""The client's own book: what was asked, and what was acknowledged. Everything is judged by it.

An acknowledgement counts once its line is on the disk. Nothing in here comes from the system under
test but the event id in its answer.
"""

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID


@dataclass
class Entry:
    """One event that was asked for. `key` is what the request is repeated under.

    `amount` is what the client sent with it, so that content can be compared too: fen for a fact.
    """

    key: str
    service: str
    household: UUID
    amount: int = 0
    event_id: UUID | None = None
    attempts: int = 0


@dataclass
class Ledger:
    """The book, in a file."""

    path: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    _lines: list[str] = field(default_factory=list)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    def intend(self, entry: Entry) -> Entry:
        """Before it is sent for the first time."""
        self.entries[entry.key] = entry
        self._lines.append(json.dumps(["asked", entry.key, entry.service, str(entry.household)]))
        return entry

    async def acknowledge(self, answered: dict[str, UUID]) -> None:
        """After the answer: returns when the disk has it. Many callers share one fsync."""
        self._lines += [json.dumps(["kept", key, str(event)]) for key, event in answered.items()]
        await self._written()
        for key, event in answered.items():
            entry = self.entries[key]
            if entry.event_id not in (None, event):
                raise AssertionError(f"{key} was acknowledged as {entry.event_id}, then as {event}")
            entry.event_id = event

    def acknowledged(self) -> Iterator[Entry]:
        """Those that have to be everywhere."""
        return (entry for entry in self.entries.values() if entry.event_id)

    def open(self) -> Iterator[Entry]:
        """Those whose outcome the client does not know."""
        return (entry for entry in self.entries.values() if not entry.event_id)

    async def _written(self) -> None:
        async with self._one:  # whoever waits here finds its lines written, or writes all there are
            if self._lines:
                lines, self._lines = self._lines, []
                await asyncio.to_thread(self._write, "\n".join(lines))

    def _write(self, text: str) -> None:
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())

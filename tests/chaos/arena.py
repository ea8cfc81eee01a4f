"""What a case has at hand: the plant, the callers, the judge, and its own seeded chance."""

import asyncio
import random  # noqa: TID251 — drawn from a seed, so that a run can be repeated
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg

from common.topics import events_topic
from samples import generate
from samples.reading import Json, read_households
from tests.chaos.ledger import Entry, Ledger
from tests.chaos.load import Load
from tests.chaos.oracle import Oracle, Verdict
from tests.chaos.plant import HEARS, NAMES, Plant
from tests.chaos.waiting import Failed, say, until

TOPIC = events_topic("identification")


@dataclass
class Arena:
    """One run's means. `notes` are what a case wants told beside its numbers."""

    plant: Plant
    ledger: Ledger
    load: Load
    oracle: Oracle
    chance: random.Random
    soak: float
    before: str = ""
    notes: list[str] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)
    lost: int = 0  # what a case saw lost of its own events, which are in no ledger

    def note(self, text: str) -> None:
        """Tell something."""
        self.notes.append(text)

    async def recovered(self, since: float, within: float = 60.0) -> float:
        """Seconds from `since` until a new fact and a new visit are acknowledged, in the timeline,
        and taken by every service that hears them, and every service says that it is ready."""
        entries = [self.load.fact(amount=1), self.load.visit()]

        async def through(entry: Entry) -> None:
            request = self.load.request(entry)

            async def kept() -> bool:
                return await self.load.attempt(request)

            await until(kept, "a new request is acknowledged", within)
            assert entry.event_id
            await until(lambda: self._heard(entry.event_id), "it has its effect", within)

        async def ready() -> bool:
            units = [self.plant.units[name] for name in NAMES]
            return all([unit.is_up and await unit.program.ready() is None for unit in units])

        await asyncio.gather(*(through(entry) for entry in entries))
        await until(ready, "every service is ready", within)
        seconds = monotonic() - since
        self.recoveries.append(seconds)
        return seconds

    async def _heard(self, event: UUID | None) -> bool:
        """Whether an event is in the timeline, and every consumer is past its record."""
        try:
            connection = await self.plant.connect("audit")
        except (OSError, asyncpg.PostgresError):
            return False
        try:
            place = await connection.fetchrow(
                'select topic, partition, "offset" from read.timeline where event_id = $1', event
            )
        finally:
            await connection.close()
        if place is None:
            return False
        for service in NAMES:
            if place["topic"] in HEARS[service]:
                taken = await self.plant.fetchval(service, _TAKEN, service, place[0], place[1])
                if taken is None or taken <= place[2]:
                    return False
        return True

    async def tickets(self, service: str) -> int:
        """How many events of a service are not yet known to be on the topic."""
        count: int = await self.plant.fetchval(service, "select count(*) from es.outbox")
        return count

    @asynccontextmanager
    async def locked(self, service: str, table: str, mode: str) -> AsyncIterator[None]:
        """A table locked by somebody else: stops a service at exactly the statement that needs it."""
        connection = await self.plant.connect(service)
        try:
            async with connection.transaction():
                await connection.execute(f"lock table {table} in {mode} mode")
                yield
        finally:
            await connection.close()

    async def blocked(self, service: str, query: str, within: float = 20.0) -> None:
        """Wait until the service's statement that contains `query` waits for a lock."""

        async def seen() -> bool:
            return bool(await self.plant.fetchval(service, _BLOCKED, f"%{query}%"))

        await until(seen, f"{service} stands at {query!r}", within)

    async def audit_hash(self) -> str:
        """One hash over the timelines of all households, as audit tells it."""
        answer = await self.plant.call(
            "supervisor", "GET", "audit", "/v1/timeline/hash", timeout=60
        )
        return str(answer.json()["hash"])

    async def parked(self, service: str) -> list[tuple[str, int, str]]:
        """Key, id and reason of everything that waits for a person."""
        connection = await self.plant.connect(service)
        try:
            rows = await connection.fetch("select key, id, reason from es.parked order by id")
        finally:
            await connection.close()
        return [(row["key"], row["id"], row["reason"]) for row in rows]

    async def given_up(self, service: str) -> int:
        """What a person does with poison: looks at what is parked, and gives it up; how many."""
        parked = await self.parked(service)
        for key, number, _ in parked:
            path = f"/v1/parked/{key}/{number}"
            answer = await self.plant.call("county-office", "DELETE", service, path, timeout=30)
            if answer.status_code != 200:
                raise Failed(f"{service} did not give {key} up: {answer.text[:200]}")
        return len(parked)

    async def unready(self, name: str, sign: str, within: float = 60.0) -> str:
        """Wait until a service says that it is not ready, and why: what it says."""
        said = ""

        async def told() -> bool:
            nonlocal said
            said = await self.plant[name].program.ready() or ""
            return sign in said

        try:
            await until(told, f"{name} says: … {sign} …", within, 0.2)
        except Failed as failed:
            raise Failed(f"{failed}; it says: {said[:300] or 'ready'}") from None
        return said

    async def p99(self, work: Awaitable[Any]) -> float:
        """Seconds: the slowest hundredth of the callers' answers while `work` is done."""
        self.load.waits.clear()
        await work
        waits = self.load.waits
        return statistics.quantiles(waits, n=100)[98] if len(waits) > 100 else max(waits, default=0)


TINY = Path(__file__).parents[2] / "samples" / "tiny"


async def begun(
    plant: Plant, *, seed: int, soak: float = 0, before: str = "", more: int = 250
) -> Arena:
    """The sample town is on the register, and `more` households; nothing is broken yet."""
    ledger = Ledger(plant.home / "ledger.jsonl")
    load = Load(plant, ledger, seed)
    await load.register(await asyncio.to_thread(_households, plant.home / "samples", seed, more))
    return Arena(plant, ledger, load, Oracle(plant, ledger), random.Random(seed), soak, before)


def _households(folder: Path, seed: int, more: int) -> list[Json]:
    households = [*read_households(TINY)]
    if more:
        shape = ["--shape", "county", "--households", str(more), "--towns", "1"]
        generate.main([*shape, "--seed", str(seed), "--out", str(folder)])
        households += read_households(folder)
    return households


Run = Callable[[Arena], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """A failure test. `callers` are at work all the while; none: the case sends itself."""

    number: int
    name: str
    run: Run
    callers: int = 12
    judged: bool = True


CASES: list[Case] = []


def case(number: int, name: str, *, callers: int = 12, judged: bool = True) -> Callable[[Run], Run]:
    """Puts a case on the list."""

    def listed(run: Run) -> Run:
        CASES.append(Case(number, name, run, callers, judged))
        return run

    return listed


@dataclass
class Row:
    """A line of the table."""

    case: Case
    verdict: Verdict
    seconds_to_recover: float | None = None
    failed: str | None = None
    notes: Sequence[str] = ()

    @property
    def good(self) -> bool:
        """Nothing lost, doubled or out of order, and back in service in time."""
        found = self.verdict
        late = self.seconds_to_recover is not None and self.seconds_to_recover >= 10
        lost = found.lost or found.doubled or found.out_of_order
        return not (self.failed or late or lost or self.idle)

    @property
    def idle(self) -> bool:
        """Callers were at work, and nothing was acknowledged: then nothing was tried."""
        return bool(self.case.judged and self.case.callers) and not self.verdict.accepted


async def tried(arena: Arena, case: Case) -> Row:
    """Run a case, let everything come to rest, and judge it."""
    arena.notes, arena.recoveries, arena.lost = [], [], 0
    await arena.plant.whole()
    await arena.plant.settled()
    arena.oracle.begin()
    row = Row(case, Verdict())
    try:
        if case.callers:
            async with arena.load.flowing(case.callers):
                await case.run(arena)
        else:
            await case.run(arena)
    except (Failed, AssertionError) as failed:
        row.failed = str(failed) or repr(failed)
    if arena.recoveries:
        row.seconds_to_recover = max(arena.recoveries)
    try:
        await arena.plant.whole()
        await _resolved(arena)
        await arena.plant.settled()
        if case.judged:
            row.verdict = await arena.oracle.judge()
    except (Failed, AssertionError) as failed:
        row.failed = f"{row.failed or ''} {failed}".strip()
        if case.judged:
            row.verdict = await arena.oracle.judge()
    row.verdict.lost += arena.lost
    row.notes = [*arena.notes, *row.verdict.wrong]
    return row


async def _resolved(arena: Arena) -> None:
    """Every open outcome: all or nothing in the store, and known when the request is repeated."""
    entries = list(arena.ledger.open())
    if not entries:
        return
    stored = await arena.oracle.open_outcomes(entries)
    await arena.load.resolve()
    for entry in entries:
        before = stored[entry.key]
        if before and before != entry.event_id:
            raise Failed(f"{entry.key} was stored as {before}, then answered as {entry.event_id}")
    arena.note(
        f"{len(entries)} requests without an answer: {sum(1 for v in stored.values() if v)} had been "
        f"stored, all known when repeated"
    )


def told(row: Row) -> None:
    """Say how a case ended."""
    found, recovery = row.verdict, row.seconds_to_recover
    say(
        f"    {'ok' if row.good else 'FAILED'}: {found.accepted} accepted, {found.lost} lost, "
        f"{found.doubled} doubled, {found.out_of_order} out of order"
        + (f", back after {recovery:.1f} s" if recovery is not None else "")
    )
    for line in [*([row.failed] if row.failed else []), *row.notes]:
        say(f"      {line}")


_TAKEN = "select next from es.offsets where consumer = $1 and topic = $2 and partition = $3"
_BLOCKED = """
select count(*) from pg_stat_activity where datname = current_database()
    and pid <> pg_backend_pid() and wait_event_type = 'Lock' and query like $1
"""

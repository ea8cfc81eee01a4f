"""Judges a case by the ledger: every acknowledged event is everywhere, once, in order.

What should be there is computed from the ledger alone; what is there is read from the stores, the
topics and the timeline as any outsider could, and never from what the case observed of them.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from common.rows import from_row
from common.topics import PARTITIONS
from contracts.envelope import ZERO_HASH, chain_hash
from tests.chaos.ledger import Entry, Ledger
from tests.chaos.load import DEAR
from tests.chaos.plant import PUBLISHED, Plant

STORES = ("identification", "visits")
NAMED = {"DepartmentFactRecorded": "record_key", "HouseholdVisited": "visit_id"}


@dataclass
class Verdict:
    """Counts of what the client asked for in a case, and everything that is wrong anywhere."""

    accepted: int = 0
    stored: int = 0
    on_topic: int = 0
    projected: int = 0
    in_the_timeline: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    wrong: list[str] = field(default_factory=list)

    def miss(self, what: str, count: int) -> None:
        """So many are missing somewhere; one that is missing twice is lost once."""
        self.lost = max(self.lost, count)
        self._tell(what, count)

    def double(self, what: str, count: int) -> None:
        self.doubled += count
        self._tell(what, count)

    def disorder(self, what: str, count: int) -> None:
        self.out_of_order += count
        self._tell(what, count)

    def _tell(self, what: str, count: int) -> None:
        if count:
            self.wrong.append(f"{count} {what}")


@dataclass
class Oracle:
    """`since` are the keys that were in the ledger before the case began."""

    plant: Plant
    ledger: Ledger
    since: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """From here on, what is asked belongs to the case."""
        self.since = set(self.ledger.entries)

    async def open_outcomes(self, entries: Sequence[Entry]) -> dict[str, UUID | None]:
        """For requests that nobody answered: the event that is stored all the same, if any.

        Raises `AssertionError` where more is stored than one event, or an event without its answer.
        """
        found: dict[str, UUID | None] = {entry.key: None for entry in entries}
        for service in STORES:
            connection = await self.plant.connect(service)
            try:
                async with connection.transaction(isolation="repeatable_read"):
                    answered = set(await _column(connection, "select key from es.idempotency"))
                    named = await _named(connection)
                for name, event, _ in named:
                    if name in found:
                        assert found[name] is None, f"{name} is stored twice"
                        assert name in answered, f"{name} is stored without its answer"
                        found[name] = event
            finally:
                await connection.close()
        return found

    async def judge(self) -> Verdict:
        """Of everything since `begin`, and of the order of everything ever."""
        verdict = Verdict()
        asked = [e for e in self.ledger.acknowledged() if e.key not in self.since]
        verdict.accepted = len(asked)
        ids = {entry.event_id for entry in asked if entry.event_id}
        for service in STORES:
            await self._judge_store(service, asked, verdict)
        await self._judge_topic(ids, verdict)
        await self._judge_timeline(ids, verdict)
        return verdict

    async def _judge_store(self, service: str, asked: Sequence[Entry], verdict: Verdict) -> None:
        mine = {e.key: e for e in asked if e.service == service}
        every = {key for key, e in self.ledger.entries.items() if e.service == service}
        connection = await self.plant.connect(service)
        try:
            named = await _named(connection)
            times = Counter(name for name, _, _ in named)
            ids = {name: event for name, event, _ in named}
            amounts = {name: amount for name, _, amount in named}
            stored = [k for k, e in mine.items() if ids.get(k) == e.event_id]
            verdict.stored += len(stored)
            verdict.miss(f"missing in the store of {service}", len(mine) - len(stored))
            verdict.double(
                f"stored more than once in {service}", sum(n - 1 for n in times.values())
            )
            verdict.double(f"stored in {service} unasked", len(set(times) - every))
            changed = sum(amounts[k] != mine[k].amount for k in stored)
            verdict.miss(f"stored in {service} with another content", changed)
            for what, query in _ORDER.items():
                verdict.disorder(f"{what} in {service}", await connection.fetchval(query))
            await self._judge_chain(service, connection, verdict)
            projected = await _column(connection, _PROJECTED[service])
            there = Counter(projected)
            verdict.projected += sum(1 for key in stored if there[str(_shown(mine[key]))] == 1)
            verdict.miss(
                f"not projected in {service}",
                sum(1 for key in stored if not there[str(_shown(mine[key]))]),
            )
            verdict.double(
                f"projected more than once in {service}", sum(n - 1 for n in there.values())
            )
            if service == "identification":
                await self._judge_rules(connection, verdict)
            parked = await connection.fetchval("select count(*) from es.parked")
            verdict.miss(f"parked in {service}", parked)
        finally:
            await connection.close()

    async def _judge_chain(
        self, service: str, connection: asyncpg.Connection, verdict: Verdict
    ) -> None:
        """Every link, recomputed."""
        last: dict[str, bytes] = {}
        broken = 0
        async with connection.transaction():
            async for row in connection.cursor("select * from es.events order by stream, version"):
                event = from_row(service, row)
                follows = event.prev_hash == last.get(event.stream, ZERO_HASH)
                broken += not (follows and chain_hash(event) == event.hash)
                last[event.stream] = event.hash
        verdict.disorder(f"broken links in {service}", broken)

    async def _judge_rules(self, connection: asyncpg.Connection, verdict: Verdict) -> None:
        """A dear settlement opens a clue about its household, and no fact has its effect twice."""
        dear = {e.household for e in self.ledger.acknowledged() if e.amount == DEAR}
        warned = set(await _column(connection, _WARNED))
        verdict.miss("households without the clue that a rule must open", len(dear - warned))
        again = await connection.fetchval(_TWICE)
        verdict.double("facts from which a rule made more than one clue", again)

    async def _judge_topic(self, ids: set[UUID], verdict: Verdict) -> None:
        before = self.plant.topics.seen.out_of_order
        seen = await self.plant.topics.read(PUBLISHED[:2], PARTITIONS)
        verdict.on_topic = sum(1 for event in ids if str(event) in seen.events)
        verdict.miss("missing on the topic", len(ids) - verdict.on_topic)
        verdict.double(
            "on the topic twice, as two versions", sum(seen.events.values()) - len(seen.events)
        )
        verdict.double("forked on the topic", seen.forked)
        verdict.disorder("out of order on the topic", seen.out_of_order - before)

    async def _judge_timeline(self, ids: set[UUID], verdict: Verdict) -> None:
        connection = await self.plant.connect("audit")
        try:
            there: Counter[Any] = Counter(
                await _column(connection, "select event_id from read.timeline")
            )
            verdict.in_the_timeline = sum(1 for event in ids if there[event] == 1)
            verdict.miss("missing in the timeline", sum(1 for event in ids if not there[event]))
            verdict.double("in the timeline twice", sum(n - 1 for n in there.values()))
            for what, query in _TIMELINE_ORDER.items():
                verdict.disorder(f"{what} in the timeline", await connection.fetchval(query))
            verdict.miss(
                "parked in audit", await connection.fetchval("select count(*) from es.parked")
            )
            rows = await connection.fetch(_FOLDED)
        finally:
            await connection.close()
        told = {row["household_id"]: (row["facts"], row["amount"]) for row in rows}
        expected: dict[UUID, tuple[int, int]] = {}
        for entry in self.ledger.acknowledged():
            if entry.service == "identification":
                facts, amount = expected.get(entry.household, (0, 0))
                expected[entry.household] = (facts + 1, amount + entry.amount)
        differs = sum(told.get(h) != e for h, e in expected.items()) + len(
            set(told) - set(expected)
        )
        verdict.disorder("households whose timeline is not the fold of the ledger", differs)


async def _column(connection: asyncpg.Connection, query: str) -> list[Any]:
    return [row[0] for row in await connection.fetch(query)]


async def _named(connection: asyncpg.Connection) -> list[tuple[str, UUID, int]]:
    """The key that the client gave each of its events, the event's id, and the amount in it."""
    rows = await connection.fetch(
        "select event_id, type, data from es.events where type = any($1::text[])", list(NAMED)
    )
    found = []
    for row in rows:
        data = json.loads(row["data"])
        amount = data.get("values", {}).get("total_fen", 0)
        found.append((str(data[NAMED[row["type"]]]), row["event_id"], amount))
    return found


def _shown(entry: Entry) -> object:
    """What a projection knows the entry by."""
    return entry.key if entry.service == "visits" else entry.event_id


_PROJECTED = {
    "identification": "select event_id::text from read.fact",
    "visits": "select visit_id::text from read.visit",
}
_ORDER = {
    "streams with a hole": """
        select count(*) from (select from es.events group by stream
            having count(*) <> max(version) or min(version) <> 1) as holed
    """,
    "versions that invert positions": """
        select count(*) from (select version - lag(version) over (partition by stream order by position)
            as step from es.events) as steps where step <> 1
    """,
}
_TIMELINE_ORDER = {
    "streams with a hole": """
        select count(*) from (select from read.timeline group by service, stream
            having count(*) <> max(version) or min(version) <> 1) as holed
    """,
    "versions out of order": """
        select count(*) from (select version - lag(version) over (partition by key, service, stream
            order by recorded_at, service, stream, version) as step from read.timeline) as steps
        where step <> 1
    """,
}
_WARNED = (
    "select distinct household_id from es.events where type in ('RiskDetected', 'RiskClueAttached')"
)
_TWICE = """
select count(*) from (select from es.events where type in ('RiskDetected', 'RiskClueAttached')
        and causation_id is not null
    group by causation_id having count(*) > 1) as twice
"""
_FOLDED = """
select household_id, count(*) as facts,
    sum((convert_from(data, 'UTF8')::jsonb -> 'values' ->> 'total_fen')::bigint)::bigint as amount
from read.timeline where stream like 'facts-of-household-%' group by household_id
"""

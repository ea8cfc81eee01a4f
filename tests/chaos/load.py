"""Many callers at once: departments post facts, village staff records visits.

They do as a client should: the same request again, under the same key, until it is answered.
"""

import asyncio
import json
import random  # noqa: TID251 — drawn from a seed, so that a run can be repeated
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID

import httpx

from common.ids import new_id
from samples.reading import Json
from tests.chaos.ledger import Entry, Ledger
from tests.chaos.plant import Plant
from tests.chaos.waiting import Failed

CALLERS = 12
PAUSE = 0.05  # seconds between two requests of one caller
BATCH = 20
SKEW = 1.5  # the busiest of 300 households gets 2 % of the facts, ten times the mean
AGAIN = (0.1, 0.2, 0.5, 1.0)  # seconds until the same request is sent again
NOT_NOW = {409, 429, 502, 503, 504}
DEAR = 4_000_000  # fen: one such settlement is a risk by itself (MEDICAL-OWN-COST)
PATIENCE = 60.0  # seconds in which an open outcome must become known


@dataclass
class Load:
    """`villagers` are households whom staff may visit; `households` are all, by id."""

    plant: Plant
    ledger: Ledger
    seed: int
    households: list[tuple[UUID, str]] = field(default_factory=list)  # id, a member's number
    villagers: list[UUID] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)  # what callers were answered
    waits: list[float] = field(default_factory=list)  # seconds until an answer, for the p99
    replica: bool = False  # whether callers use the second replica of identification too
    _random: random.Random = field(default_factory=random.Random)

    async def register(self, households: Sequence[Json]) -> None:
        """Put households on the register; once for a run."""
        self._random.seed(self.seed)
        for start in range(0, len(households), 50):
            lines = "\n".join(json.dumps(one) for one in households[start : start + 50])
            answer = await self.plant.call(
                "county-office",
                "POST",
                "identification",
                "/v1/households/batch",
                content=lines,
                headers={"Content-Type": "application/x-ndjson"},
                timeout=30,
            )
            # The generator may draw one person for two households; the second is refused.
            for one, item in zip(households[start:], answer.json()["items"], strict=False):
                if item["status"] != "refused":
                    self._take(one)

    def _take(self, one: Json) -> None:
        members: Any = one["members"]
        household = UUID(str(one["household_id"]))
        self.households.append((household, members[0]["identity_number"]))
        if str(one["region"]).startswith("441624108"):
            self.villagers.append(household)

    @asynccontextmanager
    async def flowing(self, callers: int = CALLERS) -> AsyncIterator[None]:
        """Callers at work until the block ends; what they then left open is still open."""
        tasks = [asyncio.create_task(self._calls()) for _ in range(callers)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for one in ended:
            if isinstance(one, Exception):
                raise one

    async def resolve(self) -> int:
        """Repeat every request whose outcome is open, until it is known; how many there were."""
        entries = list(self.ledger.open())
        limit = asyncio.Semaphore(CALLERS)

        async def known(entry: Entry) -> None:
            async with limit, asyncio.timeout(PATIENCE):
                await self.until_answered(self.request(entry))

        await asyncio.gather(*(known(entry) for entry in entries))
        return len(entries)

    def fact(self, household: int | None = None, amount: int | None = None) -> Entry:
        """A new fact about a household, most often one of the first few (they are the busy ones)."""
        if household is None:
            household = int(len(self.households) * self._random.random() ** SKEW)
        if amount is None:
            amount = DEAR if self._random.random() < 0.02 else self._random.randint(1, 99)
        entry = Entry(f"C-{new_id()}", "identification", self.households[household][0], amount)
        return self.ledger.intend(entry)

    def visit(self) -> Entry:
        """A new visit to a household of the town."""
        household = self._random.choice(self.villagers)
        return self.ledger.intend(Entry(str(new_id()), "visits", household))

    def request(self, *entries: Entry) -> "Request":
        """The same bytes whenever it is asked for the same entries."""
        if entries[0].service == "visits":
            return Request(self.plant, entries, "visits")
        numbers = dict(self.households)
        units = ["identification"] + ["identification-2"] * self.replica
        unit = units[self._random.randrange(len(units))]
        return Request(self.plant, entries, unit, numbers)

    async def _calls(self) -> None:
        while True:
            draw = self._random.random()
            if draw < 0.25 and self.villagers:
                entries = [self.visit()]
            else:
                entries = [self.fact() for _ in range(BATCH if draw > 0.93 else 1)]
            await self.until_answered(self.request(*entries))
            await asyncio.sleep(PAUSE)

    async def until_answered(self, request: "Request") -> None:
        """Send it until it is answered."""
        attempt, started = 0, monotonic()
        while not await self.attempt(request):
            await asyncio.sleep(AGAIN[min(attempt, len(AGAIN) - 1)])
            attempt += 1
        self.waits.append(monotonic() - started)

    async def attempt(self, request: "Request") -> bool:
        """Send it once; whether it was answered. Raises `Failed` for a refusal."""
        for entry in request.entries:
            entry.attempts += 1
        try:
            answer = await request.send()
        except httpx.HTTPError as error:
            self.told[type(error).__name__] += 1
            return False
        self.told[str(answer.status_code)] += 1
        if answer.status_code in NOT_NOW:
            return False
        kept = request.kept(answer)
        await self.ledger.acknowledge(kept)
        return len(kept) == len(request.entries)


@dataclass(frozen=True)
class Request:
    """One HTTP request for one visit, one fact, or a batch of facts."""

    plant: Plant
    entries: Sequence[Entry]
    unit: str
    numbers: dict[UUID, str] = field(default_factory=dict)

    async def send(self) -> httpx.Response:
        """Raises what httpx raises."""
        if self.unit == "visits":
            return await self.plant.call(
                "town-pengzhai",
                "POST",
                "visits",
                "/v1/visits",
                headers={"Idempotency-Key": self.entries[0].key},
                json=_visit(self.entries[0]),
            )
        events = [event_of(entry, self.numbers[entry.household]) for entry in self.entries]
        single = len(events) == 1
        kind = "application/cloudevents" + ("" if single else "-batch") + "+json"
        return await self.plant.call(
            "yibao",
            "POST",
            self.unit,
            "/v1/events",
            headers={"Content-Type": kind},
            content=json.dumps(events[0] if single else events),
        )

    def kept(self, answer: httpx.Response) -> dict[str, UUID]:
        """Which keys were acknowledged, with the event's id. Raises `Failed` for a refusal."""
        body: dict[str, Any] = {}
        with suppress(ValueError):
            body = answer.json()
        if answer.status_code not in (200, 201, 207):
            raise Failed(f"{self.unit} refused: {answer.status_code} {answer.text[:300]}")
        if self.unit == "visits":
            return {self.entries[0].key: UUID(body["events"][0]["event_id"])}
        items = body.get("items", [body])
        kept = {}
        for entry, item in zip(self.entries, items, strict=True):
            if "event_id" in item:
                kept[entry.key] = UUID(item["event_id"])
            elif item["problem"]["status"] not in NOT_NOW:
                raise Failed(f"{self.unit} refused an item: {item}")
        return kept


def event_of(entry: Entry, number: str) -> Json:
    """The fact as it is posted, about the person with this identity number."""
    return {
        "specversion": "1.0",
        "id": entry.key,
        "source": "urn:gov:441624:yibao",
        "type": "cn.shouwang.fact.MedicalSettlement.v1",
        "time": "2026-11-02T10:00:00+08:00",
        "data": {
            "record_key": entry.key,
            "identity_number": number,
            "settled_on": "2026-11-01",
            "total_fen": entry.amount,
            "basic_insurance_fen": 0,
            "serious_illness_insurance_fen": 0,
            "medical_assistance_fen": 0,
            "compliant_own_cost_fen": entry.amount,
        },
    }


def _visit(entry: Entry) -> Json:
    return {
        "household_id": str(entry.household),
        "visit_id": entry.key,
        "visited_at": "2026-11-20T10:30:00+08:00",
        "mode": "IN_PERSON_AT_HOME",
        "visitors": [{"person_id": str(entry.household), "post": "TOWN_CADRE"}],
        "purposes": ["ROUTINE"],
        "photo_hashes": [],
    }

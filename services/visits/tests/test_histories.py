"""Whatever becomes of a household, and however late visits hears of it, its duties of every type are those of section
3.4: told once more here, from the whole history at once.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import count, product
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from common.eventstore import record
from common.ids import new_id
from common.incoming import incoming
from common.intents import Connection, Context, Intent, Recorded
from common.policies import Policies
from common.rows import from_row
from common.testing import read_model, record_of
from common.topics import events_topic
from contracts.codes import Category
from contracts.envelope import Envelope
from contracts.visits import ObligationType, VisitMode, VisitorPost, VoidReason
from local.servers import Servers
from services.visits.tests.given import (
    CADRE,
    CONFIRMED,
    POLICY,
    SECRETARY,
    VILLAGE,
    corrected,
    registered,
    told,
    visit,
)
from services.visits.tests.test_leaving import CLOSED, ELIMINATED, REVOKED
from services.visits.tests.test_taking_over import taken_over
from visits.domain.commands import Command, RecordVisit, VoidVisit
from visits.domain.household import VISITS, stream_of
from visits.domain.periods import month_of, period_of, quarter_of
from visits.main import NAME, STORE
from visits.months import open_due
from visits.opening import RULES
from visits.reactions import reacting
from visits.read_model import TABLES

HISTORIES = 150
POOR, GENERAL = Category.FORMERLY_POOR, Category.GENERAL
FIRST_MONTH = ObligationType.QUARTER_FIRST_MONTH_VISIT
POLICIES = Policies(
    (replace(POLICY, effective_from=date(2020, 1, 1), published_on=date(2020, 1, 1)),)
)
SHANGHAI = ZoneInfo("Asia/Shanghai")
STARTS = (
    date(2022, 12, 9),
    date(2023, 1, 20),
    date(2024, 2, 1),
    date(2024, 3, 31),
    date(2024, 4, 4),
)

Kind = Literal["turn", "take over", "category", "hear", "month", "visit", "void"]


@dataclass(frozen=True)
class Step:
    """Some days after the one before, something happens, as of some days ago."""

    kind: Kind
    wait: int
    ago: int
    pick: int  # which of several


STEPS = st.builds(
    Step,
    kind=st.sampled_from(
        (
            "turn",
            "turn",
            "take over",
            "category",
            "hear",
            "month",
            *["visit"] * 4,
            "void",
            "category",
        )
    ),
    wait=st.sampled_from((0, 0, 1, 2, 3, 5, 8, 13, 21, 40)),
    ago=st.sampled_from((0, 0, 1, 2, 4, 7, 15, 30)),
    pick=st.integers(0, 5),
)


@pytest.fixture
async def connection(servers: Servers) -> AsyncIterator[Connection]:
    """A database of visits with nothing in it."""
    async with read_model(servers.postgres, NAME, TABLES) as pool, pool.acquire() as made:
        yield made


class Told:
    """One household: what happened, and what visits was told of it so far."""

    def __init__(self, connection: Connection, start: date, category: Category) -> None:
        self._connection, self._handle = connection, reacting(STORE, POLICIES)
        self._offsets = count()
        on = start - timedelta(days=10)
        self._last = registered(category, on, recorded_at=_at(on, 12))
        self.poor: list[tuple[date, date | None]] = [(on, None)] if category is POOR else []
        self._waiting, self._heard_itself = [self._last], 0
        self.today = self._turned_on = start
        self.stretches = list[tuple[date, date | None]]()
        self.visits = dict[UUID, RecordVisit]()
        assert self._last.household_id
        self.household = self._last.household_id

    async def take(self, step: Step) -> None:
        self.today += timedelta(days=step.wait)
        on = max(self.today - timedelta(days=step.ago), self._turned_on)
        monitored = bool(self.stretches and self.stretches[-1][1] is None)
        match step.kind:
            case "turn" if monitored:
                ends = (replace(ELIMINATED, eliminated_on=on), replace(CLOSED, closed_on=on))
                self._turn(ends[step.pick % 2], on)
                self.stretches = [(since, end or on) for since, end in self.stretches]
            case "turn":
                revoked = replace(REVOKED, revoked_on=on)
                self._turn(revoked if self.stretches else replace(CONFIRMED, confirmed_on=on), on)
                self.stretches.append((on, None))
            case "take over":
                since = on - timedelta(days=step.pick * 5)
                over = replace(taken_over(since), from_household_id=new_id())
                self._turn(over, on)
                self.stretches.append((max(since, on.replace(day=1)), None))
            case "category" if self.poor and self.poor[-1][1] is None:
                self._turn(corrected(GENERAL, on), on)
                self.poor = [(since, end or on) for since, end in self.poor]
            case "category":
                self._turn(corrected(POOR, on), on)
                self.poor.append((on, None))
            case "hear":
                await self.hear()
            case "month":
                await self.month()
            case "visit":
                await self._go(self.today - timedelta(days=step.ago), step.pick)
            case "void":
                await self._void(step.pick)

    def _turn(self, payload: Any, on: date) -> None:
        self._turned_on = on
        self._last = told(payload, self._last, occurred_at=_at(on, 12))
        self._waiting.append(self._last)

    async def hear(self) -> None:
        """All that identification and visits said since."""
        rows = await self._connection.fetch(
            "select * from es.events where stream = $1 and version > $2 order by version",
            stream_of(self.household),
            self._heard_itself,
        )
        said = [from_row("visits", row) for row in rows]
        self._heard_itself += len(said)
        events: list[Envelope] = [*self._waiting, *said]
        self._waiting = []
        places = [record_of(e, events_topic(e.service), next(self._offsets)) for e in events]
        await self._handle(self._connection, [incoming(place) for place in places])

    async def month(self) -> None:
        """Visits looks at the date."""
        while await open_due(self._connection, STORE, POLICIES, self.today):
            pass

    async def _go(self, day: date, pick: int) -> None:
        mode = VisitMode.PHONE if pick == 0 else VisitMode.IN_PERSON_AT_HOME
        at = _at(day, (0, 12, 23)[pick % 3])
        who = SECRETARY if pick > 2 else CADRE
        command = visit(
            at.isoformat(), visit_id=new_id(), mode=mode, policy=POLICY, visitors=(who,)
        )
        command = replace(command, household_id=self.household, now=_at(self.today, 23))
        self.visits[command.visit_id] = command
        await self._ask(command)

    async def _void(self, pick: int) -> None:
        if not self.visits:
            return
        id_ = list(self.visits)[pick % len(self.visits)]
        del self.visits[id_]
        await self._ask(
            VoidVisit(
                household_id=self.household,
                visit_id=id_,
                reason=VoidReason.FABRICATED,
                requested_by=UUID(int=12),
                by="town",
                today=self.today,
            )
        )

    async def _ask(self, command: Command) -> None:
        context = Context(
            actor=RULES, region=VILLAGE, occurred_at=_at(self.today, 23), correlation_id=new_id()
        )
        intent = Intent(
            stream=stream_of(self.household),
            household_id=self.household,
            decider=VISITS,
            command=command,
            context=context,
        )
        (outcome,) = await record(self._connection, STORE, [intent])
        assert isinstance(outcome, Recorded)

    async def found(self) -> dict[tuple[ObligationType, date], tuple[str, UUID | None]]:
        """The duties by type and period."""
        rows = await self._connection.fetch("select * from read.obligation")
        return {
            (ObligationType[row["obligation"]], row["period_from"]): (
                row["status"],
                row["fulfilled_by"],
            )
            for row in rows
        }


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), SHANGHAI)


def allowed(said: Told, kind: ObligationType, first: date, last: date) -> set[str]:
    """How the duty of a period may stand, in the words of 3.4 and A29; "NONE": there is none."""
    least = POLICY.least_days(kind)
    counting = [v.visited_on for v in said.visits.values() if _counts(v, kind)]
    went = {day for day in counting if first <= day <= last}
    spells = [
        (max(since, first), left_on)
        for since, left_on in said.stretches
        if since <= last and (left_on is None or left_on > first)
    ]
    days = {d for d in _days(first, last) if any(_within(d, *spell) for spell in said.stretches)}
    poor = [one for one in said.poor if kind is FIRST_MONTH and _within(first, *one)]
    still = bool(poor) and any(_within(last, *one) for one in said.poor)
    if still or (last in days and len(days) >= least):
        return {"FULFILLED"} if went else {"OPEN"}
    if not went:
        return {"NONE", "CANCELLED"}
    # It left; it had the duty if it would have been there on enough days, or as a 脱贫户.
    if any(left_on and min(went) <= left_on for _, left_on in poor):
        return {"FULFILLED"}
    for since, left_on in spells:
        before = {d for d in days if d < since}
        due = len(before) + (last - since).days + 1 >= least
        if due and left_on and min(went) <= left_on:
            return {"FULFILLED"}
    return {"NONE", "CANCELLED", "FULFILLED"}


def _counts(command: RecordVisit, kind: ObligationType) -> bool:
    secretary = any(v.post is VisitorPost.TOWN_PARTY_SECRETARY for v in command.visitors)
    alone = kind is ObligationType.SECRETARY_QUARTERLY_VISIT
    return command.mode is VisitMode.IN_PERSON_AT_HOME and (secretary or not alone)


def _within(day: date, since: date, left_on: date | None) -> bool:
    return since <= day and (left_on is None or day < left_on)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def histories() -> list[tuple[date, Category, list[Step]]]:
    """As many as are tried."""
    found = list[tuple[date, Category, list[Step]]]()

    @settings(
        max_examples=HISTORIES, deadline=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        st.sampled_from(STARTS),
        st.sampled_from((GENERAL, POOR)),
        st.lists(STEPS, min_size=4, max_size=25),
    )
    def draw(start: date, category: Category, steps: list[Step]) -> None:
        found.append((start, category, steps))

    draw()
    return found


async def test_the_duties_of_a_household_are_those_of_its_days_and_visits_in_whatever_order_told(
    connection: Connection,
) -> None:
    seen = set[tuple[ObligationType, str]]()
    for start, category, steps in histories():
        transaction = connection.transaction()
        await transaction.start()
        said = Told(connection, start, category)
        for step in steps:
            await said.take(step)
        await said.hear()
        await said.month()
        await said.hear()
        found, month = await said.found(), quarter_of(start)[0]
        while month <= said.today:
            for kind in ObligationType:
                first, last = period_of(kind, month) or (None, None)
                if first == month and last:
                    status, by = found.get((kind, first), ("NONE", None))
                    told = (kind, first, found, said.stretches, said.poor, steps)
                    assert status in allowed(said, kind, first, last), told
                    if by:
                        made = said.visits[by]
                        assert first <= made.visited_on <= last
                        assert _counts(made, kind)
                    seen.add((kind, status))
            month = month_of(month)[1] + timedelta(days=1)
        await transaction.rollback()
    assert seen == set(product(ObligationType, ("NONE", "OPEN", "FULFILLED", "CANCELLED")))

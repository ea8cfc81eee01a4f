"""S2-03: who is on a focus list is screened each quarter, and it is seen who was not yet."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest

from common.ids import new_id
from common.intents import Connection
from common.service import Runtime
from common.testing import envelope, eventually
from contracts.envelope import Envelope
from contracts.focus import (
    FocusBasis,
    FocusGroup,
    FocusGroupTagged,
    FocusGroupUntagged,
    Untagging,
)
from contracts.persons import ProcessingRestricted, RestrictionLifted, RestrictionReason
from services.visits.tests.given import HOUSEHOLD_ID, NOW, registered, told
from services.visits.tests.test_api import Desk, problem, recorded
from services.visits.tests.test_api import desk as desk
from services.visits.tests.test_screenings import form, pages, post
from visits import figures
from visits.reactions import learn

PERSON = UUID(int=71)
VILLAGES = count(100)


def tagged(
    group: FocusGroup, person_id: UUID | None = PERSON, since: date = date(2024, 3, 1)
) -> FocusGroupTagged:
    return FocusGroupTagged(
        household_id=HOUSEHOLD_ID,
        group=group,
        person_id=person_id,
        since=since,
        basis=FocusBasis.FACT,
        evidence_event_ids=[UUID(int=72)],
        rule_id="FOCUS",
        rule_version=1,
        tagged_on=date(2024, 3, 2),
    )


def untagged(group: FocusGroup, person_id: UUID | None = PERSON) -> FocusGroupUntagged:
    return FocusGroupUntagged(
        household_id=HOUSEHOLD_ID,
        group=group,
        person_id=person_id,
        reason=Untagging.ENDED,
        untagged_on=date(2024, 4, 2),
    )


LOW_INCOME = tagged(FocusGroup.LOW_INCOME, None)
ILL = tagged(FocusGroup.SEVERE_ILLNESS)


@dataclass
class Town:
    """A town of its own, so that its lists are those of the test."""

    desk: Desk
    region: str = field(default_factory=lambda: f"441624123{next(VILLAGES)}")

    async def household(self, *payloads: Any) -> Envelope:
        """One of which identification said this, in order; the last event."""
        last = registered(region=self.region)
        said = [last]
        for payload in payloads:
            said.append(last := told(payload, last))
        await self.desk.tell(*said)
        return last

    async def further(self, last: Envelope, *payloads: Any) -> Envelope:
        for payload in payloads:
            last = told(payload, last)
            await self.desk.tell(last)
        return last

    async def listed(self, **filters: Any) -> dict[str, list[str]]:
        """The groups by household."""
        answer = await self.desk.get("/v1/screenings/focus", region=self.region, **filters)
        assert answer.status_code == 200, answer.text
        return {row["household_id"]: row["groups"] for row in answer.json()}

    async def since(self) -> list[str]:
        """Since when each household is listed."""
        answer = await self.desk.get("/v1/screenings/focus", region=self.region)
        return [row["since"] for row in answer.json()]

    async def shows(self, *households: Envelope) -> None:
        """Wait until the list is these households."""

        async def so() -> bool:
            return set(await self.listed()) == {str(h.household_id) for h in households}

        await eventually(so)

    async def screened(self, household: Envelope, day: str) -> None:
        sent = form(household, screened_on=day)
        assert recorded(await post(self.desk, sent, region=self.region))

    async def shares(self) -> tuple[int, int, int]:
        answer = await self.desk.get("/v1/screenings/coverage", region=self.region)
        told = answer.json()
        names = ("focus_households", "focus_screened", "focus_still_to_be_screened")
        return tuple(told[name] for name in names)


@pytest.fixture
def town(desk: Desk) -> Town:
    return Town(desk)


async def test_S203_of_the_focus_lists_it_is_seen_who_is_still_to_be_screened(town: Town) -> None:
    one, two = await town.household(LOW_INCOME, ILL), await town.household(ILL)
    await town.household()
    await town.shows(one, two)
    assert await town.shares() == (2, 0, 2)
    await town.screened(two, "2024-03-31")
    assert await town.shares() == (2, 0, 2), "that was the quarter before"
    await town.screened(one, "2024-04-01")
    await town.screened(one, "2024-04-02")
    assert await town.shares() == (2, 1, 1)
    assert await town.listed(screened="false") == {str(two.household_id): ["SEVERE_ILLNESS"]}
    assert await town.listed(screened="true") == {
        str(one.household_id): ["LOW_INCOME", "SEVERE_ILLNESS"]
    }
    (row,) = (
        await town.desk.get("/v1/screenings/focus", region=town.region, screened="true")
    ).json()
    assert (row["screened_on"], row["region"]) == ("2024-04-02", town.region)
    assert set(await town.listed(group="LOW_INCOME")) == {str(one.household_id)}
    assert await town.listed(group="ORPHAN") == {}
    by_pages = await pages(town.desk, "/v1/screenings/focus?limit=1", town.region)
    assert [row["household_id"] for row in by_pages] == sorted(
        str(home.household_id) for home in (one, two)
    )


async def test_S203_a_group_that_holds_no_longer_is_left_and_another_stays(town: Town) -> None:
    other = tagged(FocusGroup.SEVERE_ILLNESS, UUID(int=73))
    one = await town.household(ILL, other, LOW_INCOME, untagged(FocusGroup.LOW_INCOME, None))
    await town.shows(one)
    assert await town.listed() == {str(one.household_id): ["SEVERE_ILLNESS"]}
    one = await town.further(one, untagged(FocusGroup.SEVERE_ILLNESS))
    two = await town.household(ILL)
    await town.shows(one, two)
    await town.further(one, untagged(FocusGroup.SEVERE_ILLNESS, UUID(int=73)))
    await town.shows(two)


async def test_S203_a_person_whose_data_may_not_be_used_puts_no_household_on_a_list(
    town: Town,
) -> None:
    person = new_id()
    restricted = ProcessingRestricted(
        household_id=HOUSEHOLD_ID,
        person_id=person,
        reason=RestrictionReason.CONTESTED,
        restricted_on=date(2024, 4, 1),
    )
    lifted = RestrictionLifted(
        household_id=HOUSEHOLD_ID, person_id=person, lifted_on=date(2024, 4, 2)
    )
    earlier = date(2024, 2, 1)
    one = await town.household(tagged(FocusGroup.SEVERE_ILLNESS, person, earlier))
    await town.shows(one)
    assert await town.since() == ["2024-02-01"]
    one = await town.further(one, restricted)
    await town.shows()
    assert await town.shares() == (0, 0, 0)
    one = await town.further(one, LOW_INCOME)
    await town.shows(one)
    assert await town.listed() == {str(one.household_id): ["LOW_INCOME"]}
    assert await town.since() == ["2024-03-01"]
    await town.further(one, lifted)

    async def both() -> bool:
        return (await town.listed())[str(one.household_id)] == ["LOW_INCOME", "SEVERE_ILLNESS"]

    await eventually(both)
    assert await town.since() == ["2024-02-01"]


async def test_of_a_person_who_moved_the_word_that_was_recorded_last_counts(
    connection: Connection,
) -> None:
    """The records of two households come from two partitions, in any order."""
    person, day = new_id(), date(2024, 4, 1)
    restricted = ProcessingRestricted(
        household_id=new_id(),
        person_id=person,
        reason=RestrictionReason.CONTESTED,
        restricted_on=day,
    )
    lifted = RestrictionLifted(household_id=new_id(), person_id=person, lifted_on=day)
    before = envelope(restricted, recorded_at=NOW)
    after = envelope(lifted, recorded_at=NOW + timedelta(seconds=1))
    exists = "select exists (select from read.restricted where person_id = $1)"
    for told_together in ([(after, lifted), (before, restricted)], [(before, restricted)]):
        await learn(connection, told_together)
        assert not await connection.fetchval(exists, person)
    again = envelope(restricted, recorded_at=NOW + timedelta(seconds=2))
    for one in ((again, restricted), (after, lifted)):
        await learn(connection, [one])
        assert await connection.fetchval(exists, person)


async def test_S203_the_figures_tell_how_many_of_them_are_still_to_be_screened(
    town: Town, runtime: Runtime
) -> None:
    async def measured() -> tuple[float, float]:
        await figures.measure(runtime.pool, runtime.clock.today())
        text = (await town.desk.client.get("/metrics")).text
        told = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
        return (
            float(told["shouwang_screened_focus_households"]),
            float(told["shouwang_unscreened_focus_households"]),
        )

    screened, waiting = await measured()
    one = await town.household(ILL)
    await town.shows(one)
    assert await measured() == (screened, waiting + 1)
    await town.screened(one, "2024-04-20")
    assert await measured() == (screened + 1, waiting)


@pytest.mark.parametrize(
    ("filters", "status", "code"),
    [
        ({"on": "2024-04-01"}, 400, "unknown-filter"),
        ({"group": "RICH"}, 422, "invalid"),
        ({"screened": "perhaps"}, 422, "invalid"),
        ({"limit": 501}, 422, "invalid"),
        ({"cursor": "next"}, 422, "invalid"),
        ({"region": "441624109"}, 403, "outside-region"),
    ],
)
async def test_filters_of_the_focus_lists_fail_closed(
    desk: Desk, filters: dict[str, Any], status: int, code: str
) -> None:
    headers = desk.bearer("visits:read")
    answer = await desk.client.get("/v1/screenings/focus", params=filters, headers=headers)
    assert (answer.status_code, problem(answer)["code"]) == (status, code)
    nobody = await desk.get("/v1/screenings/focus", region="")
    assert (nobody.status_code, problem(nobody)["code"]) == (403, "outside-region")

"""Commands and events of one household, for tests to pick from: confirmed in 聚村 in April 2024."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from common.clock import business_date
from common.ids import new_id
from common.intents import Intent
from common.policies import Policies
from common.testing import envelope
from contracts.codes import (
    Category,
    CategoryReason,
    Health,
    HousingGrade,
    LabourCapacity,
    MonitoredClass,
    Relation,
    RiskType,
    Schooling,
    Sex,
)
from contracts.envelope import Envelope
from contracts.episodes import MonitoringConfirmed
from contracts.households import CategoryCorrected, HouseholdRegistered, HouseholdRelocated, Member
from contracts.visits import (
    Difficulty,
    HouseholdScreened,
    HouseholdVisited,
    ObligationFulfilled,
    ObligationOpened,
    ObligationType,
    VisitMode,
    Visitor,
    VisitorPost,
    VisitPurpose,
)
from visits.domain.commands import OpenObligation, RecordScreening, RecordVisit
from visits.domain.policy import Policy
from visits.domain.population import Population, came
from visits.mergers import Visits
from visits.reactions import asked_by
from visits.turns import turn_of

Tell = Callable[..., Awaitable[None]]  # publishes envelopes on identification's topic

HOUSEHOLD_ID = UUID(int=1)
DUTY = UUID(int=2)
VILLAGE = "441624108201"
NOW = datetime(2024, 4, 30, 9, 0, tzinfo=UTC)
POLICY = Policy(
    version="44-16-24/2024/1",
    region="441624",
    effective_from=date(2024, 1, 1),
    effective_to=None,
    published_on=date(2024, 1, 1),
)
POLICIES = Policies((POLICY,))
MONTHLY = ObligationType.MONTHLY_VISIT
SECRETARY = Visitor(person_id=UUID(int=13), post=VisitorPost.TOWN_PARTY_SECRETARY)
CADRE = Visitor(person_id=UUID(int=11), post=VisitorPost.VILLAGE_CADRE)

OPEN = OpenObligation(
    household_id=HOUSEHOLD_ID,
    obligation_id=DUTY,
    since=date(2024, 4, 8),
    responsible_region=VILLAGE,
    policy=POLICY,
)
OPENED = ObligationOpened(
    household_id=HOUSEHOLD_ID,
    obligation_id=DUTY,
    obligation=ObligationType.MONTHLY_VISIT,
    responsible_region=VILLAGE,
    period_from=date(2024, 4, 1),
    period_to=date(2024, 4, 30),
    due_on=date(2024, 4, 30),
)
CONFIRMED = MonitoringConfirmed(
    household_id=HOUSEHOLD_ID,
    episode_id=UUID(int=5),
    episode_no=1,
    monitored_class=MonitoredClass.MARGINAL,
    risk_types=[RiskType.ILLNESS],
    labour_household=True,
    assessment_id=UUID(int=6),
    discovered_on=date(2024, 4, 1),
    confirmed_on=date(2024, 4, 8),
    elapsed_days=7,
    late=False,
    late_reason=None,
)
MOVED = HouseholdRelocated(
    household_id=HOUSEHOLD_ID,
    from_region=VILLAGE,
    to_region="441624109201",
    effective_on=date(2024, 4, 15),
    inside_county=True,
    commitments=[],
    handover_hash=None,
)
SCREENED = HouseholdScreened(
    household_id=HOUSEHOLD_ID,
    screening_id=UUID(int=31),
    visit_id=None,
    screened_on=date(2024, 4, 12),
    disposable_fen=4_320_000,
    dropouts=0,
    uninsured=1,
    housing_grade=HousingGrade.B,
    water_safe=True,
    rigid_expenditure_fen=1_800_000,
    industry=Difficulty.NONE,
    employment=Difficulty.POTENTIAL,
    medical_care=Difficulty.BOTH,
    suspected_risks=[RiskType.ILLNESS],
)


def screening(**changes: Any) -> RecordScreening:
    """To record the screening of 12 April, uploaded at the end of the month."""
    return RecordScreening(screened=replace(SCREENED, **changes), today=business_date(NOW))


def visit(at: str = "2024-04-12T10:00:00+08:00", number: int = 21, **changes: Any) -> RecordVisit:
    """To record a cadre's routine visit at home."""
    visited_at = datetime.fromisoformat(at)
    command = RecordVisit(
        household_id=HOUSEHOLD_ID,
        visit_id=UUID(int=number),
        visited_at=visited_at.astimezone(UTC),
        visited_on=business_date(visited_at),
        mode=VisitMode.IN_PERSON_AT_HOME,
        visitors=(CADRE,),
        purposes=(VisitPurpose.ROUTINE,),
        photo_hashes=(),
        policy=POLICY,
        now=NOW,
        today=business_date(NOW),
    )
    return replace(command, **changes)


def visited(command: RecordVisit, *, backfilled: bool = False) -> HouseholdVisited:
    """What is recorded of it."""
    return HouseholdVisited(
        household_id=command.household_id,
        visit_id=command.visit_id,
        visited_at=command.visited_at,
        visited_on=command.visited_on,
        mode=command.mode,
        visitors=list(command.visitors),
        purposes=list(command.purposes),
        photo_hashes=list(command.photo_hashes),
        backfilled=backfilled,
    )


def fulfilled(command: RecordVisit, opened: ObligationOpened = OPENED) -> ObligationFulfilled:
    """That it answered the duty."""
    return ObligationFulfilled(
        household_id=command.household_id,
        obligation_id=opened.obligation_id,
        obligation=opened.obligation,
        period_from=opened.period_from,
        fulfilled_by=command.visit_id,
        fulfilled_on=command.visited_on,
    )


def corrected(to: Category, on: date) -> CategoryCorrected:
    """The household is now of this category, and was of the other."""
    poor, general = Category.FORMERLY_POOR, Category.GENERAL
    return CategoryCorrected(
        household_id=HOUSEHOLD_ID,
        from_category=general if to is poor else poor,
        to_category=to,
        marginal_2019=False,
        reason=CategoryReason.PROVINCIAL_LIST,
        document_hash="0" * 64,
        corrected_on=on,
    )


def registered(
    category: Category = Category.GENERAL, on: date = date(2024, 3, 1), **changes: Any
) -> Envelope:
    """Identification's first event of a household of its own."""
    household_id = new_id()
    head = Member(
        person_id=new_id(),
        commitment="0" * 64,
        relation=Relation.HEAD,
        sex=Sex.MALE,
        born_on=date(1970, 5, 1),
        labour_capacity=LabourCapacity.ORDINARY,
        health=Health.HEALTHY,
        schooling=Schooling.NOT_IN_SCHOOL,
    )
    payload = HouseholdRegistered(
        household_id=household_id,
        register_number="HP-0001",
        category=category,
        marginal_2019=False,
        region=changes.get("region", VILLAGE),
        co_living_count=1,
        members=[head],
        registered_on=on,
    )
    stream = f"household-{household_id}"
    return envelope(payload, household_id=household_id, stream=stream, **changes)


def confirmed(before: Envelope, on: date = CONFIRMED.confirmed_on, **changes: Any) -> Envelope:
    """Identification's next event: the household is monitored."""
    assert before.household_id
    payload = replace(CONFIRMED, household_id=before.household_id, confirmed_on=on)
    return envelope(payload, prev=before, region=before.region, **changes)


def told(payload: Any, before: Envelope, **changes: Any) -> Envelope:
    """Identification's next event of the household, whatever it says."""
    assert before.household_id
    payload = replace(payload, household_id=before.household_id)
    return envelope(payload, prev=before, region=before.region, **changes)


def asked(
    cause: Envelope,
    payload: Any,
    visits: Visits | None = None,
    kind: ObligationType = MONTHLY,
) -> Intent:
    """What an event asks of a household of which nothing was heard before, for a type of duty."""
    turn = turn_of(cause, payload)
    assert turn
    after = Population(came((), turn.day)) if turn.enters else Population()
    found = asked_by(cause, payload, POLICIES, after, visits)
    return next(one for one in found if one.command.obligation in (kind, None))

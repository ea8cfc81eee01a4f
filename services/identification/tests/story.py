"""Events and commands of one household, for tests to pick from: a 脱贫户 of four in 聚村."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from common.decider import Refused
from contracts.codes import (
    Category,
    Channel,
    Health,
    HousingGrade,
    LabourCapacity,
    MonitoredClass,
    Relation,
    RiskType,
    Schooling,
    Severity,
    Sex,
)
from contracts.episodes import RejectionReason
from contracts.households import HouseholdRegistered, Member
from contracts.identification import HouseholdEvent
from identification.domain.assessments import Seen
from identification.domain.commands import (
    ApproveByTown,
    Command,
    CompletePublicity,
    ConfirmMonitoring,
    HoldVillageReview,
    PostPublicity,
    RejectClue,
    ReportRisk,
    StartVerification,
    VerifyHousehold,
)
from identification.domain.household import HOUSEHOLD
from identification.domain.income import Income
from identification.domain.policy import Policy
from identification.domain.states import Household

TODAY = date(2024, 4, 30)
HASH = "0" * 64
POLICY = Policy(
    version="44-16-24/2024/1",
    region="441624",
    effective_from=date(2024, 1, 1),
    effective_to=None,
    published_on=date(2024, 1, 1),
    income_line_fen=1_080_000,
    income_line_operator="LTE",
    deadline_days=15,
    publicity_min_days=5,
    min_officers=2,
    medical_threshold_fen=1_000_000,
    medical_threshold_general_fen=3_000_000,
    clue_dedupe_days=30,
)


def member(number: int, relation: Relation = Relation.HEAD, **change: Any) -> Member:
    base = Member(
        person_id=UUID(int=number),
        commitment=HASH,
        relation=relation,
        sex=Sex.MALE,
        born_on=date(1970, 1, number),
        labour_capacity=LabourCapacity.ORDINARY,
        health=Health.HEALTHY,
        schooling=Schooling.NOT_IN_SCHOOL,
    )
    return replace(base, **change)


REGISTERED = HouseholdRegistered(
    household_id=UUID(int=99),
    register_number="PZ-0001",
    category=Category.FORMERLY_POOR,
    marginal_2019=False,
    region="441624108201",
    co_living_count=4,
    members=[member(1), *(member(n, Relation.CHILD) for n in (2, 3, 4))],
    registered_on=date(2021, 1, 1),
)

RISK = ReportRisk(
    clue_id=UUID(int=1),
    channel=Channel.DEPARTMENT_WARNING,
    risk_types=(RiskType.ILLNESS,),
    severity=Severity.ORANGE,
    evidence_event_ids=(UUID(int=2),),
    rule_id="MEDICAL-OWN-COST",
    rule_version=1,
    discovered_on=date(2024, 3, 1),
    summary_zh="自付医疗费达到1万元",
    summary_en="own medical cost",
    policy=POLICY,
    today=TODAY,
)
START = StartVerification(
    officers=(UUID(int=11), UUID(int=12)),
    recusal_declared=True,
    started_on=date(2024, 3, 2),
    policy=POLICY,
    today=TODAY,
)
INCOME = Income(
    window_from=date(2023, 3, 1),
    window_to=date(2024, 2, 29),
    members=4,
    wage_fen=4_000_000,
    operating_fen=500_000,
    operating_cost_fen=300_000,
    property_fen=20_000,
    transfer_fen=100_000,
    claims_fen=0,
    compliant_own_cost_fen=1_200_000,
)
SEEN = Seen(
    on=date(2024, 3, 4),
    assessment_id=UUID(int=5),
    income=INCOME,
    housing_grade=HousingGrade.B,
    water_safe=True,
    dropouts=0,
    uninsured=0,
)
VERIFY = VerifyHousehold(
    seen=SEEN,
    in_person_at_home=True,
    risk_types=(RiskType.ILLNESS,),
    self_ability="家庭无力自行承担",
    by="verifier",
    policy=POLICY,
    today=TODAY,
)
REVIEW = HoldVillageReview(
    held_on=date(2024, 3, 5),
    present=20,
    votes_for=18,
    votes_against=1,
    abstained=1,
    minutes_hash=HASH,
    policy=POLICY,
    today=TODAY,
)
POST = PostPublicity(
    posted_on=date(2024, 3, 6),
    place="村务公开栏",
    text="拟将该户纳入监测对象,公示期五天",
    photo_hash=HASH,
    content_hash=HASH,
    today=TODAY,
)
COMPLETE = CompletePublicity(ended_on=date(2024, 3, 11), policy=POLICY, today=TODAY)
APPROVE = ApproveByTown(approved_on=date(2024, 3, 13), by="town", today=TODAY)
CONFIRM = ConfirmMonitoring(
    episode_id=UUID(int=6),
    monitored_class=MonitoredClass.UNSTABLE_FORMERLY_POOR,
    confirmed_on=date(2024, 3, 16),
    late_reason=None,
    by="county",
    policy=POLICY,
    today=TODAY,
)
WELL_OFF = replace(INCOME, wage_fen=90_000_000, compliant_own_cost_fen=0)
NOT_AT_RISK = replace(VERIFY, seen=replace(SEEN, income=WELL_OFF))
REJECT = RejectClue(
    reason_code=RejectionReason.INCOME_ABOVE_AND_NO_RISK,
    text="收入稳定且无大额支出,不符合条件",
    family_told_on=date(2024, 3, 6),
    appeal_explained=True,
    rejected_on=date(2024, 3, 6),
    by="town",
    policy=POLICY,
    today=TODAY,
)
STEPS: tuple[Command, ...] = (RISK, START, VERIFY, REVIEW, POST, COMPLETE, APPROVE, CONFIRM)


def history(
    *commands: Command, registered: HouseholdRegistered = REGISTERED
) -> list[HouseholdEvent]:
    """What is recorded when these commands follow the registration, each accepted."""
    events: list[HouseholdEvent] = [registered]
    for command in commands:
        events += HOUSEHOLD.when(command, given=events)
    return events


def taken(
    asked: Iterable[Command], events: list[HouseholdEvent]
) -> Iterator[tuple[Command, list[HouseholdEvent]]]:
    """Those of the commands that are not refused, one after the other, and what each adds to the events."""
    for command in asked:
        try:
            new = HOUSEHOLD.when(command, given=events)
        except Refused:
            continue
        events += new
        yield command, new


def repeated(command: Command, events: list[HouseholdEvent]) -> list[HouseholdEvent]:
    """What it records once more; nothing where it is refused."""
    return [event for _, new in taken([command], [*events]) for event in new]


def up_to(command: Command) -> list[HouseholdEvent]:
    """The history just before this step of `STEPS`."""
    return history(*STEPS[: STEPS.index(command)])


def refused(command: Command, given: list[HouseholdEvent]) -> Refused:
    """The refusal of a command that must be refused after this history."""
    with pytest.raises(Refused) as refusal:
        HOUSEHOLD.when(command, given=given)
    return refusal.value


def state(events: list[HouseholdEvent]) -> Household:
    """What the household is after these events."""
    household = HOUSEHOLD.fold(events)
    assert household is not None
    return household

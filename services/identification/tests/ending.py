"""The second half of the story: a confirmed household is monitored, assessed anew and eliminated."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from contracts.codes import MonitoredClass, RiskType
from contracts.eliminations import (
    ImplementedMeasure,
    Manner,
    MeasureCategory,
    OverrideReason,
    RevocationReason,
)
from contracts.episodes import ReviewLevel
from contracts.focus import FocusGroup
from contracts.identification import HouseholdEvent
from contracts.monitoring import ClosingReason, EntrySubject
from contracts.protection import Protection
from identification.domain.commands import Command
from identification.domain.elimination_commands import (
    AllowElimination,
    EliminateRisk,
    ProposeElimination,
    RejectElimination,
    RevokeElimination,
    VerifyElimination,
)
from identification.domain.focus import NoteFocus
from identification.domain.income import AssessIncome, Income
from identification.domain.monitoring_commands import (
    AddRiskFactor,
    CancelMonitoring,
    ChangeClass,
    CloseMonitoring,
    CorrectRecord,
    ReassessHousehold,
    RecordPlatformEntry,
    ResolveRiskFactor,
)
from identification.domain.protection import NoteProtection
from identification.domain.rules_of_focus import Holds
from services.identification.tests.story import (
    APPROVE,
    COMPLETE,
    HASH,
    INCOME,
    POLICY,
    POST,
    REVIEW,
    SEEN,
    STEPS,
    history,
)

LATER = date(2024, 12, 31)  # the day on which all of this is recorded
OFFICERS = (UUID(int=11), UUID(int=12))


def income(total_fen: int, window: tuple[date, date], **change: int) -> Income:
    """A year's income of the household in wages alone, without large spending."""
    nothing = dict.fromkeys(
        ("operating_fen", "operating_cost_fen", "property_fen", "transfer_fen"), 0
    )
    spending = {"compliant_own_cost_fen": 100_000, **change}
    earned = replace(INCOME, wage_fen=total_fen, **nothing, **spending)  # type: ignore[arg-type]
    return replace(earned, window_from=window[0], window_to=window[1])


SPRING = replace(
    SEEN,
    on=date(2024, 4, 10),
    assessment_id=UUID(int=61),
    income=income(6_000_000, (date(2023, 4, 1), date(2024, 3, 31))),
)
AUTUMN = replace(
    SEEN,
    on=date(2024, 10, 12),
    assessment_id=UUID(int=62),
    income=income(6_500_000, (date(2023, 10, 1), date(2024, 9, 30))),
)
VISIT = replace(
    SEEN,
    on=date(2024, 10, 18),
    assessment_id=UUID(int=63),
    income=income(6_400_000, (date(2023, 10, 1), date(2024, 9, 30))),
)
REASSESS = ReassessHousehold(seen=SPRING, in_person_at_home=True, policy=POLICY, today=LATER)
REASSESS_AGAIN = replace(REASSESS, seen=AUTUMN)
SURVEY = AssessIncome(
    assessment_id=UUID(int=65),
    assessed_on=date(2024, 10, 10),
    income=income(6_600_000, (date(2023, 10, 1), date(2024, 9, 30))),
    sources=(),
    policy=POLICY,
    today=LATER,
)
NOTE = NoteProtection(
    gaps=frozenset({(Protection.MARGINAL_FAMILY, None)}),
    decided=frozenset(),
    noted_on=date(2024, 3, 4),
)
TAG = NoteFocus(
    verdicts={
        (FocusGroup.LOW_INCOME, None): Holds(date(2024, 3, 1), (UUID(int=71),)),
        (FocusGroup.SEVERE_ILLNESS, UUID(int=2)): Holds(date(2024, 3, 2), (UUID(int=72),)),
    },
    noted_on=date(2024, 3, 4),
)
MEASURE = ImplementedMeasure(
    risk_type=RiskType.ILLNESS,
    measure_id="M-1",
    category=MeasureCategory.HEALTH,
    implemented_on=date(2024, 4, 1),
)
PROPOSE = ProposeElimination(
    manner=Manner.ASSISTED,
    measures=(MEASURE,),
    proposed_on=date(2024, 10, 15),
    by="proposer",
    policy=POLICY,
    today=LATER,
)
VERIFY_AGAIN = VerifyElimination(
    seen=VISIT,
    in_person_at_home=True,
    officers=OFFICERS,
    housing_damaged=False,
    water_damaged=False,
    by="verifier",
    policy=POLICY,
    today=LATER,
)
REVIEW_AGAIN = replace(REVIEW, held_on=date(2024, 10, 20), today=LATER)
POST_AGAIN = replace(POST, posted_on=date(2024, 10, 21), today=LATER)
COMPLETE_AGAIN = replace(COMPLETE, ended_on=date(2024, 10, 26), today=LATER)
APPROVE_AGAIN = replace(APPROVE, approved_on=date(2024, 10, 28), today=LATER)
ELIMINATE = EliminateRisk(
    eliminated_on=date(2024, 10, 30), severe_issues=0, by="county", policy=POLICY, today=LATER
)
ENDING: tuple[Command, ...] = (
    PROPOSE,
    VERIFY_AGAIN,
    REVIEW_AGAIN,
    POST_AGAIN,
    COMPLETE_AGAIN,
    APPROVE_AGAIN,
    ELIMINATE,
)
REVOKE = RevokeElimination(
    reason_code=RevocationReason.UNSTABLE_INCOME,
    text="主要劳动力失业,收入大幅下降",
    revoked_on=date(2024, 12, 15),
    by="county",
    today=LATER,
)
REJECT_ELIMINATION = RejectElimination(
    level=ReviewLevel.TOWN,
    reason="收入来源单一,继续观察半年",
    rejected_on=date(2024, 10, 29),
    by="town",
    today=LATER,
)
ALLOW = AllowElimination(
    reason_code=OverrideReason.SAFETY_NET_STABLE,
    text="已纳入特困供养,保障稳定",
    granted_on=date(2024, 10, 14),
    by="county",
    today=LATER,
)
CHANGE = ChangeClass(
    monitored_class=MonitoredClass.SUDDEN_HARDSHIP,
    reason="收入已高于线,但自付医疗费较大",
    changed_on=date(2024, 4, 12),
    by="county",
    policy=POLICY,
    today=LATER,
)
ADD = AddRiskFactor(
    risk_type=RiskType.SCHOOLING,
    clue_id=None,
    evidence="子女就读高中,费用较高",
    added_on=date(2024, 4, 20),
    today=LATER,
)
RESOLVE = ResolveRiskFactor(
    risk_type=RiskType.SCHOOLING,
    by_measure_ids=("M-2",),
    resolved_on=date(2024, 6, 1),
    today=LATER,
)
CANCEL = CancelMonitoring(
    reason="户籍核查确认为城镇户,识别错误",
    evidence_hash=HASH,
    cancelled_on=date(2024, 5, 1),
    by="county",
    today=LATER,
)
CLOSE = CloseMonitoring(
    reason=ClosingReason.URBANISED, evidence_hash=HASH, closed_on=date(2024, 5, 1), today=LATER
)
ENTER = RecordPlatformEntry(
    subject=EntrySubject.CONFIRM,
    platform_no="GD-0001",
    entered_on=date(2024, 3, 20),
    policy=POLICY,
    today=LATER,
)
CORRECT = CorrectRecord(
    corrected_event_id=UUID(int=90),
    corrected_type="VillageReviewHeld",
    path="/present",
    recorded_value="20",
    old_value="20",
    new_value="21",
    effective_on=date(2024, 3, 5),
    reason="会议记录漏登一名代表",
    requested_by="village",
    by="town",
    today=LATER,
    policy=POLICY,
)


def monitored(*commands: Command) -> list[HouseholdEvent]:
    """Confirmed in March and above the line since April, then what these commands lead to."""
    return history(*STEPS, REASSESS, REASSESS_AGAIN, *commands)


def before(command: Command) -> list[HouseholdEvent]:
    """The history just before this step of `ENDING`."""
    return monitored(*ENDING[: ENDING.index(command)])

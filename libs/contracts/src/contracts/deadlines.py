"""What the end of a business day shows to be late. Raised once each, however often a day is closed."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.eliminations import Guard
from contracts.monitoring import EntrySubject
from contracts.stages import Stage
from contracts.wording import Code, Wording


class ObligationKind(Code):
    """What somebody has to do by a day."""

    PLATFORM_ENTRY = "PLATFORM_ENTRY", "录入省平台", "entry on the provincial platform"


@dataclass(frozen=True, kw_only=True)
class IdentificationDeadlineApproaching:
    """S2-07: day 10 has come and the county has not decided."""

    wording: ClassVar = Wording(
        "识别期限临近",
        "Deadline approaching",
        "{discovered_on}发现的线索已到第{day}天，阶段{stage}；应于{due_on}前完成认定",
        "Discovered on {discovered_on}, day {day}, at {stage}; to be decided by {due_on}",
    )
    household_id: UUID
    case_id: UUID
    discovered_on: date
    due_on: date
    day: int
    stage: Stage


@dataclass(frozen=True, kw_only=True)
class IdentificationDeadlineMissed:
    """S2-07: day 15 is over; from 00:00 of day 16 the case is late. Late needs a reason, no more."""

    wording: ClassVar = Wording(
        "识别逾期",
        "Deadline missed",
        "{discovered_on}发现的线索应于{due_on}前完成认定，已逾期，阶段{stage}",
        "Discovered on {discovered_on}, was to be decided by {due_on}; now late, at {stage}",
    )
    household_id: UUID
    case_id: UUID
    discovered_on: date
    due_on: date
    stage: Stage


@dataclass(frozen=True, kw_only=True)
class EmergencyCaseMissing:
    """T12: help ran first, and days later nobody has opened a case (A21). The help stays valid."""

    wording: ClassVar = Wording(
        "先行帮扶后未立案",
        "No case after emergency help",
        "{granted_on}先行帮扶后{days}天仍未立案；帮扶有效，请补办程序",
        "No case yet since the help of {granted_on} (days: {days}); the help stays valid",
    )
    household_id: UUID
    grant_id: UUID
    granted_on: date
    days: int


@dataclass(frozen=True, kw_only=True)
class EliminationEligibilityDetected:
    """S7.3-01: the guards that can be judged without a proposal hold, for an elimination by assistance.

    It is to be proposed by `propose_by`. E1 is judged with the proposal's measures, E9–E12 on the way.
    """

    wording: ClassVar = Wording(
        "符合风险消除条件",
        "Eligible for elimination",
        "{detected_on}核对，{guards_passed}均符合；应于{propose_by}前申请风险消除",
        "{guards_passed} hold on {detected_on}; the elimination is to be proposed by {propose_by}",
    )
    household_id: UUID
    episode_id: UUID
    guards_passed: list[Guard]
    detected_on: date
    propose_by: date


@dataclass(frozen=True, kw_only=True)
class EliminationEligibilityLapsed:
    """S7.3-01: nothing is to be proposed any more: a guard fails again, or monitoring has ended."""

    wording: ClassVar = Wording(
        "不再符合风险消除条件",
        "Eligibility lapsed",
        "{lapsed_on}起不再需要申请消除；不符合的条件：{failing}",
        "Nothing to propose any more from {lapsed_on}; guards that fail: {failing}",
    )
    household_id: UUID
    episode_id: UUID
    failing: list[Guard]
    lapsed_on: date


@dataclass(frozen=True, kw_only=True)
class EliminationProposalOverdue:
    """S7.3-01: the household has met the guards for thirty days, and nobody has proposed."""

    wording: ClassVar = Wording(
        "应申请消除而未申请",
        "Proposal overdue",
        "{detected_on}起符合消除条件，应于{propose_by}前申请，已逾期",
        "Eligible since {detected_on}, to be proposed by {propose_by}; now late",
    )
    household_id: UUID
    episode_id: UUID
    detected_on: date
    propose_by: date


@dataclass(frozen=True, kw_only=True)
class ObligationBreached:
    """S8.4-01: days after a decision the provincial platform does not know of it. It is still to be entered.

    Once for each decision.
    """

    wording: ClassVar = Wording(
        "任务逾期",
        "Obligation breached",
        "{obligation}：{subject}（{decided_on}）应于{due_on}前完成，已逾期",
        "{obligation}: {subject} of {decided_on} was due by {due_on}; now late",
    )
    household_id: UUID
    obligation: ObligationKind
    subject: EntrySubject
    decided_on: date
    due_on: date


@dataclass(frozen=True, kw_only=True)
class CohortTargetMissed:
    """S7.3-02: an episode of the county's target is open after its last day. The target is soft: it loosens
    no guard of the elimination. Once for each episode.
    """

    wording: ClassVar = Wording(
        "年底目标未实现",
        "Target missed",
        "{confirmed_on}纳入、有劳动能力，至{target}风险尚未消除；消除条件不因此放宽",
        "Confirmed on {confirmed_on}, with labour, and not eliminated by {target}; no guard is loosened",
    )
    household_id: UUID
    episode_id: UUID
    confirmed_on: date
    target: date


DeadlineEvent = (
    IdentificationDeadlineApproaching
    | IdentificationDeadlineMissed
    | EmergencyCaseMissing
    | EliminationEligibilityDetected
    | EliminationEligibilityLapsed
    | EliminationProposalOverdue
    | ObligationBreached
    | CohortTargetMissed
)

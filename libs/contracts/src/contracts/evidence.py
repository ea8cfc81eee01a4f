"""The evidence that a clue rests on: added to, or corrected by a department (A50). People decide, always."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.codes import RiskType
from contracts.wording import Code, Wording


class Change(Code):
    """What happened to a piece of evidence."""

    CORRECTED = "CORRECTED", "已更正", "corrected"
    RETRACTED = "RETRACTED", "已撤回", "retracted"


class ReviewOutcome(Code):
    """What people concluded. Neither changes a status: the county's own step does."""

    STANDS = "STANDS", "认定仍然成立", "the confirmation stands"
    TO_BE_CANCELLED = "TO_BE_CANCELLED", "应撤销认定", "the confirmation is to be cancelled"
    TO_BE_CORRECTED = "TO_BE_CORRECTED", "应更正记录", "the record is to be corrected"


@dataclass(frozen=True, kw_only=True)
class ClueEvidenceAdded:
    """Rule of engagement 3: what a clue says was found again within the window, by the same rule or from
    another department; `rule_id` is the rule that found these pieces.

    `evidence_event_ids` are the new pieces only; `discovered_on` is the clue's day, `found_on` theirs.
    Class, severity and clock of the clue stay.
    """

    wording: ClassVar = Wording(
        "补充线索依据",
        "Evidence added to a clue",
        "{found_on}又有依据{evidence_count}条，并入{discovered_on}的线索：{summary_zh}",
        "Found on {found_on}, evidence ({evidence_count}) added to the clue of "
        "{discovered_on}: {summary_en}",
    )
    household_id: UUID
    clue_id: UUID
    rule_id: str
    evidence_event_ids: list[UUID]
    evidence_count: int
    discovered_on: date
    found_on: date
    summary_zh: str
    summary_en: str


@dataclass(frozen=True, kw_only=True)
class ClueEvidenceReplaced:
    """Before the county decided: the clue rests on the corrected fact, or on one fact less.

    `withdrawal_proposed` when no rule supports the clue any longer; withdrawing it is for people.
    """

    wording: ClassVar = Wording(
        "线索依据变更",
        "Evidence of a clue replaced",
        "线索的一项依据{change}；规则仍支持：{still_supported}，建议撤回线索：{withdrawal_proposed}",
        "A piece of evidence was {change}; still supported: {still_supported}, "
        "withdrawal proposed: {withdrawal_proposed}",
    )
    household_id: UUID
    clue_id: UUID
    change: Change
    previous_event_id: UUID
    event_id: UUID | None
    still_supported: bool
    withdrawal_proposed: bool
    replaced_on: date


@dataclass(frozen=True, kw_only=True)
class CaseReviewRequested:
    """What a decision about a household rests on changed: nobody is delisted, somebody looks."""

    wording: ClassVar = Wording(
        "提请复核",
        "Review requested",
        "决定所依据的信息或记录{change}，仍支持：{still_supported}；请复核，状态不自动改变",
        "A fact or record behind the decision was {change}, still supported: {still_supported}; "
        "to be reviewed, no status changes by itself",
    )
    household_id: UUID
    task_id: UUID
    clue_id: UUID
    change: Change
    previous_event_id: UUID
    event_id: UUID | None
    still_supported: bool
    requested_on: date


@dataclass(frozen=True, kw_only=True)
class CaseReviewed:
    """Somebody looked."""

    wording: ClassVar = Wording(
        "复核完成", "Review closed", "复核结论：{outcome}", "Reviewed: {outcome}"
    )
    household_id: UUID
    task_id: UUID
    outcome: ReviewOutcome
    reviewed_on: date


EvidenceEvent = ClueEvidenceReplaced | CaseReviewRequested | CaseReviewed


@dataclass(frozen=True, kw_only=True)
class CluesLeft:
    """What the clues of a case report when one was withdrawn (T4), until people verify what the
    difficulty is."""

    risk_types: list[RiskType]


@dataclass(frozen=True, kw_only=True)
class ClueAnswered:
    """A clue that nobody has to look at any more: it names no risk but those that were found (E6)."""

    clue_id: UUID


@dataclass(frozen=True, kw_only=True)
class ClueUnverified:
    """A clue that was found after the day of a visit, though before the visit was entered: it stays open (E6)."""

    clue_id: UUID
    risk_types: list[RiskType]

"""The ledger of dangerous houses (S1.3-03): who lives in one, and what became of it.

Assessments and renovations are facts of the housing department; the ledger follows them as they
stand. Until there is a service of assistance, what is known of a remedy is what those facts say.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.codes import HousingGrade
from contracts.wording import Code, Wording


class RemedyStep(Code):
    """How far a remedy has come. A finished one still needs a new assessment."""

    STARTED = "STARTED", "已启动", "started"
    FINISHED = "FINISHED", "已完成", "finished"


class LedgerExit(Code):
    """Why an entry is no longer in the ledger."""

    SAFE = "SAFE", "重新鉴定为A级或B级", "assessed anew as grade A or B"
    NOT_LIVED_IN = "NOT_LIVED_IN", "不再居住", "no longer lived in"
    STILL_DANGEROUS = (
        "STILL_DANGEROUS",
        "改造后仍为危房，另立新账",
        "dangerous after its remedy: a new entry follows",
    )
    CORRECTED = "CORRECTED", "鉴定已更正或撤回", "the assessment was corrected or retracted"
    OFF_REGISTER = (
        "OFF_REGISTER",
        "该户已不在册，并入他户的由留存户承接",
        "the household left the register; of one that was merged the survivor answers for the house",
    )


@dataclass(frozen=True, kw_only=True)
class DangerousHousingLedgered:
    """A household lives in a house of grade C or D; a remedy is to start by `due_on`."""

    wording: ClassVar = Wording(
        "列入危房台账",
        "Dangerous house ledgered",
        "{assessed_on}鉴定居住的房屋为{grade}，应于{due_on}前启动改造",
        "The house lived in was assessed as {grade} on {assessed_on}; a remedy is to start by {due_on}",
    )
    household_id: UUID
    entry_id: UUID
    assessment_event_id: UUID
    grade: HousingGrade
    assessed_on: date
    due_on: date
    ledgered_on: date


@dataclass(frozen=True, kw_only=True)
class DangerousHousingRegraded:
    """A later assessment before the remedy was finished; the day by which it is to start stays."""

    wording: ClassVar = Wording(
        "危房等级变更",
        "Dangerous house regraded",
        "{assessed_on}重新鉴定为{grade}，启动期限不变",
        "Assessed anew as {grade} on {assessed_on}; the day to start by stays",
    )
    household_id: UUID
    entry_id: UUID
    grade: HousingGrade
    assessed_on: date


@dataclass(frozen=True, kw_only=True)
class HousingRemedyNoted:
    """The housing department reported a step of the remedy; `in_time`: it was started by `due_on`."""

    wording: ClassVar = Wording(
        "危房改造进展",
        "Housing remedy noted",
        "{reached_on}危房改造{step}，按期启动：{in_time}",
        "The remedy was {step} on {reached_on}, in time: {in_time}",
    )
    household_id: UUID
    entry_id: UUID
    step: RemedyStep
    reached_on: date
    in_time: bool


@dataclass(frozen=True, kw_only=True)
class HousingRemedyWithdrawn:
    """What was reported of the remedy was corrected or retracted; what still holds is noted anew."""

    wording: ClassVar = Wording(
        "危房改造信息已更正",
        "Housing remedy withdrawn",
        "原报改造进展已更正或撤回，应于{due_on}前启动改造",
        "The reported remedy was corrected or retracted; it is to start by {due_on}",
    )
    household_id: UUID
    entry_id: UUID
    due_on: date


@dataclass(frozen=True, kw_only=True)
class HousingRemedyOverdue:
    """The day by which a remedy was to start is over, and none has. Said once an entry."""

    wording: ClassVar = Wording(
        "危房改造逾期未启动",
        "Housing remedy overdue",
        "至{due_on}仍未启动危房改造",
        "No remedy was started by {due_on}",
    )
    household_id: UUID
    entry_id: UUID
    due_on: date


@dataclass(frozen=True, kw_only=True)
class DangerousHousingCleared:
    """The entry leaves the ledger; its history stays."""

    wording: ClassVar = Wording(
        "移出危房台账",
        "Dangerous house cleared",
        "{cleared_on}移出危房台账：{reason}",
        "Out of the ledger on {cleared_on}: {reason}",
    )
    household_id: UUID
    entry_id: UUID
    reason: LedgerExit
    cleared_on: date


HousingEvent = (
    DangerousHousingLedgered
    | DangerousHousingRegraded
    | HousingRemedyNoted
    | HousingRemedyWithdrawn
    | HousingRemedyOverdue
    | DangerousHousingCleared
)

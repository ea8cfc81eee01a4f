"""What departments report about persons and households. A fact decides nothing by itself.

A record is known by its natural key `(department, fact_type, record_key)`, and one state of it by
`record_version` too. A higher version corrects what went before; nothing is ever overwritten.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.fact_codes import (
    FactCode,
    FactType,
    FactValue,
    MatchOutcome,
    RetractionReason,
    Unmatched,
)
from contracts.wording import Wording


@dataclass(frozen=True, kw_only=True)
class DepartmentFactRecorded:
    """A department reported something about a person, or through a person about the household.

    `detected_on` is the department's date; `received_on` is ours, and starts a clue's clock, so that
    officers are not late for a department's delay (the clock starts where people can act). A fact
    that had waited for its person is received on the day that it was matched.
    """

    wording: ClassVar = Wording(
        "部门信息",
        "Department fact",
        "{department_name}报送{fact_type}（发生于{detected_on}）[：{values}][；{codes}]",
        "{department_name} reported {fact_type} of {detected_on}[: {values}][; {codes}]",
    )
    fact_id: UUID
    household_id: UUID
    person_id: UUID
    department: str
    department_name: str
    fact_type: FactType
    record_key: str
    record_version: int
    detected_on: date
    received_on: date
    values: dict[FactValue, int]
    codes: list[FactCode] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class DepartmentFactCorrected:
    """A60, A50: a higher version of a record; `previous_event_id` names the one it replaces.

    Never delists: a case whose evidence it changes is looked at by people.
    """

    wording: ClassVar = Wording(
        "部门更正信息",
        "Department fact corrected",
        "{department_name}更正{fact_type}第{previous_version}版为第{record_version}版"
        "（发生于{detected_on}）[：{values}][；{codes}]",
        "{department_name} corrected {fact_type} from version {previous_version} to "
        "{record_version} (of {detected_on})[: {values}][; {codes}]",
    )
    fact_id: UUID
    household_id: UUID
    person_id: UUID
    department: str
    department_name: str
    fact_type: FactType
    record_key: str
    record_version: int
    previous_event_id: UUID
    previous_version: int
    detected_on: date
    received_on: date
    values: dict[FactValue, int]
    codes: list[FactCode] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class DepartmentFactRetracted:
    """The department takes a record back. What was decided on it stands until people review it."""

    wording: ClassVar = Wording(
        "部门撤回信息",
        "Department fact retracted",
        "{department_name}撤回{fact_type}第{previous_version}版：{reason}",
        "{department_name} retracted version {previous_version} of {fact_type}: {reason}",
    )
    fact_id: UUID
    household_id: UUID
    person_id: UUID
    department: str
    department_name: str
    fact_type: FactType
    record_key: str
    record_version: int
    previous_event_id: UUID
    previous_version: int
    detected_on: date
    received_on: date
    reason: RetractionReason


@dataclass(frozen=True, kw_only=True)
class UnmatchedFactParked:
    """A fact waits, with everything it says, for its person to be registered, or for their data to be
    used again (PIPL 47).

    The stream is the fact's own; whom it is about only the vault knows.
    """

    wording: ClassVar = Wording(
        "部门信息待对应",
        "Department fact waits for its person",
        "{department_name}报送的{fact_type}（发生于{detected_on}）暂存待对应：{reason}",
        "{fact_type} of {detected_on} by {department_name} waits: {reason}",
    )
    fact_id: UUID
    department: str
    department_name: str
    fact_type: FactType
    record_key: str
    record_version: int
    reason: Unmatched
    detected_on: date
    received_on: date
    values: dict[FactValue, int]
    codes: list[FactCode] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class UnmatchedFactResolved:
    """The waiting of a fact is over. If it was matched, `DepartmentFactRecorded` follows.

    If it was retracted, `record_version` and `reason` are those of the retraction.
    """

    wording: ClassVar = Wording(
        "待对应信息已处理",
        "Waiting fact resolved",
        "等待{waited_days}天后处理：{outcome}",
        "Resolved (days waited: {waited_days}): {outcome}",
    )
    fact_id: UUID
    outcome: MatchOutcome
    resolved_on: date
    waited_days: int
    household_id: UUID | None = None
    person_id: UUID | None = None
    record_version: int | None = None
    reason: RetractionReason | None = None


FactEvent = (
    DepartmentFactRecorded
    | DepartmentFactCorrected
    | DepartmentFactRetracted
    | UnmatchedFactParked
    | UnmatchedFactResolved
)

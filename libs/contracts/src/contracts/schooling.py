"""Children of compulsory age who are out of school (S1.3-02), from the reports of the schools.

What a school reported is a fact; here stands what follows for the child, from dropout to return.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.wording import Code, Wording


class DropoutBasis(Code):
    """How it is known that a child is out of school."""

    REPORTED = "REPORTED", "教育部门报送失学辍学", "reported by the education department"
    NOT_ENROLLED = "NOT_ENROLLED", "本学期无就学记录", "no enrolment in the term"


class DropoutCause(Code):
    """Why a child left school, where the school says it."""

    POVERTY = "POVERTY", "因贫", "poverty"
    STUDY_AVERSION = "STUDY_AVERSION", "因厌学", "aversion to study"
    ILLNESS = "ILLNESS", "因病", "illness"
    OTHER = "OTHER", "其他原因", "another reason"


class DropoutExit(Code):
    """Why a child no longer counts as out of school."""

    ENROLLED = "ENROLLED", "已复学或在校", "enrolled"
    EXEMPT = "EXEMPT", "免学缓学", "exempt or deferred"
    REPORTED = "REPORTED", "学校已报送失学辍学，另行登记", "reported as a dropout, which follows"
    CORRECTED = "CORRECTED", "信息已更正或撤回", "the report was corrected or retracted"
    OF_AGE = "OF_AGE", "已超过义务教育年龄", "past compulsory age"
    LEFT = "LEFT", "已离户", "left the household"


@dataclass(frozen=True, kw_only=True)
class DropoutDetected:
    """A child of compulsory age is out of school since `term` (`2024-SPRING`).

    `fact_event_id` is the school's report; without one the term simply has no enrolment of the child.
    """

    wording: ClassVar = Wording(
        "发现失学辍学",
        "Dropout detected",
        "{detected_on}发现一名适龄儿童未在学（{term}）：{basis}，原因：{cause}",
        "A child of compulsory age is out of school ({term}), found on {detected_on}: {basis}, cause: {cause}",
    )
    household_id: UUID
    dropout_id: UUID
    person_id: UUID
    term: str
    basis: DropoutBasis
    cause: DropoutCause | None
    fact_event_id: UUID | None
    detected_on: date


@dataclass(frozen=True, kw_only=True)
class DropoutEnded:
    """The child is back at school, or no longer counts."""

    wording: ClassVar = Wording(
        "失学辍学已消除",
        "Dropout ended",
        "{ended_on}一名儿童不再计为失学辍学：{reason}",
        "A child no longer counts as out of school on {ended_on}: {reason}",
    )
    household_id: UUID
    dropout_id: UUID
    person_id: UUID
    reason: DropoutExit
    ended_on: date


SchoolingEvent = DropoutDetected | DropoutEnded

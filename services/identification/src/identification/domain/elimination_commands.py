"""What may be asked about the end of a risk (T13–T16)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.eliminations import (
    ImplementedMeasure,
    Manner,
    OverrideReason,
    RevocationReason,
)
from contracts.episodes import ReviewLevel
from identification.domain.assessments import Seen
from identification.domain.policy import Policy


@dataclass(frozen=True, kw_only=True)
class AllowElimination:
    """E7: the county lets a household without labour be proposed."""

    reason_code: OverrideReason
    text: str
    granted_on: date
    by: str
    today: date


@dataclass(frozen=True, kw_only=True)
class ProposeElimination:
    """T13: proposed by somebody who knows the household, with the measures that answered each risk (E1)."""

    manner: Manner
    measures: tuple[ImplementedMeasure, ...]
    proposed_on: date
    by: str
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class VerifyElimination:
    """E9: what the officers saw at home. Whether anything is damaged belongs to the record of E11."""

    seen: Seen
    in_person_at_home: bool
    officers: tuple[UUID, ...]
    housing_damaged: bool | None
    water_damaged: bool | None
    by: str
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class RejectElimination:
    """T15: town or county say no."""

    level: ReviewLevel
    reason: str
    rejected_on: date
    by: str
    today: date


@dataclass(frozen=True, kw_only=True)
class EliminateRisk:
    """T14: the county decides. `severe_issues` is how many severe data-quality issues were shown open to it
    (E12). `water_report_stale`: since the visit, the report of the water source has run out (E4)."""

    eliminated_on: date
    severe_issues: int
    water_report_stale: bool = False
    by: str
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class RevokeElimination:
    """T16: taken back by the county."""

    reason_code: RevocationReason
    text: str
    revoked_on: date
    by: str
    today: date


EliminationCommand = (
    AllowElimination
    | ProposeElimination
    | VerifyElimination
    | RejectElimination
    | EliminateRisk
    | RevokeElimination
)

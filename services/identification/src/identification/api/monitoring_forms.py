"""What staff send of a confirmed episode, and of its end."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue

from common.form import Form, Sha256
from contracts.codes import DisasterSubtype, MonitoredClass, NumberDiffers, RiskType
from contracts.eliminations import Manner, MeasureCategory, OverrideReason, RevocationReason
from contracts.monitoring import ClosingReason, EntrySubject
from identification.api.fields import TWO, Count, Explanation, NamesNobody, Reason, Said
from identification.api.forms import SeenForm

MeasureId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$", examples=["BF-2024-0017"]), NamesNobody
]


class ReassessmentForm(SeenForm):
    """Income and safeguards, anew."""

    seen_on: date


class ClassForm(Form):
    """The class that follows from the latest assessment."""

    monitored_class: MonitoredClass
    reason: Explanation
    changed_on: date


class RiskForm(Form):
    """A further risk; with `clue_id`, the answer to a clue that joined the episode."""

    risk_type: RiskType
    disaster_subtype: DisasterSubtype | None = None
    clue_id: UUID | None = None
    evidence: Reason
    added_on: date


class RiskResolvedForm(Form):
    """What resolved it."""

    by_measure_ids: Annotated[tuple[MeasureId, ...], Field(min_length=1, max_length=50)]
    resolved_on: date


class CancellationForm(Form):
    """T18."""

    reason: Explanation
    evidence_hash: Sha256
    cancelled_on: date


class ClosingForm(Form):
    """T19."""

    reason: ClosingReason
    evidence_hash: Sha256
    closed_on: date


class PlatformEntryForm(Form):
    """S8.4-01."""

    subject: EntrySubject
    platform_no: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,40}$", examples=["GD-2024-0042"])]
    entered_on: date


class ResponsibleForm(Form):
    """S1.1-02: who answers for the household, by the account that they work with."""

    person: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$", examples=["town-pengzhai"]), NamesNobody
    ]
    assigned_on: date


class CorrectionForm(Form):
    """T20. `path` is a JSON pointer into the event's payload; values are JSON. `requested_by` is the
    `person` in the token of whoever asked for it, and never that of whoever approves. `number_differs` says why a
    corrected birth date is not the one in the person's identity number."""

    corrected_event_id: UUID
    path: Annotated[
        str, Field(pattern=r"^(/[A-Za-z0-9_]+)+$", max_length=100, examples=["/co_living_count"])
    ]
    old_value: Annotated[JsonValue, Field(examples=[3])]
    new_value: Annotated[JsonValue, Field(examples=[4])]
    effective_on: date
    reason: Explanation
    requested_by: Annotated[str, Said, Field(max_length=64, examples=TWO[0]), NamesNobody]
    number_differs: NumberDiffers | None = None


class OverrideForm(Form):
    """E7."""

    reason_code: OverrideReason
    text: Explanation
    granted_on: date


class MeasureForm(Form):
    """E1: what was done about one risk."""

    risk_type: RiskType
    measure_id: MeasureId
    category: MeasureCategory
    implemented_on: date


MEASURES = [
    {
        "risk_type": "ILLNESS",
        "measure_id": "BF-2024-0017",
        "category": "INDUSTRY",
        "implemented_on": "2024-02-20",
    }
]


class EliminationForm(Form):
    """T13."""

    manner: Manner
    measures: Annotated[list[MeasureForm], Field(max_length=50, examples=[MEASURES])]
    proposed_on: date


class EliminationVerifiedForm(SeenForm):
    """E9 and what E11 keeps."""

    visited_on: date
    officers: Annotated[list[UUID], Field(min_length=1, max_length=10, examples=TWO)]
    housing_damaged: Annotated[bool | None, Field(examples=[False])] = None
    water_damaged: Annotated[bool | None, Field(examples=[False])] = None


class EliminationRejectedForm(Form):
    """T15."""

    reason: Explanation
    rejected_on: date


class EliminationDecisionForm(Form):
    """T14; `severe_issues` are the open severe data-quality issues of the household (E12)."""

    eliminated_on: date
    severe_issues: Count


class RevocationForm(Form):
    """T16."""

    reason_code: RevocationReason
    text: Explanation
    revoked_on: date

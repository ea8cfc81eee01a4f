"""What staff send beside the stages of a case: T5, T6, objections, T12."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from common.form import Fen, Form, Sha256
from contracts.inquiries import DataSource, EmergencyCause, SignatureMedium
from identification.api.fields import Explanation, Reason


class AuthorisationForm(Form):
    """T5: who signed what, and how (`medium`)."""

    signers: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=50)]
    scope: Annotated[tuple[DataSource, ...], Field(min_length=1, max_length=20)]
    document_hash: Sha256
    assisted: bool
    medium: Annotated[SignatureMedium | None, Field(examples=[SignatureMedium.PAPER])] = None
    signed_on: date


class AuthorisationRefusalForm(Form):
    """T5: the family does not agree."""

    reason: Reason
    refused_on: date


class ComparisonForm(Form):
    """T6: whom to ask; the id is the client's, so that a repetition is the same request."""

    comparison_id: UUID
    sources: Annotated[tuple[DataSource, ...], Field(min_length=1, max_length=20)]
    requested_on: date


class FindingForm(Form):
    """One answer; the detail stays with the department."""

    source: DataSource
    hit: bool
    detail_ref: Annotated[str, Field(max_length=64)] = ""


class ComparisonResultForm(Form):
    """T6: what came back."""

    findings: Annotated[
        list[FindingForm],
        Field(max_length=20, examples=[[{"source": "yibao", "hit": False}]]),
    ]
    timed_out: Annotated[list[DataSource], Field(max_length=20)]
    completed_on: date


class ObjectionForm(Form):
    """Somebody objects to what was posted."""

    objection_id: UUID
    anonymous: bool
    text: Reason
    raised_on: date


class ObjectionResultForm(Form):
    """T11, T15."""

    upheld: bool
    text: Explanation
    resolved_on: date


class EmergencyForm(Form):
    """T12: help first."""

    grant_id: UUID
    cause: EmergencyCause
    amount_fen: Annotated[Fen, Field(examples=[200_000])]
    granted_on: date

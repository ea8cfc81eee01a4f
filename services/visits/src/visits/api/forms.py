"""What staff send. Unknown fields are refused; nothing is coerced that would hide a mistake."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator

from common.form import LATEST, Fen, Form, Moment, Sha256, between
from contracts.codes import HousingGrade, RiskType
from contracts.visits import (
    Difficulty,
    HouseholdScreened,
    ScreeningVoidReason,
    VisitMode,
    VisitorPost,
    VisitPurpose,
    VoidReason,
)
from visits.api.sections import all_stated

VISITORS = [
    {"person_id": "6f1c2d70-4b7e-4a51-9d3e-2f8a0c5b9e21", "post": "VILLAGE_CADRE"},
    {"person_id": "6f1c2d70-4b7e-4a51-9d3e-2f8a0c5b9e22", "post": "TOWN_CADRE"},
]


Persons = Annotated[int, Field(strict=True, ge=0, le=50)]


class VisitorForm(Form):
    """Who went, in the post held that day."""

    person_id: UUID
    post: VisitorPost


class VisitForm(Form):
    """A visit. `visit_id` is made where the visit is written down, so that an upload can be repeated."""

    visit_id: UUID
    household_id: UUID
    visited_at: Moment
    mode: VisitMode
    visitors: Annotated[list[VisitorForm], Field(max_length=20, examples=[VISITORS])]
    purposes: Annotated[list[VisitPurpose], Field(min_length=1, max_length=5)]
    photo_hashes: Annotated[list[Sha256], Field(max_length=50, default_factory=list)]


class VoidingForm(Form):
    """Why the record of a visit does not stand, and who asked for it; who sends this approves."""

    household_id: UUID
    reason: VoidReason
    requested_by: UUID


class ScreeningVoidingForm(Form):
    """Why a screening form does not stand, and who asked for it; who sends this approves."""

    household_id: UUID
    reason: ScreeningVoidReason
    requested_by: UUID


class ScreeningForm(Form):
    """A household gone through with the whole form of S2-04: none of its parts is optional.

    Money is in fen, of the last twelve months. `visit_id` names the visit at which it was done, if any.
    """

    screening_id: UUID
    household_id: UUID
    visit_id: UUID | None = None
    screened_on: Annotated[date, between(date(2000, 1, 1), LATEST)]  # catches a mistyped year
    disposable_fen: Annotated[
        int, Field(strict=True, ge=-(10**12), le=10**12, examples=[1_080_000])
    ]
    dropouts: Persons
    uninsured: Persons
    housing_grade: HousingGrade
    water_safe: Annotated[bool, Field(strict=True)]
    rigid_expenditure_fen: Fen
    industry: Difficulty
    employment: Difficulty
    medical_care: Difficulty
    suspected_risks: Annotated[list[RiskType], Field(max_length=5)]

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, sent: Any) -> Any:
        """Raises `Problem` that says which parts are missing."""
        return all_stated(sent)

    def screened(self) -> HouseholdScreened:
        """As it is recorded: each suspected risk once."""
        stated = self.model_dump()
        stated["suspected_risks"] = list(dict.fromkeys(self.suspected_risks))
        return HouseholdScreened(**stated)

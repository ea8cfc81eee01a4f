"""What staff send. Unknown fields are refused; nothing is coerced that would hide a mistake."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

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

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="hex sha256 of the photograph")]
VISITORS = [
    {"person_id": "6f1c2d70-4b7e-4a51-9d3e-2f8a0c5b9e21", "post": "VILLAGE_CADRE"},
    {"person_id": "6f1c2d70-4b7e-4a51-9d3e-2f8a0c5b9e22", "post": "TOWN_CADRE"},
]


def _written(kind: str, form: str) -> BeforeValidator:
    """As one writes it: pydantic would take a number for the seconds since 1970, and midnight of some zone for
    a day."""

    def check(value: object) -> object:
        if not re.match(form, str(value)):
            raise ValueError(kind)
        return value

    return BeforeValidator(check)


# The bounds catch a mistyped year; what is really in the future is refused by the domain.
Moment = Annotated[
    AwareDatetime,
    _written("datetime", "[0-9]{4}-"),
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]
Day = Annotated[
    date,
    _written("date", r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z"),
    Field(ge=date(2000, 1, 1), lt=date(2200, 1, 1)),
]
Fen = Annotated[int, Field(strict=True, ge=0, le=10**12)]
Persons = Annotated[int, Field(strict=True, ge=0, le=50)]


class Form(BaseModel):
    """What every form has."""

    model_config = ConfigDict(extra="forbid")


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
    photo_hashes: Annotated[list[Sha256], Field(max_length=50)] = []


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
    screened_on: Day
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

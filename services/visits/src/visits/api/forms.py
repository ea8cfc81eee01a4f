"""What staff send. Unknown fields are refused; nothing is coerced that would hide a mistake."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.visits import VisitMode, VisitorPost, VisitPurpose

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="hex sha256 of the photograph")]
# The bounds catch a mistyped year; what is really in the future is refused by the domain.
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]


class Form(BaseModel):
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
    visitors: Annotated[list[VisitorForm], Field(max_length=20)]
    purposes: Annotated[list[VisitPurpose], Field(min_length=1, max_length=5)]
    photo_hashes: Annotated[list[Sha256], Field(max_length=50)] = []

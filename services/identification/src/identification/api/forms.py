"""What staff send. Unknown fields are refused; nothing is coerced that would hide a mistake."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from common.ids import new_id
from contracts.assessments import AtSchool, Check, ChildSeen, WaterSeen
from contracts.codes import (
    Category,
    Channel,
    DeclarationMedium,
    DisasterSubtype,
    Health,
    HousingGrade,
    LabourCapacity,
    MonitoredClass,
    NumberDiffers,
    Relation,
    RiskType,
    Schooling,
    Severity,
    Sex,
)
from contracts.episodes import RejectionReason, ReplacementReason, WithdrawnBy
from identification.api.form import Day as Day
from identification.api.form import Form as Form
from identification.domain.assessments import Seen
from identification.domain.income import Income
from identification.identity import is_in

Fen = Annotated[int, Field(strict=True, ge=0, le=10**12)]
Said = StringConstraints(strip_whitespace=True, min_length=1)  # blanks say nothing
Count = Annotated[int, Field(strict=True, ge=0, le=10_000)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="hex sha256 of the document")]
Reason = Annotated[str, Field(min_length=1, max_length=500)]
Region = Annotated[
    str, Field(pattern="^[0-9]{12}$", description="12-digit area code of the village")
]


def _nobody_s(text: str) -> str:
    if is_in(text):
        raise ValueError("personal")
    return text


# What somebody else made up goes on the log as it is, but never an identity number.
NamesNobody = AfterValidator(_nobody_s)
RegisterNumber = Annotated[str, Field(pattern=r"^[A-Z0-9-]{3,20}$"), NamesNobody]


IdentityNumber = Annotated[str, Field(min_length=18, max_length=22)]
Name = Annotated[str, Said, Field(max_length=60)]


class MemberForm(Form):
    """A person; name and identity number go to the vault only.

    Without `person_id` the person keeps the one the register knows, or gets a new one. `number_differs` says
    why sex or birth date are not those in the number, and stands nowhere else. A newborn who joins by birth
    may have no number yet.
    """

    person_id: UUID | None = None
    name: Name
    identity_number: IdentityNumber | None = None
    relation: Relation
    sex: Sex
    born_on: date
    labour_capacity: LabourCapacity
    health: Health
    schooling: Schooling
    number_differs: NumberDiffers | None = None


class HouseholdForm(Form):
    """A household to be registered."""

    household_id: UUID
    register_number: RegisterNumber
    category: Category
    marginal_2019: bool
    region: Region
    address: Annotated[str, Said, Field(max_length=200)]
    registered_on: date
    co_living_count: Annotated[int, Field(strict=True, ge=1, le=50)]
    members: Annotated[list[MemberForm], Field(min_length=1, max_length=50)]


class ClueForm(Form):
    """T1: a clue by a cadre's screening or the household's own declaration, by some `medium`."""

    channel: Channel
    medium: DeclarationMedium | None = None
    risk_types: Annotated[list[RiskType], Field(min_length=1, max_length=5)]
    severity: Severity = Severity.YELLOW
    discovered_on: date
    summary: Annotated[str, Field(min_length=4, max_length=200)]


class OfficersForm(Form):
    """Who is sent to verify."""

    officers: Annotated[list[UUID], Field(min_length=1, max_length=10)]
    recused: Annotated[list[UUID], Field(max_length=10, default_factory=list)]
    recusal_declared: bool


class VerificationForm(OfficersForm):
    """T2."""

    started_on: date


class ReplacementForm(OfficersForm):
    """T2: who is sent instead, all of them; `recused` are further relatives."""

    reason: ReplacementReason
    replaced_on: date


class IncomeForm(Form):
    """Twelve whole months of the household, in fen."""

    window_from: date
    window_to: date
    members: Annotated[int, Field(strict=True, ge=1, le=50)]
    wage_fen: Fen
    operating_fen: Fen
    operating_cost_fen: Fen
    property_fen: Fen
    transfer_fen: Fen
    claims_fen: Fen
    compliant_own_cost_fen: Fen
    property_cost_fen: Fen = 0
    transfer_paid_fen: Fen = 0


class ChildForm(Form):
    """A child of compulsory age (S1.3-02)."""

    person_id: UUID
    status: AtSchool


class WaterForm(Form):
    """Drinking water by its three dimensions (S1.3-04)."""

    quality: Check
    quantity: Check
    convenience: Check


class SeenForm(Form):
    """What was seen at home on a day: income, three guarantees, water.

    Of schooling, insurance and water, either by member and dimension (`schooling`, `uninsured_persons`,
    `water`) or in sum (`dropouts`, `uninsured`, `water_safe`); where both are told, they agree.
    """

    in_person_at_home: bool
    income: IncomeForm
    housing_grade: HousingGrade
    water_safe: bool | None = None
    water_report_stale: bool = False
    dropouts: Count | None = None
    uninsured: Count | None = None
    schooling: Annotated[list[ChildForm], Field(max_length=50)] | None = None
    uninsured_persons: Annotated[list[UUID], Field(max_length=50)] | None = None
    water: WaterForm | None = None
    previous_disposable_fen: Annotated[int, Field(strict=True, ge=-(10**12), le=10**12)] | None = (
        None
    )

    def seen(self, on: date, *, water_report_stale: bool) -> Seen:
        """As the domain takes it, with an id of its own; what the register knows of the water counts too."""
        children, uninsured = self.schooling, self.uninsured_persons
        return Seen(
            on=on,
            assessment_id=new_id(),
            income=Income(**self.income.model_dump()),
            previous_disposable_fen=self.previous_disposable_fen,
            housing_grade=self.housing_grade,
            water_safe=self.water_safe,
            water_report_stale=self.water_report_stale or water_report_stale,
            dropouts=self.dropouts,
            uninsured=self.uninsured,
            schooling=None
            if children is None
            else tuple(ChildSeen(**child.model_dump()) for child in children),
            uninsured_persons=None if uninsured is None else tuple(uninsured),
            water=WaterSeen(**self.water.model_dump()) if self.water else None,
        )


class VerifiedForm(SeenForm):
    """T3."""

    verified_on: date
    risk_types: Annotated[list[RiskType], Field(max_length=12)]
    disaster_subtype: DisasterSubtype | None = None
    self_ability: Annotated[str, Field(min_length=2, max_length=500)]


class VillageReviewForm(Form):
    """T7."""

    held_on: date
    present: Count
    votes_for: Count
    votes_against: Count
    abstained: Count
    minutes_hash: Sha256


class PublicityForm(Form):
    """T8: the text is scanned and hashed, not stored."""

    posted_on: date
    place: Annotated[str, Field(min_length=2, max_length=100)]
    text: Annotated[str, Field(min_length=10, max_length=5_000)]
    photo_hash: Sha256


class PublicityOverForm(Form):
    """T9, first half."""

    ended_on: date


class TownReviewForm(Form):
    """T9, second half; `visit_only` when the family refused the comparison of data."""

    approved_on: date
    visit_only: bool = False


class ConfirmationForm(Form):
    """T10."""

    monitored_class: MonitoredClass
    confirmed_on: date
    late_reason: Annotated[str, Field(min_length=4, max_length=500)] | None = None


class RejectionForm(Form):
    """T4. Without `clue_id` the case ends; with it, a clue that joined a confirmed episode."""

    clue_id: UUID | None = None
    reason_code: RejectionReason
    text: Reason
    family_told_on: date
    appeal_explained: bool
    rejected_on: date


class WithdrawalForm(Form):
    """T4."""

    clue_id: UUID
    withdrawn_by: WithdrawnBy
    reason: Annotated[str, Field(min_length=2, max_length=500)]
    withdrawn_on: date


class ReturnForm(Form):
    """T11."""

    reason: Reason
    returned_on: date

"""What staff send. Unknown fields are refused; nothing is coerced that would hide a mistake."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from common.form import Fen, Form, Sha256
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
from identification.api.fields import (
    NOTICE,
    NUMBERS,
    TWO,
    Address,
    Count,
    Explanation,
    IdentityNumber,
    Name,
    Region,
    RegisterNumber,
    Said,
    Summary,
)
from identification.domain.assessments import Seen
from identification.domain.income import Income


class MemberForm(Form):
    """A person; name and identity number go to the vault only.

    Without `person_id` the person keeps the one the register knows, or gets a new one. `number_differs` says
    why sex or birth date are not those in the number, and stands nowhere else. A newborn who joins by birth
    may have no number yet.
    """

    person_id: UUID | None = None
    name: Name
    identity_number: Annotated[IdentityNumber | None, Field(examples=NUMBERS)] = None
    relation: Relation
    sex: Sex
    born_on: Annotated[date, Field(examples=["1979-05-05"])]
    labour_capacity: LabourCapacity
    health: Health
    schooling: Schooling
    number_differs: NumberDiffers | None = None


class HouseholdForm(Form):
    """A household to be registered."""

    household_id: UUID
    register_number: RegisterNumber
    category: Category
    marginal_2019: Annotated[bool, Field(examples=[False])]
    region: Region
    address: Address
    registered_on: date
    co_living_count: Annotated[int, Field(strict=True, ge=1, le=50)]
    members: Annotated[list[MemberForm], Field(min_length=1, max_length=50)]


class ClueForm(Form):
    """T1: a clue by a cadre's screening or the household's own declaration, by some `medium`."""

    channel: Annotated[Channel, Field(examples=[Channel.CADRE_SCREENING])]
    medium: DeclarationMedium | None = None
    risk_types: Annotated[list[RiskType], Field(min_length=1, max_length=5)]
    severity: Severity = Severity.YELLOW
    discovered_on: date
    summary: Summary


class OfficersForm(Form):
    """Who is sent to verify."""

    officers: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=10, examples=TWO)]
    recused: Annotated[tuple[UUID, ...], Field(max_length=10, default_factory=tuple)]
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

    window_from: Annotated[date, Field(examples=["2023-03-01"])]
    window_to: Annotated[date, Field(examples=["2024-02-29"])]
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
    water_safe: Annotated[bool | None, Field(examples=[True])] = None
    water_report_stale: bool = False
    dropouts: Annotated[Count | None, Field(examples=[0])] = None
    uninsured: Annotated[Count | None, Field(examples=[0])] = None
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
    risk_types: Annotated[list[RiskType], Field(max_length=12, examples=[[RiskType.ILLNESS]])]
    disaster_subtype: DisasterSubtype | None = None
    self_ability: Annotated[
        str, Said, Field(min_length=2, max_length=500, examples=["无法自行解决医疗支出"])
    ]


class VillageReviewForm(Form):
    """T7."""

    held_on: date
    present: Annotated[Count, Field(examples=[31])]
    votes_for: Annotated[Count, Field(examples=[29])]
    votes_against: Annotated[Count, Field(examples=[1])]
    abstained: Annotated[Count, Field(examples=[1])]
    minutes_hash: Sha256


class PublicityForm(Form):
    """T8: the text is scanned and hashed, not stored."""

    posted_on: date
    place: Annotated[str, Said, Field(min_length=2, max_length=100, examples=["聚村村委会公示栏"])]
    text: Annotated[str, Field(min_length=10, max_length=5_000, examples=[NOTICE])]
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
    late_reason: Annotated[str, Said, Field(min_length=4, max_length=500)] | None = None


class RejectionForm(Form):
    """T4. Without `clue_id` the case ends; with it, a clue that joined a confirmed episode."""

    clue_id: UUID | None = None
    reason_code: RejectionReason
    text: Explanation
    family_told_on: date
    appeal_explained: bool
    rejected_on: date


class WithdrawalForm(Form):
    """T4."""

    clue_id: UUID
    withdrawn_by: WithdrawnBy
    reason: Explanation
    withdrawn_on: date


class ReturnForm(Form):
    """T11."""

    reason: Explanation
    returned_on: date

"""How a household lives, beside who belongs to it: how many together, at which address, and each member's
health and schooling. All are coarse codes; a diagnosis is never stored."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.codes import Health, NumberDiffers, Schooling, Sex
from contracts.fact_codes import FactCode
from contracts.wording import Code, Wording


@dataclass(frozen=True, kw_only=True)
class Committed:
    """The commitment to a vault record that was written anew."""

    person_id: UUID
    commitment: str


class LivingReason(Code):
    """Why another number of members live together, though the same belong to the household."""

    AWAY = "AWAY", "成员长期外出，不共同生活", "a member is away for long"
    BACK = "BACK", "成员返回共同生活", "a member is back"
    MISCOUNTED = "MISCOUNTED", "登记有误", "counted wrongly before"


@dataclass(frozen=True, kw_only=True)
class CoLivingCounted:
    """So many of the members live together; income is divided by them."""

    wording: ClassVar = Wording(
        "变更共同生活人口",
        "Living together counted",
        "自{effective_on}起共同生活{co_living_count}人（{reason}）",
        "{co_living_count} living together since {effective_on} ({reason})",
    )
    household_id: UUID
    co_living_count: int
    reason: LivingReason
    effective_on: date


@dataclass(frozen=True, kw_only=True)
class HealthRecorded:
    """How a member's health is."""

    wording: ClassVar = Wording(
        "登记健康状况",
        "Health recorded",
        "{recorded_on}登记一名成员的健康状况：{health}",
        "A member's health was recorded on {recorded_on}: {health}",
    )
    household_id: UUID
    person_id: UUID
    health: Health
    recorded_on: date


@dataclass(frozen=True, kw_only=True)
class SchoolingRecorded:
    """The stage of schooling that a member is in."""

    wording: ClassVar = Wording(
        "登记就学阶段",
        "Schooling recorded",
        "{recorded_on}登记一名成员的就学阶段：{schooling}",
        "A member's schooling was recorded on {recorded_on}: {schooling}",
    )
    household_id: UUID
    person_id: UUID
    schooling: Schooling
    recorded_on: date


@dataclass(frozen=True, kw_only=True)
class ResidenceConfirmed:
    """A member lives here still, whatever the household register says: `fact_event_id` reported the change."""

    wording: ClassVar = Wording(
        "确认仍共同生活",
        "Still living here",
        "{confirmed_on}核实：公安报送{change}的一名成员仍在本户共同生活",
        "On {confirmed_on} a member was found to live here still; the household register says: {change}",
    )
    household_id: UUID
    person_id: UUID
    change: FactCode
    fact_event_id: UUID
    confirmed_on: date


class AddressReason(Code):
    """Why the address is another, though the village is the same."""

    MOVED = "MOVED", "村内搬迁", "moved within the village"
    RENAMED = "RENAMED", "地名或门牌变更", "the place or the house number was changed"
    RECORDED_WRONGLY = "RECORDED_WRONGLY", "登记有误", "it was recorded wrongly"


@dataclass(frozen=True, kw_only=True)
class AddressChanged:
    """The household's address is another one of the same village (of another village: `HouseholdRelocated`).
    `commitments` are to the vault records of its members with it; the address stands in no event."""

    wording: ClassVar = Wording(
        "变更住址",
        "Address changed",
        "{effective_on}变更本村内的住址：{reason}",
        "The address inside the village is another since {effective_on}: {reason}",
    )
    household_id: UUID
    commitments: list[Committed]
    reason: AddressReason
    effective_on: date


@dataclass(frozen=True, kw_only=True)
class BirthDateCorrected:
    """T20: a member's birth date was recorded wrongly; what reads an age is judged anew, and no status
    changes by itself.

    `corrects` is the event that said the wrong date. `unable`: younger than 16, and said to be able to work
    until now; `LabourCapacityAssessed` follows. `number_differs`: why the date is not that of the person's
    identity number, where it is not.
    """

    wording: ClassVar = Wording(
        "更正出生日期",
        "Birth date corrected",
        "一名成员的出生日期由{from_born_on}更正为{to_born_on}",
        "The birth date of a member was corrected from {from_born_on} to {to_born_on}",
    )
    household_id: UUID
    person_id: UUID
    from_born_on: date
    to_born_on: date
    unable: bool
    corrects: UUID
    corrected_on: date
    number_differs: NumberDiffers | None = None


@dataclass(frozen=True, kw_only=True)
class SexCorrected:
    """T20: a member's sex was recorded wrongly. `corrects` is the event that said so; `number_differs`: why it
    is not that of the person's identity number, where it is not."""

    wording: ClassVar = Wording(
        "更正性别",
        "Sex corrected",
        "一名成员的性别由{from_sex}更正为{to_sex}",
        "The sex of a member was corrected from {from_sex} to {to_sex}",
    )
    household_id: UUID
    person_id: UUID
    from_sex: Sex
    to_sex: Sex
    corrects: UUID
    corrected_on: date
    number_differs: NumberDiffers | None = None


@dataclass(frozen=True, kw_only=True)
class IdentityNumberGiven:
    """A member who was born has an identity number now, and stays the same person. `commitment` is to the
    vault record with it; the number stands in no event."""

    wording: ClassVar = Wording(
        "补登证件号码",
        "Identity number given",
        "{given_on}补登一名新生儿的证件号码",
        "The identity number of a newborn was recorded on {given_on}",
    )
    household_id: UUID
    person_id: UUID
    commitment: str
    number_differs: NumberDiffers | None
    given_on: date


class IdentityField(Code):
    """What of a person's identity was recorded wrongly, or is another now."""

    NAME = "NAME", "姓名", "the name"
    IDENTITY_NUMBER = "IDENTITY_NUMBER", "证件号码", "the identity number"


class IdentityReason(Code):
    """Why a name or an identity number is recorded anew."""

    RECORDED_WRONGLY = "RECORDED_WRONGLY", "登记有误", "it was recorded wrongly"
    CHANGED_BY_POLICE = "CHANGED_BY_POLICE", "公安机关已变更", "the police changed it"


@dataclass(frozen=True, kw_only=True)
class IdentityCorrected:
    """A member's name or identity number is recorded anew (PIPL 46), and the member stays the same person.
    `commitment` is to the vault record with it; neither stands in an event. `number_differs` of the number
    that is recorded now."""

    wording: ClassVar = Wording(
        "更正身份信息",
        "Identity corrected",
        "{corrected_on}更正一名成员的{corrected}：{reason}",
        "Of a member, {corrected} was recorded anew on {corrected_on}: {reason}",
    )
    household_id: UUID
    person_id: UUID
    commitment: str
    corrected: list[IdentityField]
    number_differs: NumberDiffers | None
    reason: IdentityReason
    corrected_on: date


MemberEvent = BirthDateCorrected | SexCorrected | IdentityNumberGiven | IdentityCorrected
CircumstanceEvent = (
    CoLivingCounted | HealthRecorded | SchoolingRecorded | ResidenceConfirmed | AddressChanged
)

"""What runs beside the stages of an episode: authorisation (T5), comparison of data (T6), objections
(T11) and help that cannot wait for the procedure (T12)."""

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.codes import RiskType
from contracts.stages import Procedure
from contracts.wording import Code, Wording


class DataSource(Code):
    """Whose data a household may be compared with; the codes of departments where they have one."""

    MEDICAL = "yibao", "医保", "medical security"
    HEALTH = "weijian", "卫健", "health"
    CIVIL_AFFAIRS = "minzheng", "民政", "civil affairs"
    EDUCATION = "jiaoyu", "教育", "education"
    SOCIAL_SECURITY = "renshe", "人社", "human resources and social security"
    HOUSING = "zhujian", "住建", "housing"
    WATER = "shuiwu", "水务", "water"
    DISABLED = "canlian", "残联", "disabled persons"
    AGRICULTURE = "nongye", "农业农村", "agriculture"
    POLICE = "gongan", "公安（户籍、车辆）", "police (register, vehicles)"
    MARKET = "shichang", "市场监管（企业）", "market supervision (companies)"
    REAL_ESTATE = "budongchan", "不动产登记", "real estate"
    TAX = "shuiwuju", "税务", "taxation"
    FINANCE = "jinrong", "金融", "finance"


class EmergencyCause(Code):
    """What may not wait (T12)."""

    NATURAL_DISASTER = "NATURAL_DISASTER", "自然灾害", "natural disaster"
    ACCIDENT = "ACCIDENT", "意外事故", "accident"


class SignatureMedium(Code):
    """How a letter of authorisation was signed."""

    PAPER = "PAPER", "纸质签名", "signature on paper"
    FINGERPRINT = "FINGERPRINT", "按指印", "fingerprint on paper"
    ELECTRONIC = "ELECTRONIC", "电子签名", "electronic signature"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one department answered. `detail_ref` is its own reference; no detail is on the log."""

    source: DataSource
    hit: bool
    detail_ref: str


@dataclass(frozen=True, kw_only=True)
class AuthorisationSigned:
    """T5: adult members allowed the comparison with the registers in `scope`. `medium` is how they
    signed, since it is asked for."""

    wording: ClassVar = Wording(
        "签署承诺授权书",
        "Authorisation signed",
        "{signed_on}签署承诺授权书，同意与{scope}比对信息[；签署方式：{medium}]",
        "Signed on {signed_on}: data may be compared with {scope}[; by {medium}]",
    )
    household_id: UUID
    signers: list[UUID]
    scope: list[DataSource]
    document_hash: str
    assisted: bool
    signed_on: date
    medium: SignatureMedium | None = None


@dataclass(frozen=True, kw_only=True)
class AuthorisationRefused:
    """T5: the household does not allow it; no department is asked."""

    wording: ClassVar = Wording(
        "不同意授权",
        "Authorisation refused",
        "{refused_on}农户不同意授权：{reason}；不向任何部门查询",
        "Refused on {refused_on}: {reason}; no department is asked",
    )
    household_id: UUID
    reason: str
    refused_on: date


@dataclass(frozen=True, kw_only=True)
class DataComparisonRequested:
    """T6: the county asked these registers about the household."""

    wording: ClassVar = Wording(
        "发起信息比对",
        "Comparison requested",
        "{requested_on}向{sources}发起信息比对",
        "Comparison with {sources} requested on {requested_on}",
    )
    household_id: UUID
    comparison_id: UUID
    sources: list[DataSource]
    requested_on: date


@dataclass(frozen=True, kw_only=True)
class DataComparisonCompleted:
    """T6: every register asked answered or timed out. Findings are shown at the review, no more."""

    wording: ClassVar = Wording(
        "信息比对完成",
        "Comparison completed",
        "信息比对完成：{hits}项有记录，逾期未答{timed_out}；结果供评议参考，不自动否定",
        "Comparison completed: {hits} with a record, no answer from {timed_out}; for the review to see",
    )
    household_id: UUID
    comparison_id: UUID
    findings: list[Finding]
    hits: int
    timed_out: list[DataSource]
    completed_on: date


@dataclass(frozen=True, kw_only=True)
class ObjectionRaised:
    """Somebody objects to what was posted; while it is open, nothing is decided (T9, E10)."""

    wording: ClassVar = Wording(
        "提出异议",
        "Objection raised",
        "{raised_on}收到对{procedure}的异议（匿名：{anonymous}）：{text}",
        "Objection to the {procedure} on {raised_on} (anonymous: {anonymous}): {text}",
    )
    household_id: UUID
    objection_id: UUID
    procedure: Procedure
    anonymous: bool
    text: str
    raised_on: date


@dataclass(frozen=True, kw_only=True)
class ObjectionResolved:
    """The town answered. Upheld: identification is verified again, elimination ends (T11, T15). `risk_types` are
    then those of the clues, as when a case is returned."""

    wording: ClassVar = Wording(
        "异议处理",
        "Objection resolved",
        "{resolved_on}处理异议，成立：{upheld}；{text}",
        "Resolved on {resolved_on}, upheld: {upheld}; {text}",
    )
    household_id: UUID
    objection_id: UUID
    procedure: Procedure
    upheld: bool
    text: str
    resolved_on: date
    resolved_by: str
    risk_types: list[RiskType] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class EmergencyAssistanceGranted:
    """T12: a measure ran first after a disaster or an accident; the procedure follows (A21)."""

    wording: ClassVar = Wording(
        "应急先行帮扶",
        "Emergency assistance",
        "因{cause}于{granted_on}先行帮扶{amount_fen}元，程序后补",
        "After {cause}: {amount_fen} yuan on {granted_on}; the procedure follows",
    )
    household_id: UUID
    grant_id: UUID
    cause: EmergencyCause
    amount_fen: int
    granted_on: date
    granted_by: str


InquiryEvent = (
    AuthorisationSigned
    | AuthorisationRefused
    | DataComparisonRequested
    | DataComparisonCompleted
    | ObjectionRaised
    | ObjectionResolved
    | EmergencyAssistanceGranted
)

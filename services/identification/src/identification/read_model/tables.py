"""The tables of the read model. They can be dropped and folded again."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Index, MetaData, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlmodel import Column, Field, SQLModel

TABLES = MetaData(schema="read")


class Table(SQLModel):
    """A table of this read model."""

    metadata = TABLES


class HouseholdFields(SQLModel):
    """One household as lists show it; no personal data."""

    household_id: UUID = Field(primary_key=True)
    register_number: str = Field(unique=True)
    region: str = Field(index=True)
    category: str
    marginal_2019: bool
    persons: int
    has_labour: bool
    status: str = Field(index=True)
    origin: str
    stage: str = Field(index=True)
    monitored_class: str | None
    risk_types: Sequence[str] = Field(sa_column=Column(ARRAY(TEXT), nullable=False))
    discovered_on: date | None
    due_on: date | None = Field(index=True)
    version: int


class HouseholdRow(HouseholdFields, table=True):
    """One household on the register, or formerly on it."""

    metadata = TABLES
    __tablename__ = "household"


class AccessFields(SQLModel):
    """One look at a household or a person, granted for a purpose or refused."""

    event_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(index=True)
    person_id: UUID | None
    region: str = Field(index=True)
    granted: bool
    why: str
    looked_by: str
    organisation: str
    department: str
    looked_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class AccessRow(AccessFields, table=True):
    """One look as lists select it."""

    metadata = TABLES
    __tablename__ = "access"


class FactRow(Table, table=True):
    """One version of a department's record. `current` unless a later version or a retraction followed."""

    __tablename__ = "fact"
    __table_args__ = (
        # The registers of housing and schooling are read from the facts themselves.
        Index(
            "fact_register",
            "fact_type",
            "household_id",
            postgresql_where=text(
                "fact_type in ('HousingSafety', 'HousingRenovation', 'EnrolmentStatus')"
            ),
        ),
        # A person takes what was said of them along into another household; houses that were reported
        # by the number of somebody whose data may not be used are not shown.
        Index(
            "fact_of_person",
            "person_id",
            postgresql_where=text(
                "fact_type in ('EnrolmentStatus', 'DisabilityCard', 'DisabilityAllowance', "
                "'SeriousIllness', 'ChildInNeed', 'Death', 'HousingSafety', 'HousingRenovation')"
            ),
        ),
        # Who is said to have left is looked for among the members.
        Index(
            "fact_of_leaving",
            "event_id",
            postgresql_where=text("fact_type in ('Death', 'RegisterChange')"),
        ),
    )

    fact_key: bytes = Field(primary_key=True)
    record_version: int = Field(primary_key=True)
    content: bytes
    event_id: UUID
    household_id: UUID = Field(index=True)
    person_id: UUID
    fact_type: str
    detected_on: date
    amount: int | None = Field(sa_type=BigInteger)
    codes: str
    current: bool


class UnmatchedRow(Table, table=True):
    """A fact that waits, or waited, for its person."""

    __tablename__ = "unmatched"

    fact_id: UUID = Field(primary_key=True)
    fact_key: bytes = Field(index=True)
    record_version: int
    content: bytes
    event_id: UUID
    region: str
    department: str
    fact_type: str
    reason: str
    detected_on: date
    received_on: date
    outcome: str | None = None
    resolved_on: date | None = None
    waited_days: int | None = None


class IncomeRow(Table, table=True):
    """One assessment of a household's income, totals in fen.

    Of several with one window the later day is the later one, and of one day what was `first_told` last.
    """

    __tablename__ = "income"

    assessment_id: UUID = Field(primary_key=True)
    event_id: UUID
    household_id: UUID = Field(index=True)
    window_to: date
    assessed_on: date
    first_told: UUID
    members: int
    disposable_fen: int = Field(sa_type=BigInteger)
    net_fen: int = Field(sa_type=BigInteger)
    reference_fen: int = Field(sa_type=BigInteger)
    operating_fen: int = Field(sa_type=BigInteger)


class ClueEvidenceRow(Table, table=True):
    """A fact that a clue rests on."""

    __tablename__ = "clue_evidence"

    clue_id: UUID = Field(primary_key=True)
    fact_event_id: UUID = Field(primary_key=True, index=True)
    household_id: UUID
    rule_id: str | None
    discovered_on: date


class TaskRow(Table, table=True):
    """Something that people have to look at; it changes no status by itself."""

    __tablename__ = "task"

    task_id: UUID = Field(primary_key=True)
    kind: str = Field(index=True)
    household_id: UUID | None = Field(index=True)
    source_id: UUID | None = Field(default=None, index=True)
    clue_id: UUID | None = None
    region: str = Field(index=True)
    opened_on: date
    due_on: date | None = None
    closed_on: date | None = None
    outcome: str | None = None


class PolicyRow(Table, table=True):
    """One published parameter; `value` is JSON."""

    __tablename__ = "policy"

    version: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    region: str
    value: str
    kind: str
    source: str
    effective_from: date
    effective_to: date | None
    published_on: date


class CaseFields(SQLModel):
    """One case, from its first clue to its end; `outcome` is null while it is open.

    `case_id` is the clue that opened it. `stage_since` is the business date of the last change of
    stage, `unhandled` are clues that joined after the confirmation and wait to be looked at,
    `target_missed`: it was said that the episode missed the county's target (S7.3-02), `open_again_on`
    the day on which it counted for the target again, after an elimination or without labour.
    """

    case_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(index=True)
    region: str = Field(index=True)
    channel: str | None
    stage: str = Field(index=True)
    stage_since: date
    outcome: str | None
    ended_on: date | None
    risk_types: Sequence[str] = Field(sa_column=Column(ARRAY(TEXT), nullable=False))
    discovered_on: date
    due_on: date = Field(index=True)
    warned: bool
    missed: bool
    consent: str
    comparison_open: bool
    comparison_hits: int | None
    objections: int
    unhandled: int
    episode_id: UUID | None
    episode_no: int | None
    monitored_class: str | None
    disaster_subtype: str | None
    labour_household: bool | None
    has_labour: bool
    confirmed_on: date | None
    elapsed_days: int | None
    late: bool | None
    target_missed: bool
    open_again_on: date | None


class CaseRow(CaseFields, table=True):
    """One case as lists select it."""

    metadata = TABLES
    __tablename__ = "case_file"


class ClueFields(SQLModel):
    """One clue and what became of it: OPEN, TAKEN_UP, REJECTED, WITHDRAWN or CLOSED."""

    clue_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(index=True)
    case_id: UUID = Field(index=True)
    region: str = Field(index=True)
    channel: str
    medium: str | None
    risk_types: Sequence[str] = Field(sa_column=Column(ARRAY(TEXT), nullable=False))
    severity: str
    discovered_on: date
    status: str = Field(index=True)


class ClueRow(ClueFields, table=True):
    """One clue as lists select it."""

    metadata = TABLES
    __tablename__ = "clue"

    due_on: date = Field(index=True)


class EmergencyRow(Table, table=True):
    """Help that ran ahead of a case (T12), until a case takes it up."""

    __tablename__ = "emergency_grant"

    grant_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(index=True)
    region: str
    granted_on: date
    taken_up: bool
    warned: bool

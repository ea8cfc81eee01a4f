"""The tables that visits shows and looks up; `metadata` is what is laid at start."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, MetaData
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlmodel import BigInteger, Column, Field, SQLModel

TABLES = MetaData(schema="read")
STATES = OPEN, FULFILLED, CANCELLED = "OPEN", "FULFILLED", "CANCELLED"  # of a duty to visit
# Those that follow from the events of identification.
HEARD = frozenset(
    {
        "known_household",
        "moved",
        "taken_over",
        "monitored",
        "stretch",
        "formerly_poor",
        "asked_quarter",
        "focus",
        "restricted",
        "last_word",
    }
)


class Table(SQLModel):
    """A table of this read model."""

    metadata = TABLES


class ObligationFields(SQLModel):
    """One duty to visit."""

    obligation_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(index=True)
    obligation: str
    responsible_region: str = Field(index=True)
    period_from: date
    period_to: date
    due_on: date = Field(index=True)
    status: str = Field(index=True)
    fulfilled_by: UUID | None
    fulfilled_on: date | None


class ObligationRow(ObligationFields, table=True):
    """One duty as lists select it."""

    metadata = TABLES
    __tablename__ = "obligation"


class VisitFields(SQLModel):
    """One visit. `visitors` are `{person_id, post}`, in the post held that day."""

    visit_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(index=True)
    visited_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    visited_on: date
    mode: str
    visitors: Sequence[Any] = Field(sa_column=Column(JSONB, nullable=False))
    purposes: Sequence[str] = Field(sa_column=Column(ARRAY(TEXT), nullable=False))
    photo_hashes: list[str] = Field(sa_column=Column(ARRAY(TEXT), nullable=False))
    backfilled: bool


class VisitRow(VisitFields, table=True):
    """One visit as lists select it."""

    metadata = TABLES
    __tablename__ = "visit"


class KnownHouseholdRow(Table, table=True):
    """A household on identification's register, and where it is."""

    __tablename__ = "known_household"

    household_id: UUID = Field(primary_key=True)
    region: str


class MovedRow(Table, table=True):
    """On which day a household moved inside the county (T19), and from where."""

    __tablename__ = "moved"

    household_id: UUID = Field(primary_key=True)
    moved_on: date = Field(primary_key=True)
    from_region: str


class TakenOverRow(Table, table=True):
    """A household that was absorbed, and the one (and its region) in which its episode goes on (A54)."""

    __tablename__ = "taken_over"

    household_id: UUID = Field(primary_key=True)
    survivor_id: UUID = Field(index=True)
    region: str
    merged_on: date


class MonitoredRow(Table, table=True):
    """A household that must be visited each month, and the first day of the last month that was asked for."""

    __tablename__ = "monitored"

    household_id: UUID = Field(primary_key=True)
    through: date = Field(index=True)


class StretchRow(Table, table=True):
    """Days on which a household was monitored, until the one on which it left, if it has."""

    __tablename__ = "stretch"

    household_id: UUID = Field(primary_key=True)
    since: date = Field(primary_key=True)
    left_on: date | None


class FormerlyPoorRow(Table, table=True):
    """Days on which a household was a 脱贫户 on the register, until the one on which it left, if it has."""

    __tablename__ = "formerly_poor"

    household_id: UUID = Field(primary_key=True)
    since: date = Field(primary_key=True)
    left_on: date | None


class AskedQuarterRow(Table, table=True):
    """The first day of the last quarter whose duties were asked for, of a household that is monitored or a 脱贫户.
    One without a row was not asked yet: a version before that had no such duties heard of it."""

    __tablename__ = "asked_quarter"

    household_id: UUID = Field(primary_key=True)
    through: date


class ScreeningFields(SQLModel):
    """One screening with its whole form (S2-04). Money in fen, of twelve months."""

    screening_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(index=True)
    visit_id: UUID | None
    screened_on: date = Field(index=True)
    disposable_fen: int = Field(sa_type=BigInteger)
    dropouts: int
    uninsured: int
    housing_grade: str
    water_safe: bool
    rigid_expenditure_fen: int = Field(sa_type=BigInteger)
    industry: str
    employment: str
    medical_care: str
    suspected_risks: Sequence[str] = Field(sa_column=Column(ARRAY(TEXT), nullable=False))


class ScreeningRow(ScreeningFields, table=True):
    """One screening as lists select it."""

    metadata = TABLES
    __tablename__ = "screening"


class FocusRow(Table, table=True):
    """A household on a focus list (S2-03), for the household itself or a person: `subject_id`."""

    __tablename__ = "focus"

    household_id: UUID = Field(primary_key=True)
    focus_group: str = Field(primary_key=True)
    subject_id: UUID = Field(primary_key=True)
    since: date


class RestrictedRow(Table, table=True):
    """A person whose data may be kept, and not shown or counted (PIPL 47)."""

    __tablename__ = "restricted"

    person_id: UUID = Field(primary_key=True)


class LastWordRow(Table, table=True):
    """When it was recorded what counts of a person: that the data are restricted, or not any more."""

    __tablename__ = "last_word"

    person_id: UUID = Field(primary_key=True)
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))

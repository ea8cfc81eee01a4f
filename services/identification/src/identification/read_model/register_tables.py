"""The tables of the members, and of the registers of housing, schooling and water."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from identification.read_model.tables import TABLES as TABLES
from identification.read_model.tables import Table


class MemberFields(SQLModel):
    """One member as the register shows it; no personal data beside the birth date."""

    household_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    relation: str
    sex: str
    born_on: date
    labour_capacity: str
    health: str
    schooling: str
    restricted: bool
    without_number: bool


class MemberRow(MemberFields, table=True):
    """One member as the register keeps it."""

    metadata = TABLES
    __tablename__ = "member"
    __table_args__ = (
        # Newborns who wait for their numbers are few.
        Index("member_without_number", "person_id", postgresql_where=text("without_number")),
    )


class DangerousHouseRow(Table, table=True):
    """One entry of the ledger of dangerous houses. `overdue`: that its remedy is late has been said."""

    __tablename__ = "dangerous_house"

    entry_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(index=True)
    grade: str
    assessed_on: date
    due_on: date
    ledgered_on: date
    started_on: date | None
    finished_on: date | None
    overdue: bool
    cleared_on: date | None
    cleared_why: str | None


class MergedRow(Table, table=True):
    """A household that is part of another now: `survivor_id`, the last one, if that was merged in turn.
    `into_id` is the household that took it in, `event_id` the event that said so."""

    __tablename__ = "merged"

    household_id: UUID = Field(primary_key=True)
    survivor_id: UUID = Field(index=True)
    into_id: UUID
    event_id: UUID


class ResidenceRow(Table, table=True):
    """A report that somebody's registration has moved, to which staff answered that the member lives here."""

    __tablename__ = "residence"

    fact_event_id: UUID = Field(primary_key=True)


class DropoutRow(Table, table=True):
    """A child of compulsory age out of school, until `ended_on`."""

    __tablename__ = "dropout"

    dropout_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(index=True)
    person_id: UUID = Field(index=True)
    term: str
    basis: str
    cause: str | None
    detected_on: date
    ended_on: date | None
    ended_why: str | None


class WaterSourceRow(Table, table=True):
    """A source of drinking water with its latest test."""

    __tablename__ = "water_source"

    source_id: UUID = Field(primary_key=True)
    label: str
    kind: str
    region: str = Field(index=True)
    served_count: int
    test_id: UUID | None
    test_event_id: UUID | None
    tested_on: date | None
    valid_to: date | None = Field(index=True)
    qualified: bool | None
    faults: str
    due: bool
    expired: bool
    version: int


class WaterServedRow(Table, table=True):
    """A household that a source serves."""

    __tablename__ = "water_served"

    source_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(primary_key=True, index=True)

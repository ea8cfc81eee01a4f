"""The tables of the read model. They can be dropped and folded again."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, MetaData
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlmodel import Column, Field, SQLModel

TABLES = MetaData(schema="read")


class HouseholdRow(SQLModel, table=True):
    """One household as lists show it; no personal data."""

    metadata = TABLES
    __tablename__ = "household"

    household_id: UUID = Field(primary_key=True)
    register_number: str = Field(unique=True)
    region: str = Field(index=True)
    category: str
    marginal_2019: bool
    persons: int
    has_labour: bool
    status: str = Field(index=True)
    stage: str = Field(index=True)
    monitored_class: str | None
    risk_types: list[str] = Field(sa_column=Column(ARRAY(TEXT), nullable=False))
    discovered_on: date | None
    due_on: date | None = Field(index=True)
    version: int


class MemberRow(SQLModel, table=True):
    """One member as the register shows it; no personal data beside the birth date."""

    metadata = TABLES
    __tablename__ = "member"

    household_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    relation: str
    sex: str
    born_on: date
    labour_capacity: str
    health: str
    schooling: str
    restricted: bool


class FactRow(SQLModel, table=True):
    """One department fact, as far as rules look back at it."""

    metadata = TABLES
    __tablename__ = "fact"

    event_id: UUID = Field(primary_key=True)
    household_id: UUID = Field(index=True)
    person_id: UUID
    fact_type: str
    detected_on: date
    own_cost_fen: int | None = Field(sa_type=BigInteger)

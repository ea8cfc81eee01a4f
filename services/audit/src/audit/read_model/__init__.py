"""The timeline: every event of every service, once, in an order that does not depend on when events arrive.

The order is `(key, recorded_at, service, stream, version)`, all taken from the envelope. Where a record lay
on Kafka (`topic`, `partition`, `offset`) is kept for people who search; it is part of neither order nor
hash, since publishing again may change it. Disposable: `python -m audit.rebuild`.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

from audit.read_model import whereabouts
from common.inbox import Handle
from common.incoming import Incoming
from common.intents import Connection

SCHEMA = "read"
BYTES = Text(collation="C")  # compared byte by byte, so that order is the same in every database
MOMENT = DateTime(timezone=True)
TABLES = MetaData(schema=SCHEMA)
OF_AREAS = "starts_with(stream, 'access-to-area-')"  # looks at lists; a query says it word by word


class Entry(SQLModel, table=True):
    """One event as it was published. `key` is the household, or the stream where there is none."""

    metadata = TABLES
    __tablename__ = "timeline"
    __table_args__ = (
        Index(
            "timeline_of_areas",
            *("recorded_at", "service", "stream", "version"),
            postgresql_where=text(OF_AREAS),
        ),
    )

    key: str = Field(primary_key=True, sa_type=BYTES)
    recorded_at: datetime = Field(primary_key=True, sa_type=MOMENT)
    service: str = Field(primary_key=True, sa_type=BYTES)
    stream: str = Field(primary_key=True, sa_type=BYTES)
    version: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )
    event_id: UUID
    household_id: UUID | None
    type: str = Field(sa_type=Text)
    schema_version: int
    occurred_at: datetime = Field(sa_type=MOMENT)
    actor_person: str = Field(sa_type=Text)
    actor_post: str = Field(sa_type=Text)
    actor_organisation: str = Field(sa_type=Text)
    actor_department: str = Field(sa_type=Text)
    actor_region: str = Field(sa_type=Text)
    region: str = Field(sa_type=Text)
    policy_version: str | None = Field(sa_type=Text)
    correlation_id: UUID
    causation_id: UUID | None
    classification: str = Field(sa_type=Text)
    data: bytes = Field(sa_type=LargeBinary)
    prev_hash: bytes = Field(sa_type=LargeBinary)
    hash: bytes = Field(sa_type=LargeBinary)
    topic: str = Field(sa_type=Text)
    partition: int = Field(sa_type=SmallInteger)
    offset: int = Field(sa_type=BigInteger)


class Household(SQLModel, table=True):
    """What the timeline holds of a household: how many events, and when the last was recorded; and in
    which area it is, by the event that `service`, `stream` and `version` name (`audit.read_model.whereabouts`)."""

    metadata = TABLES
    __tablename__ = "households"
    __table_args__ = (Index("households_by_region", "region", "household_id"),)

    household_id: UUID = Field(primary_key=True)
    region: str = Field(sa_type=BYTES)
    events: int
    recorded_at: datetime = Field(sa_type=MOMENT)
    service: str = Field(sa_type=BYTES)
    stream: str = Field(sa_type=BYTES)
    version: int = Field(sa_type=BigInteger)


class Called(SQLModel, table=True):
    """What lists call a household by, if it has that: its number on the register, as
    `audit.read_model.called` last folded it. Lists are sorted by its bytes."""

    metadata = TABLES
    __tablename__ = "called"
    __table_args__ = (Index("called_by_name", "name"),)

    household_id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=BYTES)


class Counted(SQLModel, table=True):
    """The phase of a household; and from how many events, and by which meanings of them, it was computed."""

    metadata = TABLES
    __tablename__ = "counted"
    __table_args__ = (
        Index(
            "counted_by_phase",
            "phase",
            "region",
            "household_id",
            postgresql_where=text("phase is not null"),
        ),
    )

    household_id: UUID = Field(primary_key=True)
    region: str = Field(sa_type=BYTES)
    events: int
    rules: int = Field(sa_type=BigInteger)
    phase: str | None = Field(sa_type=Text)


class Reached(SQLModel, table=True):
    """A step of the way from clue to elimination. Round 0 says that it was reached. In other rounds, `days`
    is how long it took from the step before."""

    metadata = TABLES
    __tablename__ = "steps"
    __table_args__ = (Index("steps_by_region", "region", "household_id"),)

    household_id: UUID = Field(primary_key=True)
    rank: int = Field(primary_key=True, sa_type=SmallInteger)
    round: int = Field(primary_key=True)
    region: str = Field(sa_type=BYTES)
    days: int | None


class Duty(SQLModel, table=True):
    """A duty that was opened, and when it was closed. `kind` names the event that opened it."""

    metadata = TABLES
    __tablename__ = "duties"
    __table_args__ = (Index("duties_by_region", "region", "household_id"),)

    household_id: UUID = Field(primary_key=True)
    id: str = Field(primary_key=True, sa_type=Text)
    round: int = Field(primary_key=True)
    region: str = Field(sa_type=BYTES)
    kind: str = Field(sa_type=Text)
    due_on: date | None
    closed_on: date | None


Place = tuple[datetime, str, str, int]
COLUMNS = tuple(Entry.model_fields)


def row(item: Incoming) -> tuple[object, ...]:
    """An incoming event as a row, in the order of `COLUMNS`."""
    event = item.event
    assert event is not None
    actor = event.actor
    return (
        item.key,
        event.recorded_at,
        event.service,
        event.stream,
        event.version,
        event.event_id,
        event.household_id,
        event.type,
        event.schema_version,
        event.occurred_at,
        actor.person,
        actor.post,
        actor.organisation,
        actor.department,
        actor.region,
        event.region,
        event.policy_version,
        event.correlation_id,
        event.causation_id,
        event.classification,
        event.data,
        event.prev_hash,
        event.hash,
        item.place.topic,
        item.place.partition,
        item.offset,
    )


Copy = Callable[[Connection, Sequence[Incoming]], Awaitable[None]]


def copying(schema: str) -> Copy:
    """Puts a batch into the timeline of `schema`, in one COPY."""

    async def copy(connection: Connection, items: Sequence[Incoming]) -> None:
        await connection.copy_records_to_table(
            "timeline", schema_name=schema, columns=COLUMNS, records=[row(item) for item in items]
        )

    return copy


def taking(schema: str = SCHEMA) -> Handle:
    """The effect of a batch of events: the timeline, and the household list, a statement each."""
    copy, listing = copying(schema), whereabouts.listing(schema)

    async def take(connection: Connection, items: Sequence[Incoming]) -> None:
        await copy(connection, items)
        await listing(connection, items)

    return take


async def mend(connection: Connection, consumer: str) -> bool:
    """After the tables were dropped, start to read the log from its beginning; true if that is needed.

    An empty timeline beside cursors that have moved means that what was read is gone. Whoever consumes now
    is fenced, since its offsets are deleted.
    """
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(hashtext($1))", consumer)
        if await connection.fetchval(_LOST, consumer):
            for table in ("offsets", "cursors", "parked"):
                await connection.execute(f"delete from es.{table} where consumer = $1", consumer)
            await connection.execute(
                "truncate read.households, read.called, read.counted, read.steps, read.duties"
            )
            return True
        if await connection.fetchval(_UNLISTED):
            await whereabouts.fill(connection, SCHEMA)
        return False


_LOST = """
select exists (select from es.cursors where consumer = $1)
    and not exists (select from read.timeline)
"""
_UNLISTED = """
select not exists (select from read.households)
    and exists (select from read.timeline where household_id is not null)
"""

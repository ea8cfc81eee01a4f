"""Sources of drinking water, the households they serve, and the tests to arrange."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from common.intents import Connection, Fresh
from contracts.safeguards import (
    WaterFault,
    WaterKind,
    WaterServiceChanged,
    WaterSourceRegistered,
    WaterTestDue,
    WaterTestExpired,
    WaterTestRecorded,
)
from identification.domain.water import Source

State = Literal["NONE", "VALID", "FAILED", "STALE"]


async def put(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Keep the sources as they are after these events, the households they serve, and the tasks to test
    them."""
    latest = {f.event.stream: f for f in fresh}
    tests = [f for f in fresh if isinstance(f.payload, WaterTestRecorded)]
    reports = {(f.payload.source_id, f.payload.test_id): f.event.event_id for f in tests}
    rows = [_source(f, reports) for f in latest.values()]
    await connection.execute(_UPSERT, *zip(*rows, strict=True))
    await _serve(connection, fresh)
    tasks = [f for f in fresh if isinstance(f.payload, WaterTestDue | WaterTestExpired)]
    if tasks:
        await connection.execute(
            _OPEN,
            [f.payload.task_id for f in tasks],
            [f.payload.source_id for f in tasks],
            [f.event.region for f in tasks],
            [_opened_on(f.payload) for f in tasks],
            [_due_on(f.payload) for f in tasks],
        )
    # An older test that comes late says nothing of the water now, so its task stays open.
    if latest_tests := [f.payload for f in tests if f.payload == f.state.last]:
        await connection.execute(
            _CLOSE, [t.source_id for t in latest_tests], [t.tested_on for t in latest_tests]
        )


async def is_stale(connection: Any, household_id: UUID, on: date) -> bool:
    """Whether the latest report of a source that serves the household has run out on a day (S1.3-06)."""
    found: bool = await connection.fetchval(
        """
        select exists (
            select from read.water_served join read.water_source using (source_id)
            where household_id = $1 and valid_to < $2
        )
        """,
        household_id,
        on,
    )
    return found


def _opened_on(event: WaterTestDue | WaterTestExpired) -> date:
    return event.noticed_on if isinstance(event, WaterTestDue) else event.expired_on


def _due_on(event: WaterTestDue | WaterTestExpired) -> date:
    return event.valid_to if isinstance(event, WaterTestDue) else event.expired_on


def _source(fresh: Fresh, reports: Mapping[tuple[UUID, UUID], UUID]) -> tuple[Any, ...]:
    """`reports`: the events of the tests that are being recorded; of an older one it is kept."""
    state: Source = fresh.state
    last = state.last
    return (
        state.registered.source_id,
        state.registered.label,
        state.registered.kind.value,
        state.registered.region,
        len(state.served),
        last.test_id if last else None,
        reports.get((last.source_id, last.test_id)) if last else None,
        last.tested_on if last else None,
        last.valid_to if last else None,
        last.qualified if last else None,
        ",".join(last.faults) if last else "",
        state.due,
        state.expired,
        fresh.event.version,
    )


_UPSERT = """
insert into read.water_source (source_id, label, kind, region, served_count, test_id, test_event_id,
    tested_on, valid_to, qualified, faults, due, expired, version)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $6::uuid[],
    $7::uuid[], $8::date[], $9::date[], $10::bool[], $11::text[], $12::bool[], $13::bool[],
    $14::int[])
on conflict (source_id) do update set
    served_count = excluded.served_count, test_id = excluded.test_id,
    test_event_id = coalesce(excluded.test_event_id, read.water_source.test_event_id),
    tested_on = excluded.tested_on, valid_to = excluded.valid_to, qualified = excluded.qualified,
    faults = excluded.faults, due = excluded.due, expired = excluded.expired,
    version = excluded.version
"""


async def _serve(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Whom the sources serve: the last word on each pair counts."""
    said: dict[tuple[UUID, UUID], bool] = {}
    for f in fresh:
        match f.payload:
            case WaterSourceRegistered(source_id=source_id, served=served):
                said |= {(source_id, household): True for household in served}
            case WaterServiceChanged(source_id=source_id, connected=new, disconnected=gone):
                said |= {(source_id, household): True for household in new}
                said |= {(source_id, household): False for household in gone}
    for pairs, statement in (
        ([pair for pair, on in said.items() if not on], _DISCONNECT),
        ([pair for pair, on in said.items() if on], _CONNECT),
    ):
        if pairs:
            await connection.execute(
                statement, [source for source, _ in pairs], [household for _, household in pairs]
            )


_CONNECT = """
insert into read.water_served (source_id, household_id)
select * from unnest($1::uuid[], $2::uuid[]) on conflict do nothing
"""
_DISCONNECT = """
delete from read.water_served w using unnest($1::uuid[], $2::uuid[]) as t (source_id, household_id)
where w.source_id = t.source_id and w.household_id = t.household_id
"""
_OPEN = """
insert into read.task (task_id, kind, source_id, region, opened_on, due_on)
select task_id, 'WATER_TEST', source_id, region, opened_on, due_on
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[], $5::date[])
    as t (task_id, source_id, region, opened_on, due_on)
on conflict do nothing
"""
_CLOSE = """
update read.task k set closed_on = t.tested_on, outcome = 'TESTED'
from unnest($1::uuid[], $2::date[]) as t (source_id, tested_on)
where k.source_id = t.source_id and k.kind = 'WATER_TEST' and k.closed_on is null
"""


@dataclass(frozen=True)
class Served:
    """A household of the two groups that a source serves."""

    household_id: UUID
    region: str
    formerly_poor: bool
    stage: str


@dataclass(frozen=True)
class Supply:
    """A source's latest test, by its id and by the event that recorded it, and the households that the
    source serves now."""

    test_id: UUID | None
    test_event_id: UUID | None
    valid_to: date
    faults: tuple[WaterFault, ...]
    served: list[Served]


async def served_by(connection: Connection, sources: Sequence[UUID]) -> dict[UUID, Supply]:
    """The latest test of each source, and the households on the register that it serves, in one query."""
    rows = await connection.fetch(
        """
        select s.source_id, s.test_id, s.test_event_id, s.valid_to, s.faults,
            h.household_id, h.region, h.category, h.stage
        from read.water_source s
        left join read.water_served w using (source_id)
        left join read.household h on h.household_id = w.household_id and h.status = 'ACTIVE'
        where s.source_id = any($1::uuid[]) order by h.household_id
        """,
        sources,
    )
    found: dict[UUID, Supply] = {}
    for row in rows:
        faults = tuple(WaterFault[fault] for fault in row["faults"].split(",") if fault)
        supply = found.setdefault(
            row["source_id"],
            Supply(row["test_id"], row["test_event_id"], row["valid_to"] or date.min, faults, []),
        )
        if row["household_id"]:
            poor = row["category"] == "FORMERLY_POOR"
            supply.served.append(Served(row["household_id"], row["region"], poor, row["stage"]))
    return found


async def to_look_at(connection: Any, today: date, ahead: int) -> list[tuple[UUID, str]]:
    """Sources whose report has run out or does so within `ahead` days, and of which that was not said yet:
    id and area."""
    rows = await connection.fetch(
        """
        select source_id, region from read.water_source
        where (not due and valid_to - $2::int <= $1) or (not expired and valid_to < $1)
        order by source_id
        """,
        today,
        ahead,
    )
    return [(row["source_id"], row["region"]) for row in rows]


async def region_of(connection: Any, source_id: UUID) -> str | None:
    """The area of a source, if it is registered."""
    found: str | None = await connection.fetchval(
        "select region from read.water_source where source_id = $1", source_id
    )
    return found


@dataclass(frozen=True, slots=True)
class Supplying:
    """A source with its latest test and the faults that it found. `version` is what `If-Match` names."""

    source_id: UUID
    label: str
    kind: WaterKind
    region: str
    served_count: int
    state: State
    tested_on: date | None
    valid_to: date | None
    qualified: bool | None
    faults: list[WaterFault]
    version: int


async def many(
    connection: Any,
    *,
    region: str,
    state: str | None,
    on: date,
    after: UUID | None,
    limit: int,
) -> list[Supplying]:
    """Sources of an area by id, each with its state on a day: NONE, VALID, FAILED or STALE."""
    rows = await connection.fetch(
        """
        select * from (
            select source_id, label, kind, region, served_count, tested_on, valid_to, qualified,
                string_to_array(faults, ',') as faults, version,
                case when test_id is null then 'NONE' when valid_to < $3 then 'STALE'
                    when qualified then 'VALID' else 'FAILED' end as state
            from read.water_source where region like $1 || '%'
        ) as s
        where ($2::text is null or state = $2) and ($4::uuid is null or source_id > $4)
        order by source_id limit $5
        """,
        region,
        state,
        on,
        after,
        limit,
    )
    return [Supplying(**row) for row in rows]

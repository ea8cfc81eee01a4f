"""Who is entitled to protection and does not have it, as Civil Affairs and staff list it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Field

from common.intents import Connection, Fresh
from contracts.protection import Protection, ProtectionGapClosed, ProtectionGapDetected
from identification.read_model.tables import Table

NOBODY = UUID(int=0)  # the person of a gap that is the household's


class GapRow(Table, table=True):
    """A gap that is open; `person_id` is `NOBODY` where it is the household's."""

    __tablename__ = "protection_gap"

    household_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    region: str = Field(index=True)
    detected_on: date


async def put(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Gaps come and go: what is said last of each counts."""
    last = {
        (f.payload.household_id, f.payload.kind.value, f.payload.person_id or NOBODY): f
        for f in fresh
    }
    closed = [key for key, f in last.items() if isinstance(f.payload, ProtectionGapClosed)]
    if closed:
        await connection.execute(_CLOSED, *zip(*closed, strict=True))
    opened = [
        (*key, f.event.region, f.payload.detected_on)
        for key, f in last.items()
        if isinstance(f.payload, ProtectionGapDetected)
    ]
    if opened:
        await connection.execute(_OPENED, *zip(*opened, strict=True))


_CLOSED = """
delete from read.protection_gap g
using unnest($1::uuid[], $2::text[], $3::uuid[]) as t (household_id, kind, person_id)
where g.household_id = t.household_id and g.kind = t.kind and g.person_id = t.person_id
"""
_OPENED = """
insert into read.protection_gap (household_id, kind, person_id, region, detected_on)
select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::date[])
on conflict (household_id, kind, person_id) do update set detected_on = excluded.detected_on
"""


# Of a person whose data may not be used, no gap is shown or counted (PIPL 47).
_SHOWN = """
read.protection_gap g join read.household h using (household_id)
where h.status = 'ACTIVE' and h.region like $1 || '%'
    and g.person_id not in (select person_id from vault.restricted)
"""


@dataclass(frozen=True, slots=True)
class Gaps:
    """A household with its open gaps, the first day of the oldest, and how many persons have one of their own."""

    household_id: UUID
    register_number: str
    region: str
    since: date
    kinds: list[Protection]
    persons: int


async def many(
    connection: Any, *, region: str, kind: str | None, after: UUID | None, limit: int
) -> list[Gaps]:
    """Households of an area with an open gap, by id, each with its gaps and since when."""
    rows = await connection.fetch(
        f"""
        select household_id, h.register_number, h.region, min(g.detected_on) as since,
            array_agg(distinct g.kind order by g.kind) as kinds,
            count(distinct g.person_id) filter (where g.person_id <> $5) as persons
        from {_SHOWN} and ($2::text is null or g.kind = $2)
            and ($3::uuid is null or household_id > $3)
        group by household_id, h.register_number, h.region order by household_id limit $4
        """,
        region,
        kind,
        after,
        limit,
        NOBODY,
    )
    return [Gaps(**row) for row in rows]


async def counted(connection: Any, region: str) -> dict[str, int]:
    """S4.0-01, S4.1-03: open gaps of an area by kind, those without any as 0."""
    rows = await connection.fetch(
        f"select g.kind, count(*) as gaps from {_SHOWN} group by g.kind", region
    )
    found = {row["kind"]: row["gaps"] for row in rows}
    return {kind.value: found.get(kind.value, 0) for kind in Protection}

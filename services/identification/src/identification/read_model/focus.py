"""The focus lists as they stand: households by group, and for whom in them (S2-03)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from common.intents import Connection, Fresh
from contracts.codes import Category
from contracts.focus import FocusGroup, FocusGroupTagged
from contracts.stages import Stage
from identification.read_model.protection import NOBODY
from identification.read_model.tables import Table

_groups = {group.value: group for group in FocusGroup}


class FocusRow(Table, table=True):
    """A tag; `person_id` is `NOBODY` where it is the household's."""

    __tablename__ = "focus_tag"

    household_id: UUID = Field(primary_key=True)
    focus: str = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True)
    since: date


class FocusShown(SQLModel):
    """A group that a household is in, for this person or as a whole."""

    group: FocusGroup
    person_id: UUID | None
    since: date


async def put(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Tags come and go: what is said last of each counts."""
    last = {
        (f.payload.household_id, f.payload.group.value, f.payload.person_id or NOBODY): f.payload
        for f in fresh
    }
    over = [key for key, said in last.items() if not isinstance(said, FocusGroupTagged)]
    if over:
        await connection.execute(_OVER, *zip(*over, strict=True))
    new = [(*key, said.since) for key, said in last.items() if isinstance(said, FocusGroupTagged)]
    if new:
        await connection.execute(_NEW, *zip(*new, strict=True))


_OVER = """
delete from read.focus_tag f
using unnest($1::uuid[], $2::text[], $3::uuid[]) as t (household_id, focus, person_id)
where f.household_id = t.household_id and f.focus = t.focus and f.person_id = t.person_id
"""
_NEW = """
insert into read.focus_tag (household_id, focus, person_id, since)
select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::date[])
on conflict (household_id, focus, person_id) do update set since = excluded.since
"""
# Of a person whose data may not be used, no group is shown or counted (PIPL 47).
_SHOWN = """
read.focus_tag t join read.household h using (household_id)
where h.status = 'ACTIVE' and h.region like $1 || '%'
    and t.person_id not in (select person_id from vault.restricted)
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A household with its groups, the first day of the oldest, and how many persons have one of their own."""

    household_id: UUID
    register_number: str
    region: str
    category: Category
    stage: Stage
    since: date
    groups: list[FocusGroup]
    persons: int


async def many(
    connection: Any, *, region: str, group: str | None, after: UUID | None, limit: int
) -> list[Listed]:
    """Households of an area that are on a list, by id, each with all its groups and since when."""
    rows = await connection.fetch(
        f"""
        select household_id, h.register_number, h.region, h.category, h.stage,
            min(t.since) as since, array_agg(distinct t.focus order by t.focus) as groups,
            count(distinct t.person_id) filter (where t.person_id <> $5) as persons
        from {_SHOWN} and ($3::uuid is null or household_id > $3)
        group by household_id, h.register_number, h.region, h.category, h.stage
        having $2::text is null or bool_or(t.focus = $2)
        order by household_id limit $4
        """,
        region,
        group,
        after,
        limit,
        NOBODY,
    )
    return [Listed(**row) for row in rows]


async def of_household(connection: Any, household_id: UUID) -> list[FocusShown]:
    """The groups of one household."""
    rows = await connection.fetch(
        """
        select focus, person_id, since from read.focus_tag
        where household_id = $1 and person_id not in (select person_id from vault.restricted)
        order by focus, person_id
        """,
        household_id,
    )
    return [
        FocusShown(
            group=_groups[row["focus"]],
            person_id=row["person_id"] if row["person_id"] != NOBODY else None,
            since=row["since"],
        )
        for row in rows
    ]


async def counted(connection: Any, region: str) -> dict[str, int]:
    """S2-03: households of an area by group, those without any as 0, and `ANY` for all of them."""
    rows = await connection.fetch(
        f"""
        select coalesce(t.focus, 'ANY') as focus, count(distinct household_id) as households
        from {_SHOWN} group by grouping sets ((t.focus), ())
        """,
        region,
    )
    found = {row["focus"]: row["households"] for row in rows}
    names = [*(group.value for group in FocusGroup), "ANY"]
    return {name: found.get(name, 0) for name in names}

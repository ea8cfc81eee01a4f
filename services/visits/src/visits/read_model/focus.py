"""Households on a focus list, and whether they were screened in a quarter (S2-03).

The tables are functions of events of identification. What is known of a person whose data may not be
used (PIPL 47) is kept and neither shown nor counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from common.intents import Connection
from contracts.focus import FocusGroup, FocusGroupTagged, FocusGroupUntagged
from contracts.persons import ProcessingRestricted, RestrictionLifted

Listed = FocusGroupTagged | FocusGroupUntagged
Restricted = ProcessingRestricted | RestrictionLifted
Tag = tuple[UUID, str, UUID]


async def follow(connection: Connection, told: Sequence[tuple[datetime, Any]]) -> None:
    """Bring the tables to the state after these events, each with the moment of its record, by which they are in
    order. Of each tag and of each person the word counts that was recorded last: a person may be restricted in
    one household, and not any more in the next, of which others read earlier or later."""
    tags: dict[Tag, Listed] = {_tag(said): said for _, said in told if isinstance(said, Listed)}
    if gone := [tag for tag, said in tags.items() if isinstance(said, FocusGroupUntagged)]:
        await connection.execute(_UNTAGGED, *zip(*gone, strict=True))
    if held := [(*t, said.since) for t, said in tags.items() if isinstance(said, FocusGroupTagged)]:
        await connection.execute(_TAGGED, *zip(*held, strict=True))
    words = {said.person_id: (at, said) for at, said in told if isinstance(said, Restricted)}
    if not words:
        return
    rows = await connection.fetch(_LAST_WORD, list(words), [at for at, _ in words.values()])
    persons = {row["person_id"]: words[row["person_id"]][1] for row in rows}
    if lifted := [p for p, said in persons.items() if isinstance(said, RestrictionLifted)]:
        await connection.execute(_LIFTED, lifted)
    if restricted := [p for p, said in persons.items() if isinstance(said, ProcessingRestricted)]:
        await connection.execute(_RESTRICTED, restricted)


def _tag(said: Listed) -> Tag:
    return said.household_id, said.group.value, said.person_id or said.household_id


_UNTAGGED = """
delete from read.focus f using unnest($1::uuid[], $2::text[], $3::uuid[])
    as t (household_id, focus_group, subject_id)
where (f.household_id, f.focus_group, f.subject_id) = (t.household_id, t.focus_group, t.subject_id)
"""
_TAGGED = """
insert into read.focus (household_id, focus_group, subject_id, since)
select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::date[])
on conflict (household_id, focus_group, subject_id) do update set since = excluded.since
"""
# Those of whom nothing was heard that was recorded later.
_LAST_WORD = """
insert into read.last_word as l (person_id, recorded_at)
select * from unnest($1::uuid[], $2::timestamptz[]) order by 1
on conflict (person_id) do update set recorded_at = excluded.recorded_at
    where l.recorded_at <= excluded.recorded_at
returning person_id
"""
_LIFTED = "delete from read.restricted where person_id = any($1::uuid[])"
_RESTRICTED = """
insert into read.restricted (person_id) select unnest($1::uuid[]) on conflict do nothing
"""
# Households of the area $1 on a list, since when, and the last day of [$2, $3] on which each was screened,
# if any.
_LISTED = """
    select f.household_id, k.region, min(f.since) as since,
        array_agg(distinct f.focus_group order by f.focus_group) as groups,
        (
            select max(s.screened_on) from read.screening s
            where s.household_id = f.household_id and s.screened_on between $2 and $3
        ) as screened_on
    from read.focus f join read.known_household k using (household_id)
    where k.region like $1 || '%' and f.subject_id not in (select person_id from read.restricted)
    group by f.household_id, k.region
"""


@dataclass(frozen=True, slots=True)
class OnList:
    """A household with its groups, the first day of the oldest, and the last day in the quarter on which it was
    screened, if any."""

    household_id: UUID
    region: str
    since: date
    groups: list[FocusGroup]
    screened_on: date | None


async def many(
    pool: asyncpg.Pool,
    *,
    region: str,
    quarter: tuple[date, date],
    group: str | None,
    screened: bool | None,
    after: UUID | None,
    limit: int,
) -> list[OnList]:
    """Households of an area on a focus list by id, after a given one; at most `limit`."""
    rows = await pool.fetch(
        f"""
        select * from ({_LISTED}) as listed
        where ($4::text is null or $4 = any(groups))
            and ($5::bool is null or (screened_on is not null) = $5)
            and ($6::uuid is null or household_id > $6)
        order by household_id limit $7
        """,
        region,
        *quarter,
        group,
        screened,
        after,
        limit,
    )
    return [OnList(**row) for row in rows]


async def counted(pool: asyncpg.Pool, region: str, first: date, last: date) -> dict[str, int]:
    """How many households of an area are on a focus list, and how many of them were screened in
    `[first, last]`."""
    (row,) = await pool.fetch(
        f"select count(*) as listed, count(screened_on) as screened from ({_LISTED}) as listed",
        region,
        first,
        last,
    )
    return dict(row)

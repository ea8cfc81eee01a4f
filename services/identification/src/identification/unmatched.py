"""The waiting room: the blind index of each person that a fact speaks of and nobody registered.

It cannot be rebuilt from the log, which says nothing of the person, so it lives beside the vault. A
row leaves when the fact was matched, superseded or retracted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from common.intents import Connection

TABLES = """
create schema if not exists vault;
create table if not exists vault.unmatched (
    fact_id     uuid primary key,
    blind_index bytea not null
);
create index if not exists unmatched_person on vault.unmatched (blind_index);
"""


@dataclass(frozen=True)
class Match:
    """A fact that waits for somebody who is on the register now."""

    fact_id: UUID
    person_id: UUID
    household_id: UUID


async def keep(connection: Connection, rows: Sequence[tuple[UUID, bytes]]) -> None:
    """Let facts wait for the persons behind these blind indexes."""
    await connection.execute(
        """
        insert into vault.unmatched (fact_id, blind_index)
        select * from unnest($1::uuid[], $2::bytea[]) on conflict do nothing
        """,
        [fact_id for fact_id, _ in rows],
        [index for _, index in rows],
    )


async def matches(connection: Connection, ids: Sequence[UUID]) -> list[Match]:
    """The facts that wait for a member of these households, and those of these facts whose person
    is there by now, in one query."""
    rows = await connection.fetch(
        """
        select u.fact_id, p.person_id, p.household_id
        from vault.person p join vault.unmatched u using (blind_index)
        where p.active and (p.household_id = any($1::uuid[]) or u.fact_id = any($1::uuid[]))
        order by u.fact_id
        """,
        ids,
    )
    return [Match(row["fact_id"], row["person_id"], row["household_id"]) for row in rows]


async def forget(connection: Connection, facts: Sequence[UUID]) -> None:
    """These wait no longer."""
    await connection.execute("delete from vault.unmatched where fact_id = any($1::uuid[])", facts)

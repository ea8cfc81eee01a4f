"""The waiting room: the blind index of each person that a fact speaks of, while nobody registered
them or their data may not be used.

It cannot be rebuilt from the log, which says nothing of the person, so it lives beside the vault. A
row leaves when the fact was matched, superseded or retracted. Beside it stand the events that rules
have to judge again when a person's data may be used again.
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
create table if not exists vault.withheld (
    person_id uuid not null,
    event_id  uuid not null,
    primary key (person_id, event_id)
);
"""


@dataclass(frozen=True)
class Match:
    """A fact that waits for somebody who is on the register now, and whose data may be used."""

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
        *zip(*rows, strict=True),
    )


async def matches(connection: Connection, ids: Sequence[UUID]) -> list[Match]:
    """The facts that wait for a member of these households or for one of these persons, and those of
    these facts whose person is there by now, in one query.

    A restricted person (PIPL 47) is as good as absent.
    """
    rows = await connection.fetch(
        """
        select u.fact_id, p.person_id, p.household_id
        from vault.person p join vault.unmatched u using (blind_index)
        where p.active and not exists (
                select from vault.restricted r where r.person_id = p.person_id
            )
            and (p.household_id = any($1::uuid[]) or p.person_id = any($1::uuid[])
                or u.fact_id = any($1::uuid[]))
        order by u.fact_id
        """,
        ids,
    )
    return [Match(row["fact_id"], row["person_id"], row["household_id"]) for row in rows]


async def erased(connection: Connection) -> list[UUID]:
    """The facts whose person was erased: nobody can be found for them any more."""
    rows = await connection.fetch("select fact_id from vault.unmatched where blind_index = ''")
    return [row["fact_id"] for row in rows]


async def forget(connection: Connection, facts: Sequence[UUID]) -> None:
    """These wait no longer."""
    await connection.execute("delete from vault.unmatched where fact_id = any($1::uuid[])", facts)


async def withhold(connection: Connection, rows: Sequence[tuple[UUID, UUID]]) -> None:
    """Remember events that cannot be judged without what is known of a person: `(event, person)`."""
    if not rows:
        return
    await connection.execute(
        """
        insert into vault.withheld (event_id, person_id)
        select * from unnest($1::uuid[], $2::uuid[]) on conflict do nothing
        """,
        *zip(*rows, strict=True),
    )


async def released(connection: Connection, persons: Sequence[UUID]) -> list[UUID]:
    """The events that could not be judged without these persons' data; they are forgotten here."""
    rows = await connection.fetch(
        "delete from vault.withheld where person_id = any($1::uuid[]) returning event_id", persons
    )
    return [row["event_id"] for row in rows]

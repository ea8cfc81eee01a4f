"""The vault: the only place of names, identity numbers and addresses.

Each person's record is sealed, found by a blind index, and committed to in events (`seals`). Deleting
row and salt erases the person; the log and every proof stay whole.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from uuid import UUID

from common.decider import Refused
from common.intents import Conflict, Connection
from common.shape import lacking
from identification.seals import Sealed

RESTRICTING = 7_301_008  # advisory: shared by those who record facts, alone for a restriction

_ACTIVE = lacking(
    "vault.person",
    "active",
    "drop constraint if exists one_household_per_person,"
    " add column active boolean not null default true",
)
TABLES = f"""
create schema if not exists vault;
create table if not exists vault.person (
    person_id    uuid primary key,
    household_id uuid  not null,
    blind_index  bytea not null,
    salt         bytea not null,
    sealed       bytea not null,
    key_version  smallint not null default 1,
    active       boolean not null default true
);
{_ACTIVE}
create unique index if not exists one_active_household on vault.person (blind_index) where active;
create index if not exists person_number on vault.person (blind_index);
create index if not exists person_household on vault.person (household_id);
create table if not exists vault.restricted (person_id uuid primary key);
do $$ begin
    if to_regclass('vault.erased') is null then
        create table vault.erased (person_id uuid primary key);
        if to_regclass('es.events') is not null then  -- those of before there was the table
            insert into vault.erased
            select (convert_from(data, 'UTF8')::jsonb ->> 'person_id')::uuid from es.events
            where type = 'PersonalDataErased' on conflict do nothing;
        end if;
    end if;
end $$;
"""


@dataclass(frozen=True)
class Known:
    """A person found by identity number: who, in which household, in which area.

    `active`: still a member; `restricted`: the data may be kept and not used (PIPL 47).
    """

    person_id: UUID
    household_id: UUID
    region: str
    active: bool = True
    restricted: bool = False


@dataclass(frozen=True)
class Kept:
    """A record as it lies in the vault."""

    sealed: bytes
    active: bool
    restricted: bool


async def salts(connection: Connection, persons: Sequence[UUID]) -> dict[UUID, tuple[bytes, bytes]]:
    """The salt and the blind index of each of these persons who is in the vault: a repeated registration
    commits to the same, and an id belongs to whom the index says. Both are empty for somebody who was
    erased, whose id nobody else gets."""
    rows = await connection.fetch(
        """
        select person_id, salt, blind_index from vault.person where person_id = any($1::uuid[])
        union all select person_id, ''::bytea, ''::bytea from vault.erased
        where person_id = any($1::uuid[])
        """,
        persons,
    )
    return {row["person_id"]: (row["salt"], row["blind_index"]) for row in rows}


async def seen(connection: Connection, indexes: Sequence[bytes]) -> dict[bytes, Known]:
    """Members and former members by blind index, in one query; a member before a former one. Those
    nobody knows are absent."""
    rows = await connection.fetch(
        """
        select p.blind_index, p.person_id, p.household_id, h.region, p.active,
            r.person_id is not null as restricted
        from vault.person p join read.household h using (household_id)
        left join vault.restricted r using (person_id)
        where p.blind_index = any($1::bytea[]) order by p.active
        """,
        indexes,
    )
    return {
        row["blind_index"]: Known(
            row["person_id"],
            row["household_id"],
            row["region"],
            row["active"],
            row["restricted"],
        )
        for row in rows
    }


async def of_household(connection: Connection, household_id: UUID) -> dict[UUID, bytes]:
    """The sealed records of a household's members, by person, the head first."""
    rows = await connection.fetch(
        """
        select p.person_id, p.sealed
        from vault.person p left join read.member m using (household_id, person_id)
        where p.household_id = $1 and p.active order by m.relation = 'HEAD' desc nulls last
        """,
        household_id,
    )
    return {row["person_id"]: row["sealed"] for row in rows}


async def keep(connection: Connection, rows: Sequence[Sealed]) -> None:
    """Put persons into the vault, in place of what a former membership left there.

    Raises `UniqueViolationError` for a member of another household and for the id of another person;
    `Conflict` for the id of somebody who was erased at this moment, and for an address that has changed
    meanwhile.
    """
    await connection.execute(
        """
        delete from vault.person p using unnest($1::uuid[], $2::bytea[]) as n (person_id, blind_index)
        where p.person_id = n.person_id and p.blind_index = n.blind_index and not p.active
        """,
        [row.person_id for row in rows],
        [row.blind_index for row in rows],
    )
    put = await connection.execute(
        """
        insert into vault.person (person_id, household_id, blind_index, salt, sealed)
        select n.person_id, n.household_id, n.blind_index, n.salt, n.sealed
        from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[])
            as n (person_id, household_id, blind_index, salt, sealed, was)
        where not exists (select from vault.erased e where e.person_id = n.person_id)
            and (n.was = '' or exists (
                select from vault.person p where p.household_id = n.household_id and p.sealed = n.was))
        """,
        *zip(*map(astuple, rows), strict=True),
    )
    if put != f"INSERT 0 {len(rows)}":
        raise Conflict


async def rewrite(connection: Connection, rows: Sequence[Sealed]) -> None:
    """Records of persons anew, in place of those that were read.

    Raises `Conflict` if one is not as it was read: what was written meanwhile would be lost;
    `UniqueViolationError` for the number of another member.
    """
    done = await connection.execute(
        """
        update vault.person p set blind_index = n.blind_index, salt = n.salt, sealed = n.sealed,
            masked_index = case when p.blind_index = n.blind_index then p.masked_index end
        from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[])
            as n (person_id, household_id, blind_index, salt, sealed, was)
        where p.person_id = n.person_id and p.sealed = n.was
        """,
        *zip(*map(astuple, rows), strict=True),
    )
    if done != f"UPDATE {len(rows)}":
        raise Conflict


async def move(connection: Connection, homes: Sequence[tuple[UUID, UUID]]) -> None:
    """Persons go to another household: `(person, household)`."""
    await connection.execute(
        """
        update vault.person p set household_id = n.household_id, active = true
        from unnest($1::uuid[], $2::uuid[]) as n (person_id, household_id)
        where p.person_id = n.person_id
        """,
        [person for person, _ in homes],
        [household for _, household in homes],
    )


async def leave(connection: Connection, persons: Sequence[UUID]) -> None:
    """Persons who belong to no household now: kept, and free to join another."""
    await connection.execute(
        "update vault.person set active = false where person_id = any($1::uuid[])", persons
    )


async def restricted(connection: Connection, persons: Sequence[UUID]) -> set[UUID]:
    """Those of these persons whose data is kept but not used."""
    rows = await connection.fetch(
        "select person_id from vault.restricted where person_id = any($1::uuid[])", persons
    )
    return {row["person_id"] for row in rows}


async def restricted_for_good(connection: Connection, persons: Sequence[UUID]) -> set[UUID]:
    """Those who are restricted now. None of the others can be restricted before the caller's transaction
    ends.

    Two statements: the second has to see what was committed while the first waited.
    """
    await connection.execute("select pg_advisory_xact_lock_shared($1)", RESTRICTING)
    return await restricted(connection, persons)


async def restrict(connection: Connection, persons: Sequence[UUID]) -> None:
    """Their data is kept and not used from now on. Waits until nobody is recording anything about anybody."""
    await connection.execute("select pg_advisory_xact_lock($1)", RESTRICTING)
    await connection.execute(
        "insert into vault.restricted select unnest($1::uuid[]) on conflict do nothing", persons
    )


async def lift(connection: Connection, persons: Sequence[UUID]) -> None:
    """Their data may be used again."""
    await connection.execute(
        "delete from vault.restricted where person_id = any($1::uuid[])", persons
    )


async def erase(connection: Connection, persons: Sequence[UUID]) -> None:
    """Delete record, salt and index of persons who are members nowhere, also from what waits for them;
    their ids are never given to anybody again.

    Raises `Refused` if one of them is a member of a household by now: nobody may be told that such data was
    erased. The last statement sees whoever joined while the first waited for that.
    """
    await connection.execute(
        """
        with gone as (
            delete from vault.person where person_id = any($1::uuid[]) and not active
            returning person_id, blind_index
        ), known as (
            insert into vault.erased select person_id from gone on conflict do nothing
        )
        update vault.unmatched u set blind_index = '' from gone
        where u.blind_index = gone.blind_index
        """,
        persons,
    )
    if await connection.fetchval(
        "select exists (select from vault.person where person_id = any($1::uuid[]))", persons
    ):
        raise Refused("purpose-continues")


async def kept(connection: Connection, household_id: UUID, person_id: UUID) -> Kept | None:
    """The record of a member or former member of this household."""
    row = await connection.fetchrow(
        """
        select p.sealed, p.active, r.person_id is not null as restricted
        from vault.person p left join vault.restricted r using (person_id)
        where p.household_id = $1 and p.person_id = $2
        """,
        household_id,
        person_id,
    )
    return Kept(row["sealed"], row["active"], row["restricted"]) if row else None


async def home(connection: Connection, person_id: UUID) -> UUID | None:
    """The household that the person belongs to now, if any."""
    found: UUID | None = await connection.fetchval(
        "select household_id from vault.person where person_id = $1 and active", person_id
    )
    return found

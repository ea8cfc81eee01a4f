"""Finding persons by a number as lists show it, `990000********0118`: six digits, stars, four characters.

What a mask leaves to be seen has a blind index of its own in the vault, beside that of the whole number.
A worker fills it in behind those who register, so that nothing of it is in their way.
"""

import re
from uuid import UUID

import asyncpg
import structlog
from cryptography.exceptions import InvalidTag

from common.intents import Connection
from common.service import Runtime, regularly
from common.shape import lacking
from identification.identity import normalised, of_person
from identification.seals import Vault

log = structlog.get_logger()

MOST = 500  # persons at a time: some milliseconds
EVERY = 5.0  # seconds between looks for persons without an index

TABLES = f"""
{lacking("vault.person", "masked_index", "add column masked_index bytea")}
create index if not exists person_masked on vault.person (masked_index) where active;
create index if not exists person_unindexed on vault.person (person_id) where masked_index is null;
"""


def shown(masked: str) -> str | None:
    """The ten characters that a masked number shows, or `None` if it is no masked number."""
    found = re.fullmatch(r"([0-9]{6})[*\uff0a]{4,12}([0-9]{3}[0-9X])", normalised(masked))
    return found[1] + found[2] if found else None


def index_of(vault: Vault, shown: str) -> bytes:
    """The blind index of what is shown. No identity number begins like it, so none has the same."""
    return vault.blind_index(f"masked:{shown}")


async def found(
    connection: Connection,
    index: bytes,
    area: str,
    routed: tuple[list[str], list[bool]] | None,
    most: int,
) -> list[tuple[UUID, str]]:
    """Households of an area with a member of this index, and their areas; with `routed`, only those that
    are (`routed_to`). Persons whose data may not be used are not found."""
    rows = await connection.fetch(_FOUND, index, area, *(routed or (None, None)), most)
    return [(row["household_id"], row["region"]) for row in rows]


async def fill(pool: asyncpg.Pool, vault: Vault) -> int:
    """Index up to `MOST` persons who have no index yet; how many that were."""
    async with pool.acquire() as connection, connection.transaction():
        rows = await connection.fetch(_UNINDEXED, MOST)
        if rows:
            indexes = [_index(vault, row["person_id"], row["sealed"]) for row in rows]
            await connection.execute(_INDEXED, [row["person_id"] for row in rows], indexes)
    return len(rows)


def _index(vault: Vault, person_id: UUID, sealed: bytes) -> bytes:
    """A record that cannot be opened has the empty index, which nobody asks for."""
    try:
        number = of_person(vault.open(person_id, sealed).identity_number)
    except (InvalidTag, ValueError):  # changed, swapped, or too short to be one
        log.error("record_not_opened", person_id=str(person_id))
        return b""
    return index_of(vault, number[:6] + number[14:])


async def keep_filled(runtime: Runtime, vault: Vault) -> None:
    """Index whoever was registered, until cancelled."""

    async def work() -> None:
        while await fill(runtime.pool, vault) == MOST:
            pass

    await regularly(EVERY, work)


# Whom somebody else is changing is left for the next time: nobody waits for this, nor this for anybody.
_UNINDEXED = """
select person_id, sealed from vault.person where masked_index is null
limit $1 for update skip locked
"""
_INDEXED = """
update vault.person p set masked_index = n.index
from unnest($1::uuid[], $2::bytea[]) as n (person_id, index) where p.person_id = n.person_id
"""
_FOUND = """
select distinct h.region, p.household_id
from vault.person p join read.household h using (household_id)
left join vault.restricted r using (person_id)
where p.masked_index = $1 and p.active and r.person_id is null and starts_with(h.region, $2)
    and ($3::text[] is null or h.risk_types && $3
        or cardinality(h.risk_types) > 0 and h.has_labour = any($4::bool[]))
order by h.region, p.household_id limit $5
"""

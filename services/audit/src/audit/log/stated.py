"""What each service stated of its store under its signature: the last statement, to make proofs from.

A service tells where its streams end, by household, and signs the root over that (`common.statements`).
Only what it signed is kept. Whether it agrees with the log is decided elsewhere
(`audit.api.reconciliation`): a dossier needs a statement that contradicts the log most of all.
"""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from common import merkle
from common.intents import Connection
from common.statements import Statement

LOCK = 7_301_007  # advisory
SHOWN = 20  # of the records that a statement contradicts, how many are named


class Refused(Exception):
    """A statement that is not kept, and why."""


@dataclass(frozen=True, slots=True)
class Contradicted:
    """A record of the timeline that its service says it never recorded, and the area that the record names."""

    key: str
    stream: str
    version: int
    event_id: str
    region: str


async def signed(connection: Connection, topic: str, until: datetime) -> bool:
    """Whether a checkpoint covers all records of a topic, as far as heard, that were recorded before a
    moment."""
    return not await connection.fetchval(_UNSIGNED, topic, until)


async def keep(
    connection: Connection, statement: Statement, note: str, offset: int, heads: Mapping[str, str]
) -> None:
    """Replace the service's last statement by this one, at this offset of its topic, with the entries
    before it.

    In a transaction of its own. An older statement changes nothing. Raises `Refused` if the entries are not
    those that were signed.
    """
    service = statement.service
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
        if await connection.fetchval(_LATER, service, statement.until):
            return
        await connection.execute(_HEADS, service, list(heads), list(heads.values()), timeout=600)
        if await heads_of(connection, service) != statement.heads:
            raise Refused("the heads that it told are not those that it signed")
        await connection.execute(_KEPT, service, statement.until, note, offset)


async def heads_of(connection: Connection, service: str) -> tuple[int, bytes]:
    """Of how many households there are entries of a service, and the root over them."""
    tree = await _tree(connection, service)
    return len(tree[0]), merkle.root(tree)


async def reached(pool: asyncpg.Pool) -> int:
    """The offset in the topic of statements from which on records are still to be read."""
    found: int | None = await pool.fetchval("select min(at) from log.statements")
    return found or 0


async def contradicted(connection: Connection, service: str) -> list[Contradicted]:
    """Records of the timeline that the last statement of their service says it never recorded."""
    rows = await connection.fetch(_CONTRADICTED, service, SHOWN, timeout=600)
    return [
        Contradicted(r["key"], r["stream"], r["version"], str(r["event_id"]), r["region"])
        for r in rows
    ]


async def contradicted_of(pool: asyncpg.Pool, key: str) -> set[str]:
    """The hashes of those records of a household, in hexadecimal."""
    return {row["hash"].hex() for row in await pool.fetch(_CONTRADICTED_OF, key)}


class Statements:
    """Proves what was stated of a household. Each service's tree is kept in memory until its next statement."""

    def __init__(self) -> None:
        self._trees: dict[str, tuple[str, list[list[bytes]]]] = {}

    async def of(self, connection: Connection, key: str) -> dict[str, dict[str, Any]]:
        """Each service's last `note`, and its `heads` of the household: the entry with its index and proof;
        or the proof that there is none, by the neighbours of the gap where it would be."""
        found = {}
        for service, note in await connection.fetch(_NOTES):
            if self._trees.get(service, ("",))[0] != note:
                self._trees[service] = note, await _tree(connection, service)
            tree = self._trees[service][1]
            place = await connection.fetchval(_PLACE, service, key)
            told = await connection.fetchval(_ENTRY, service, key)
            heads = _shown(tree, place, told) if told else None
            if heads is None:
                rows = await connection.fetch(_BESIDE, service, key, place)
                heads = {"gap": place, "neighbours": [_shown(tree, *row) for row in rows]}
            found[service] = {"note": note, "heads": heads}
        return found


def _shown(tree: list[list[bytes]], index: int, entry: str) -> dict[str, Any]:
    proof = [base64.b64encode(step).decode() for step in merkle.proof(tree, index)]
    return {"index": index, "entry": entry, "proof": proof}


async def _tree(connection: Connection, service: str) -> list[list[bytes]]:
    rows = await connection.fetch(_LEAVES, service, timeout=600)
    return await asyncio.to_thread(merkle.levels, [row["leaf"] for row in rows])


_UNSIGNED = """
select exists (
    select from log.leaves l join log.trees t on t.id = l.tree
    where t.topic = $1 and l.index >= t.tiled and l.recorded_at < $2
)
"""
_LATER = "select until >= $2 from log.statements where service = $1"
_HEADS = """
insert into log.stated (service, key, entry) select $1, * from unnest($2::text[], $3::text[])
on conflict (service, key) do update set entry = excluded.entry
"""
_KEPT = """
insert into log.statements (service, until, note, at) values ($1, $2, $3, $4)
on conflict (service) do update
    set until = excluded.until, note = excluded.note, at = excluded.at
"""
_NOTES = "select service, note from log.statements order by service"
_LEAVES = """
select sha256('\\x00'::bytea || convert_to(entry, 'UTF8')) as leaf from log.stated
where service = $1 order by key
"""
_PLACE = "select count(*) from log.stated where service = $1 and key < $2"
_ENTRY = "select entry from log.stated where service = $1 and key = $2"
_BESIDE = """
(select $3::bigint - 1, entry from log.stated where service = $1 and key < $2 order by key desc limit 1)
union all
(select $3::bigint, entry from log.stated where service = $1 and key > $2 order by key limit 1)
"""
# A record that claims to be of the future is in nobody's statement.
AHEAD = "recorded_at > clock_timestamp() + interval '1 hour'"
# A line of an entry is `<stream> <version> <hex hash>`; the first is the key.
_AGAINST = f"""
with line as (
    select s.service, s.key, split_part(l.line, ' ', 1) as stream,
        split_part(l.line, ' ', 2)::bigint as version,
        decode(split_part(l.line, ' ', 3), 'hex') as hash
    from log.stated s, string_to_table(s.entry, E'\\n') with ordinality as l (line, n)
    where {{of}} and l.n > 1 and l.line <> ''
)
select {{told}}
from read.timeline t
join log.statements s using (service)
left join line on line.service = t.service and line.key = t.key and line.stream = t.stream
where {{timeline}} and case
    when t.version = line.version then t.hash <> line.hash
    when t.version > coalesce(line.version, 0)
        then t.recorded_at < s.until or t.{AHEAD}
    else false end
"""
_CONTRADICTED = (
    _AGAINST.format(
        of="s.service = $1",
        told="t.key, t.stream, t.version, t.event_id, t.region",
        timeline="t.service = $1",
    )
    + "order by t.key, t.stream, t.version limit $2"
)
_CONTRADICTED_OF = _AGAINST.format(
    of="s.service in (select service from log.statements) and s.key = $1",
    told="t.hash",
    timeline="t.key = $1",
)

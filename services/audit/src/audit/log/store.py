"""Reads the log: checkpoints, tiles, leaves. Each answer is one query."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from audit.log.tables import CHECKPOINTS
from audit.log.tiles import Tile, Wanted, reading
from audit.log.tree import Node
from audit.verify import Head, head_of, state_of
from common.intents import Connection


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed checkpoint, with the lines of those who cosigned it, and the state that is its last entry."""

    size: int
    state: str
    note: str
    made_at: datetime

    @property
    def head(self) -> Head:
        """What the note says."""
        return head_of(self.note)

    @property
    def trees(self) -> dict[str, tuple[int, bytes]]:
        """The size and root of every tree by name, `heads` among them."""
        return state_of(self.state)


@dataclass(frozen=True, slots=True)
class Standing:
    """A tree: how many leaves it has, and how many of them are in tiles."""

    id: int
    name: str
    size: int
    tiled: int


async def latest(connection: Connection) -> Checkpoint | None:
    """The last checkpoint that was signed, or `None` before the first."""
    return await checkpoint(connection, None)


async def checkpoint(connection: Connection, size: int | None) -> Checkpoint | None:
    """The checkpoint of this size (`None`: the last), or `None` if there is none."""
    row = await connection.fetchrow(_CHECKPOINT, size)
    return Checkpoint(*row) if row else None


async def successions(connection: Connection) -> list[str]:
    """The notes by which one key of the log followed another, oldest first."""
    rows = await connection.fetch("select note from log.successions order by size")
    return [row["note"] for row in rows]


async def trees(connection: Connection) -> dict[str, Standing]:
    """The trees that have leaves, by name."""
    rows = await connection.fetch(
        "select id, name, size, tiled from log.trees where size > 0 order by id"
    )
    return {row["name"]: Standing(*row) for row in rows}


async def tiles(
    connection: Connection, wanted: Mapping[int, Collection[Tile]]
) -> dict[int, dict[Tile, bytes]]:
    """The wanted tiles of each tree, those that there are."""
    asked = [(tree, *tile) for tree, each in wanted.items() for tile in each]
    rows = await connection.fetch(_TILES, *_columns(asked, 3))
    found: dict[int, dict[Tile, bytes]] = {tree: {} for tree in wanted}
    for row in rows:
        found[row["tree"]][Tile(row["level"], row["n"])] = row["hashes"]
    return found


async def write_tiles(connection: Connection, changed: Mapping[int, Mapping[Tile, bytes]]) -> None:
    """Store tiles as they are now."""
    rows = [(tree, *tile, held) for tree, each in changed.items() for tile, held in each.items()]
    await connection.execute(_WRITE, *zip(*rows, strict=True))


async def nodes(connection: Connection, wanted: Mapping[int, Wanted]) -> dict[int, Node]:
    """What each tree's proofs read, for making them."""
    found = await tiles(connection, wanted)
    return {tree: reading(held) for tree, held in found.items()}


async def entries(connection: Connection, tree: int, first: int, count: int) -> list[bytes]:
    """Up to `count` entries from `first`: event hashes; of the log of checkpoints, its states."""
    if tree == CHECKPOINTS:
        states = await connection.fetch(_STATES, first, first + count)
        return [row["state"].encode() for row in states]
    rows = await connection.fetch(_ENTRIES, tree, first, first + count)
    return [row["hash"] for row in rows]


async def cosign(connection: Connection, size: int, lines: Mapping[str, str]) -> None:
    """Keep the lines of witnesses to a checkpoint, by name; the last line of a witness counts."""
    await connection.execute(_COSIGN, size, list(lines), list(lines.values()))


def _columns(rows: Iterable[tuple[int, ...]], width: int) -> list[list[int]]:
    listed = list(rows)
    return [[row[column] for row in listed] for column in range(width)]


_CHECKPOINT = """
select size, state, note || coalesce((
    select string_agg(c.line || e'\\n', '' order by c.name) from log.cosignatures c where c.size = k.size
), '') as note, made_at
from log.checkpoints k where $1::bigint is null or size = $1 order by size desc limit 1
"""
_TILES = """
select tree, level, n, hashes from log.tiles
join unnest($1::smallint[], $2::smallint[], $3::bigint[]) as w (tree, level, n)
    using (tree, level, n)
"""
_WRITE = """
insert into log.tiles (tree, level, n, hashes)
select * from unnest($1::smallint[], $2::smallint[], $3::bigint[], $4::bytea[])
on conflict (tree, level, n) do update set hashes = excluded.hashes
"""
_COSIGN = """
insert into log.cosignatures (size, name, line) select $1, * from unnest($2::text[], $3::text[])
on conflict (size, name) do update set line = excluded.line
"""
_STATES = "select state from log.checkpoints where size > $1 and size <= $2 order by size"
_ENTRIES = """
select hash from log.leaves where tree = $1 and index >= $2 and index < $3 order by index
"""

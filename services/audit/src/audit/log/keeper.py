"""The keeper of the log: grows the trees, signs checkpoints, knows the heads map.

A process may die at any moment, and the next one goes on from what it left: leaves are written in the
transaction of their batch, and everything of a checkpoint in one transaction; publishing is repeated until
Kafka has the checkpoint. Only one keeper works at a time; every process has the map, to make proofs from.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

import asyncpg

from audit.log import meanings, store
from audit.log.growth import Grown, Inconsistent, Part, compare, grow, root_tiles, share
from audit.log.heads import Chain, HeadsMap, entry
from audit.log.note import checkpoint, state
from audit.log.stated import Statements
from audit.log.store import Checkpoint, Standing
from audit.log.tables import CHECKPOINTS
from audit.log.tiles import Tile, edges, grown, reading
from audit.log.tree import root
from audit.verify import Head, Key, key_of, leaf_hash, successors
from common.intents import Connection
from common.note import Signer

LOCK = 7_301_003
EVERY = 10_000  # leaves that make a checkpoint before it is due
MOST = 50_000  # leaves of one checkpoint


class Keeper:
    """Signs with `signer`, whose name is the origin of the log. `declared` is what this process has
    read of the catalogue: an entry of the map of meanings by the name of its type."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        signer: Signer,
        declared: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self.pool, self.signer, self.declared = pool, signer, declared
        self._signed: Mapping[str, str] | None = None  # of what is declared, by the last one
        self.heads, self.statements = HeadsMap(), Statements()
        self.busy = asyncio.Lock()  # guards both
        self._round = -1  # the last round that `heads` holds

    async def keys(self, connection: Connection) -> list[Key]:
        """The keys of the log: ours, and those before and after it, each with what it counts for."""
        return successors([key_of(self.signer.vkey)], await store.successions(connection))

    async def read_heads(self, connection: Connection) -> None:
        """Bring the map up to what is stored. The caller holds `busy`."""
        rows = await connection.fetch(_CHANGED, self._round, timeout=600)
        entries: dict[str, dict[str, Chain]] = {}
        for row in rows:
            entries.setdefault(row["key"], {})[row["name"]] = row["count"], row["head"]
            self._round = max(self._round, row["round"])
        if entries:
            self.heads.put(entry(key, chains) for key, chains in entries.items())
            await asyncio.to_thread(self.heads.root)

    async def keep(self, now: datetime, *, due: bool = True) -> Checkpoint | None:
        """Sign what has come, if it is `due` or there is much of it. Returns the checkpoint, or `None`.

        Raises `Inconsistent`, and signs nothing, if what is stored is not what was signed before.
        """
        async with self.busy, self.pool.acquire() as connection:
            try:
                async with connection.transaction():
                    if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", LOCK):
                        return None
                    return await self._keep(connection, now, due)
            except BaseException:
                # They may hold, and count, what was rolled back.
                self.heads, self._round, self._signed = HeadsMap(), -1, None
                raise

    async def _keep(self, connection: Connection, now: datetime, due: bool) -> Checkpoint | None:
        last, trees = await store.latest(connection), await store.trees(connection)
        signed = last.trees if last else {}
        heads = signed.pop("heads", None)
        waiting = sum(max(0, t.size - _size(signed, t.name)) for t in trees.values())
        unread = any(t.size > t.tiled for t in trees.values())
        declared = dict(self.declared())
        news = last is not None and declared != self._signed
        if not (waiting or unread or news) or not (due or waiting >= EVERY):
            return None
        number = last.size + 1 if last else 1
        await self._may_sign(connection, number)
        await self.read_heads(connection)
        # Of a log that was restored, or has grown since without signing it, this cannot be said.
        tiled = {t.name: t.tiled for t in trees.values() if t.tiled}
        as_signed = tiled == {name: size for name, (size, _) in signed.items()}
        if heads and as_signed and heads != (len(self.heads), self.heads.root()):
            raise Inconsistent("heads: not the households, or not their records, that were signed")
        tiles, sizes = await self._grow(connection, trees, signed, number)
        for name, (size, was) in signed.items():
            if size > sizes.get(name, 0):
                return None  # an older database: it has yet to hear what was signed
            compare(name, size, was, tiles[trees[name].id])
        meant = await meanings.keep(connection, declared)
        self._signed = declared
        over = len(meant), meant.root()
        if not waiting and (last is None or last.head.meanings == over):
            return None
        roots = {
            name: (size, root(size, reading(tiles[trees[name].id]))) for name, size in sizes.items()
        }
        roots["heads"] = len(self.heads), await asyncio.to_thread(self.heads.root)
        return await self._sign(connection, last, state(now, roots), over, now)

    async def _may_sign(self, connection: Connection, number: int) -> None:
        ours = key_of(self.signer.vkey)
        (key,) = (key for key in await self.keys(connection) if key.same(ours))
        if number <= key.after or (key.until is not None and number > key.until):
            raise Inconsistent(
                f"checkpoint {number} is for another key of the log to sign: LOG_KEY"
            )

    async def _grow(
        self,
        connection: Connection,
        trees: Mapping[str, Standing],
        signed: Mapping[str, tuple[int, bytes]],
        number: int,
    ) -> tuple[dict[int, dict[Tile, bytes]], dict[str, int]]:
        """Grow tiles, chains and map. Returns the tiles that roots are read from, and the new sizes."""
        parts = await _parts(connection, trees)
        wanted = {
            t.id: {*edges(t.tiled), *root_tiles(min(t.tiled, _size(signed, t.name)))}
            for t in trees.values()
        }
        held = await store.tiles(connection, wanted)
        keys = {key for part in parts for key, _ in part.leaves}
        chains: dict[str, dict[int, Chain]] = {}
        for row in await connection.fetch(_CHAINS, list(keys)):
            chains.setdefault(row["key"], {})[row["tree"]] = row["count"], row["head"]
        added = await asyncio.to_thread(grow, parts, held, chains)
        if parts:
            # A restored log grows several times before it signs: other keepers find each.
            self._round = max(number, self._round + 1)
            await _write(connection, parts, added, self._round)
        names = {tree.id: tree.name for tree in trees.values()}
        self.heads.put(
            entry(key, {names[t]: chain for t, chain in {**chains.get(key, {}), **mine}.items()})
            for key, mine in added.chains.items()
        )
        sizes = {t.name: t.tiled for t in trees.values() if t.tiled}
        sizes |= {part.name: part.end for part in parts}
        return {t: {**held[t], **added.tiles.get(t, {})} for t in held}, sizes

    async def _sign(
        self,
        connection: Connection,
        last: Checkpoint | None,
        text: str,
        over: tuple[int, bytes],
        now: datetime,
    ) -> Checkpoint:
        size = last.size if last else 0
        before = (await store.tiles(connection, {CHECKPOINTS: root_tiles(size)}))[CHECKPOINTS]
        if last:
            compare("checkpoints", size, last.head.root, before)
        tiles = grown(size, before, [leaf_hash(text.encode())])
        top = root(size + 1, reading({**before, **tiles}))
        head = Head(self.signer.name, size + 1, top, over)
        made = Checkpoint(size + 1, text, self.signer.sign(checkpoint(head)), now)
        await store.write_tiles(connection, {CHECKPOINTS: tiles})
        await connection.execute(_SIGNED, made.size, made.state, made.note, made.made_at)
        return made


def _size(signed: Mapping[str, tuple[int, bytes]], name: str) -> int:
    return signed[name][0] if name in signed else 0


async def _parts(connection: Connection, trees: Mapping[str, Standing]) -> list[Part]:
    pending = {t.id: t.size - t.tiled for t in trees.values()}
    taken = share(pending, MOST)
    by_id = {t.id: t for t in trees.values()}
    rows = await connection.fetch(
        _LEAVES,
        list(taken),
        [by_id[tree].tiled for tree in taken],
        [by_id[tree].tiled + count for tree, count in taken.items()],
    )
    leaves: dict[int, list[tuple[str, bytes]]] = {tree: [] for tree in taken}
    for row in rows:
        leaves[row["tree"]].append((row["key"], row["hash"]))
    for tree, count in taken.items():
        if len(leaves[tree]) != count:
            raise Inconsistent(f"{by_id[tree].name}: leaves after {by_id[tree].tiled} are gone")
    return [Part(t, by_id[t].name, by_id[t].tiled, found) for t, found in leaves.items()]


async def _write(connection: Connection, parts: list[Part], added: Grown, round_: int) -> None:
    await store.write_tiles(connection, added.tiles)
    rows = [(k, t, c, h) for k, mine in added.chains.items() for t, (c, h) in mine.items()]
    await connection.execute(_CHAINED, *zip(*rows, strict=True), round_)
    await connection.execute(_TILED, [p.tree for p in parts], [p.end for p in parts])


_CHANGED = """
select c.key, t.name, c.count, c.head, c.round from log.chains c join log.trees t on t.id = c.tree
where c.key in (select key from log.chains where round > $1)
"""
_CHAINS = "select key, tree, count, head from log.chains where key = any($1::text[])"
_LEAVES = """
select l.tree, l.key, l.hash from log.leaves l
join unnest($1::smallint[], $2::bigint[], $3::bigint[]) as w (tree, start, "end")
    on l.tree = w.tree and l.index >= w.start and l.index < w."end"
order by l.tree, l.index
"""
_CHAINED = """
insert into log.chains (key, tree, count, head, round)
select *, $5::bigint from unnest($1::text[], $2::smallint[], $3::bigint[], $4::bytea[])
on conflict (key, tree) do update
    set count = excluded.count, head = excluded.head, round = excluded.round
"""
_TILED = """
update log.trees t set tiled = w.tiled
from unnest($1::smallint[], $2::bigint[]) as w (tree, tiled) where t.id = w.tree
"""
_SIGNED = "insert into log.checkpoints (size, state, note, made_at) values ($1, $2, $3, $4)"

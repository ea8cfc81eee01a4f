"""What the services declared that their events mean, as checkpoints sign it (ADR 0025).

The catalogue is compacted, so it has no history to make a tree of. Signed is a map of the last declaration
of each type: its root is in the checkpoint itself.
"""

from collections.abc import Mapping

from audit.log.heads import HeadsMap
from common.intents import Connection


async def kept(connection: Connection) -> HeadsMap:
    """The map, by the name of the type: entries as `verify.meant` makes them."""
    found = HeadsMap()
    found.put(row["entry"] for row in await connection.fetch("select entry from log.meanings"))
    return found


async def keep(connection: Connection, declared: Mapping[str, str]) -> HeadsMap:
    """Replace declarations that have changed, and return the whole map. A type that is declared no longer
    stays in it, since the log has its records."""
    await connection.execute(_KEPT, list(declared), list(declared.values()))
    return await kept(connection)


_KEPT = """
insert into log.meanings as m (type, entry) select * from unnest($1::text[], $2::text[])
on conflict (type) do update set entry = excluded.entry where m.entry <> excluded.entry
"""

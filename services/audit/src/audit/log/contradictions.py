"""Audit keeps what it heard, so it notices a second record that claims the place of an earlier one.

A cursor knows only the hash of a stream's last version; the timeline has those of the versions before it.
Whoever publishes another content for one of these is parked with it, which the household's page shows; it
is not dropped as a repetition.
"""

from collections.abc import Sequence

from common.inbox import Handle, Inbox
from common.incoming import Incoming
from common.intents import Connection
from common.verdicts import Cursors, Forks

SERVING = "read"  # the schema of the timeline that is shown


class Remembering(Inbox):
    """An inbox whose effect is the timeline of `schema`."""

    def __init__(self, name: str, handle: Handle, schema: str = SERVING) -> None:
        super().__init__(name, handle)
        self.schema = schema
        self.otherwise = _OTHERWISE.format(schema=schema)

    async def forks(
        self, connection: Connection, items: Sequence[Incoming], cursors: Cursors
    ) -> Forks:
        """Which of these records the timeline has with another content. What it does not have, since it was
        given up, is no fork."""
        claims = [
            (i.key, e.recorded_at, e.service, e.stream, e.version, e.hash)
            for i in items
            if (e := i.event) and e.version < cursors.get((e.source, e.stream), (0, b""))[0]
        ]
        if not claims:
            return Forks(frozenset())
        rows = await connection.fetch(self.otherwise, *zip(*claims, strict=True))
        return Forks(frozenset(row["hash"] for row in rows))


# What was heard before is found by a whole key of an index: all of a topic may come again. Only what is
# left is looked for in all that its household has, since a fork may say that it was recorded at any time.
_OTHERWISE = """
with claim as materialized (
    select * from unnest(
        $1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::bigint[], $6::bytea[]
    ) as c (key, recorded_at, service, stream, version, hash)
    where not exists (
        select from {schema}.timeline t where t.key = c.key and t.recorded_at = c.recorded_at
            and t.service = c.service and t.stream = c.stream and t.version = c.version
            and t.hash = c.hash
    )
)
select c.hash from claim c
cross join lateral (
    select t.hash from {schema}.timeline t
    where t.key = c.key and t.service = c.service and t.stream = c.stream and t.version = c.version
    limit 1
) as kept
where kept.hash <> c.hash
"""

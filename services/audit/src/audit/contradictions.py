"""Audit keeps what it heard, so it notices when a place of the past is claimed by another record.

A cursor knows the hash of a stream's last version only. Of the versions before it the timeline has
the hashes; whoever publishes another content for one of them is parked with it, and found on the
household's page, not dropped as a repetition.
"""

from collections.abc import Sequence

from common.inbox import Handle, Inbox
from common.incoming import Incoming
from common.intents import Connection
from common.verdicts import Forks

SERVING = "read"  # the schema of the timeline that is shown


class Remembering(Inbox):
    """An inbox whose effect is the timeline of `schema`."""

    def __init__(self, name: str, handle: Handle, schema: str = SERVING) -> None:
        super().__init__(name, handle)
        self.schema = schema

    async def forks(self, connection: Connection, older: Sequence[Incoming]) -> Forks:
        """What the timeline has otherwise; what it does not have (it was given up) is no fork."""
        if not older:
            return Forks(frozenset())
        claims = [(i.key, e.service, e.stream, e.version, e.hash) for i in older if (e := i.event)]
        columns = (list(column) for column in zip(*claims, strict=True))
        rows = await connection.fetch(_OTHERWISE.format(schema=self.schema), *columns)
        return Forks(frozenset(row["hash"] for row in rows))


# By the beginning of the timeline's key, a household: not by when it was recorded, which a fork may change.
_OTHERWISE = """
select c.hash from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bytea[])
    as c (key, service, stream, version, hash)
cross join lateral (
    select t.hash from {schema}.timeline t
    where t.key = c.key and t.service = c.service and t.stream = c.stream and t.version = c.version
    limit 1
) as kept
where kept.hash <> c.hash
"""

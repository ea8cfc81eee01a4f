"""The inboxes of a rebuild: the new timeline, and beside it the leaves of the log that are not in it.

Whatever was applied is in the timeline with the place that it came from. What is a leaf of the log and
was not applied (parked, or a repetition) is noted in `elsewhere`, in the same transaction, and the view
`leaves` has both.
"""

from collections.abc import Iterable, Sequence

from audit.log.append import Leaf, leaf_of
from audit.log.contradictions import Remembering
from common.inbox import Handle, why_parked
from common.incoming import Incoming
from common.intents import Connection
from common.verdicts import Cursors, Forks, Seen
from contracts.envelope import SOURCE_PREFIX, Envelope

DIGEST = 32  # bytes


async def lay(connection: Connection, schema: str) -> None:
    """Make the table for the leaves that the timeline does not have, and the view of all."""
    await connection.execute(_LAID.format(schema=schema))


async def drop(connection: Connection, schema: str) -> None:
    """Let both go."""
    await connection.execute(f"drop view {schema}.leaves; drop table {schema}.elsewhere")


async def fill_cursors(connection: Connection, consumer: str, schema: str) -> bool:
    """Give `consumer` the cursors that the timeline of `schema` stands at.

    False, and it has none, if it does not have each version of each stream once: partitions that
    were read without knowing of each other hold parts of one stream.
    """
    async with connection.transaction():
        await connection.execute("delete from es.cursors where consumer = $1", consumer)
        query = _FILL.format(schema=schema)
        whole: bool = await connection.fetchval(query, consumer, SOURCE_PREFIX, timeout=None)
    return whole


async def repeated(connection: Connection, consumer: str, schema: str) -> int:
    """How many records of the log were there before."""
    count: int = await connection.fetchval(_REPEATED.format(schema=schema), consumer, timeout=600)
    return count


class Noting(Remembering):
    """Treats duplicates, gaps and forks as the live inbox does, by the cursors in the database."""

    def __init__(self, name: str, handle: Handle, schema: str) -> None:
        super().__init__(name, handle, schema)
        self._applied: list[Incoming] = []  # of this batch

    async def handle(self, connection: Connection, items: Sequence[Incoming]) -> None:
        """As given; then they are in the timeline, if the transaction succeeds."""
        await super().handle(connection, items)
        self._applied += items

    async def apply(
        self, connection: Connection, items: Sequence[Incoming], *, singly: bool = False
    ) -> None:
        """As every inbox does; then what it did not apply is noted."""
        self._applied = []
        await super().apply(connection, items, singly=singly)
        applied = set(map(id, self._applied))
        others = [leaf for i in items if id(i) not in applied and (leaf := leaf_of(i))]
        if others:
            await connection.copy_records_to_table(
                "elsewhere", schema_name=self.schema, columns=Leaf._fields, records=others
            )


class Rereading(Noting):
    """Reads one partition of all topics, and knows its streams by heart, 32 bytes a version: it asks the
    database for nothing and writes no cursors, and the timeline needs no index meanwhile."""

    def __init__(self, name: str, handle: Handle, schema: str, partition: int) -> None:
        super().__init__(name, handle, schema)
        self.partition = partition
        self._hashes: dict[tuple[str, str], bytearray] = {}  # of the versions of a stream, in order

    async def learn(self, connection: Connection) -> None:
        """Know what was read of the partition before an interruption."""
        read = await connection.fetch(_READ.format(schema=self.schema), self.partition, timeout=600)
        for service, stream, hashes in read:
            self._hashes[SOURCE_PREFIX + service, stream] = bytearray(hashes)

    async def handle(self, connection: Connection, items: Sequence[Incoming]) -> None:
        """As given, and learn them."""
        await super().handle(connection, items)
        for event in _events(items):
            stream = (event.source, event.stream)
            known = self._hashes.get(stream)
            if known is None:
                known = self._hashes[stream] = bytearray()
            known += event.hash

    async def apply(
        self, connection: Connection, items: Sequence[Incoming], *, singly: bool = False
    ) -> None:
        """As `Noting`. If it raises, nothing of the batch is remembered."""
        try:
            await super().apply(connection, items, singly=singly)
        except BaseException:
            for event in _events(self._applied):
                del self._hashes[event.source, event.stream][-DIGEST:]
            raise

    async def seen(self, connection: Connection, items: Sequence[Incoming]) -> Seen:
        """What is known of the streams, and what is parked of the same partition."""
        cursors: Cursors = {}
        for event in _events(items):
            stream = (event.source, event.stream)
            if stream not in cursors and (known := self._hashes.get(stream)):
                cursors[stream] = len(known) // DIGEST, bytes(known[-DIGEST:])
        parked = {}
        if await connection.fetchval(_IS_ANY_PARKED, self.name, self.partition):
            keys = list({item.key for item in items})
            rows = await connection.fetch(_PARKED, self.name, self.partition, keys)
            parked = {row["key"]: row["reason"] for row in rows}
        return Seen(cursors, parked, forks=await self.forks(connection, items, cursors))

    async def forks(
        self, connection: Connection, items: Sequence[Incoming], cursors: Cursors
    ) -> Forks:
        """What is known otherwise."""
        return Forks(frozenset(e.hash for e in _events(items) if self._otherwise(e)))

    def _otherwise(self, event: Envelope) -> bool:
        known = self._hashes.get((event.source, event.stream), b"")
        end = event.version * DIGEST
        return end <= len(known) and known[end - DIGEST : end] != event.hash

    async def move_cursors(self, connection: Connection, events: Iterable[Envelope]) -> None:
        """They are filled from the timeline in the end (`fill_cursors`)."""


def _events(items: Iterable[Incoming]) -> Iterable[Envelope]:
    return (item.event for item in items if item.event)


_LAID = """
create table {schema}.elsewhere (
    topic       text   not null,
    partition   int    not null,
    "offset"    bigint not null,
    key         text   collate "C" not null,
    hash        bytea  not null,
    recorded_at timestamptz not null
);
create view {schema}.leaves as
select topic, partition, "offset", key, hash, recorded_at from {schema}.timeline
union all
select topic, partition, "offset", key, hash, recorded_at from {schema}.elsewhere
"""
_READ = """
select service, stream, string_agg(hash, ''::bytea order by version) from {schema}.timeline
where partition = $1 group by service, stream
"""
_IS_ANY_PARKED = "select exists (select from es.parked where consumer = $1 and partition = $2)"
_PARKED = why_parked("$3", "partition = $2")
_REPEATED = """
select count(*) from {schema}.elsewhere e
where not exists (
    select from es.parked p where p.consumer = $1
        and (p.topic, p.partition, p."offset") = (e.topic, e.partition, e."offset")
) and not exists (
    select from {schema}.timeline t
    where (t.topic, t.partition, t."offset") = (e.topic, e.partition, e."offset")
)
"""
_FILL = """
with ends as materialized (
    select service, stream, max(version) as version, count(*) as events
    from {schema}.timeline group by service, stream
), filled as (
    insert into es.cursors (consumer, source, stream, version, hash)
    select $1, $2 || service, stream, version, t.hash
    from ends join {schema}.timeline t using (service, stream, version)
    where not exists (select from ends where version <> events)
    returning 1
)
select (select count(*) from filled) = (select count(*) from ends)
"""

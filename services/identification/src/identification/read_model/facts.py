"""Department facts by natural key: rules look back at them, and a correction finds here what it replaces."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from common.intents import Conflict, Connection, Fresh
from contracts.fact_codes import FactType
from contracts.facts import (
    DepartmentFactCorrected,
    DepartmentFactRecorded,
    DepartmentFactRetracted,
)
from identification import vault
from identification.domain.fact_types import FACT_TYPES
from identification.domain.facts import Reported, Version, content_of, key_of
from identification.domain.findings import Counted, History
from identification.vault import Known

REPORTED = (DepartmentFactRecorded, DepartmentFactCorrected, DepartmentFactRetracted)
_types = {fact.value: fact for fact in FactType}
_NO_CODES = frozenset[str]()
_COUNTED = {fact: spec.counted for fact, spec in FACT_TYPES.items()}


@dataclass(frozen=True, slots=True)
class Hashed:
    """What was computed from a fact when it was posted. `index` is the person's blind index, of a fact that
    waits."""

    key: bytes
    content: bytes
    index: bytes | None = None


def hashed(fresh: Fresh) -> Hashed:
    """The same, computed anew for a fact that was not posted but matched."""
    if isinstance(fresh.private, Hashed):
        return fresh.private
    fact = fresh.payload
    key = key_of(fact.department, fact.fact_type, fact.record_key)
    if isinstance(fact, DepartmentFactRetracted):
        return Hashed(key, content_of(date.min, {}, [fact.reason]))
    return Hashed(key, content_of(fact.detected_on, fact.values, fact.codes))


@dataclass(frozen=True, slots=True)
class KnownVersion(Version):
    """A version, with the person whom it is about; or if it waits for one, with the area of its department
    (`waits_in`). `erased`: the person's number is erased, so nobody can tell any more whether it is
    theirs."""

    person: Known | None = None
    detected_on: date = date.min
    erased: bool = False
    waits_in: str | None = None


class Restricted(Exception):
    """A person's processing was restricted after they were looked up: the fact has to wait."""


async def permit(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Raises `Restricted` for what must not be recorded (PIPL 47). A retraction may be: it only takes away."""
    persons = {
        f.payload.person_id for f in fresh if not isinstance(f.payload, DepartmentFactRetracted)
    }
    if await vault.restricted_for_good(connection, list(persons)):
        raise Restricted


async def in_turn(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Raises `Conflict` for a version that does not follow the latest one of its record and person.

    It followed when it was looked up. But of two versions that are posted at once, neither knew of the
    other, and both would count. Facts of one person are in one stream, so here every version that was
    recorded before is seen.
    """
    follows = {hashed(f).key: (f.payload.person_id, _previous(f.payload)) for f in fresh}
    persons, versions = zip(*follows.values(), strict=True)
    if len(follows) < len(fresh) or await connection.fetchval(
        _PASSED, list(follows), persons, versions
    ):
        raise Conflict


def _previous(fact: Reported) -> int:
    return 0 if isinstance(fact, DepartmentFactRecorded) else fact.previous_version


_PASSED = """
select exists (
    select from unnest($1::bytea[], $2::uuid[], $3::int[]) as t (fact_key, person_id, previous)
    join read.fact f using (fact_key, person_id) where f.record_version > t.previous
)
"""


async def put(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Keep new versions of records; what a version replaces is no longer current."""
    rows = [_row(f) for f in fresh]
    await connection.execute(_INSERT, *zip(*rows, strict=True))
    replacing = [f for f in fresh if not isinstance(f.payload, DepartmentFactRecorded)]
    if replacing:
        await connection.execute(_REPLACED, [hashed(f).key for f in replacing])


def _row(fresh: Fresh) -> tuple[Any, ...]:
    fact: Reported = fresh.payload
    said, amount, codes, current = hashed(fresh), None, "", False
    if not isinstance(fact, DepartmentFactRetracted):
        counted, current = _COUNTED[fact.fact_type], True
        amount = fact.values.get(counted) if counted else None
        codes = ",".join(fact.codes)
    return (
        said.key,
        fact.record_version,
        said.content,
        fresh.event.event_id,
        fact.household_id,
        fact.person_id,
        fact.fact_type,
        fact.detected_on,
        amount,
        codes,
        current,
    )


_INSERT = """
insert into read.fact (fact_key, record_version, content, event_id, household_id, person_id,
    fact_type, detected_on, amount, codes, current)
select * from unnest($1::bytea[], $2::int[], $3::bytea[], $4::uuid[], $5::uuid[], $6::uuid[],
    $7::text[], $8::date[], $9::bigint[], $10::text[], $11::bool[])
"""
_REPLACED = """
update read.fact f set current = false
where f.fact_key = any($1::bytea[]) and f.current and exists (
    select from read.fact later
    where later.fact_key = f.fact_key and later.record_version > f.record_version
)
"""


async def versions(
    connection: Connection, keys: Sequence[bytes]
) -> dict[bytes, list[KnownVersion]]:
    """Every known version of these records, in one query."""
    rows = await connection.fetch(_VERSIONS, keys)
    found: dict[bytes, list[KnownVersion]] = {}
    for row in rows:
        person = row["person_id"] and Known(row["person_id"], row["household_id"], row["region"])
        version = KnownVersion(
            row["record_version"],
            row["content"],
            row["event_id"],
            row["person_id"],
            row["waits"],
            person,
            row["detected_on"],
            row["erased"],
            row["waits_in"],
        )
        found.setdefault(row["fact_key"], []).append(version)
    return found


_VERSIONS = """
select f.fact_key, f.record_version, f.content, f.event_id, f.person_id, f.household_id, h.region,
    f.detected_on, null as waits, p.person_id is null as erased,
    null as waits_in
from read.fact f join read.household h using (household_id)
left join vault.person p on p.person_id = f.person_id where f.fact_key = any($1::bytea[])
union all
select fact_key, record_version, content, event_id, null, null, null, detected_on,
    case when outcome is null then reason end, false, case when outcome is null then region end
from read.unmatched where fact_key = any($1::bytea[])
"""


async def versions_before(
    connection: Connection, records: Sequence[tuple[bytes, int]]
) -> dict[UUID, bytes]:
    """The events by which these records were told before these versions, each with the key of its record."""
    rows = await connection.fetch(
        """
        select f.event_id, f.fact_key from unnest($1::bytea[], $2::int[]) as t (fact_key, version)
        join read.fact f using (fact_key) where f.record_version < t.version
        """,
        [key for key, _ in records],
        [version for _, version in records],
    )
    return {row["event_id"]: row["fact_key"] for row in rows}


async def counted(
    connection: Connection, households: Sequence[UUID], types: Sequence[FactType], since: date
) -> dict[UUID, History]:
    """What these households' current facts of some types count since a day, in one query.

    What was said of a household that is part of another now counts there (A54). Facts about a person
    whose data may not be used do not count (PIPL 47).
    """
    rows = await connection.fetch(
        """
        with part as (
            select one as household_id, one as said_of from unnest($1::uuid[]) as one
            union all
            select survivor_id, household_id from read.merged where survivor_id = any($1::uuid[])
        )
        select part.household_id, f.event_id, person_id, fact_type, detected_on, amount, codes,
            r.person_id is not null as restricted
        from part join read.fact f on f.household_id = part.said_of
        left join vault.restricted r using (person_id)
        where fact_type = any($2::text[]) and current and detected_on >= $3
        order by part.household_id, detected_on, event_id
        """,
        households,
        [fact.value for fact in types],
        since,
    )
    return histories(rows, households)


def histories(rows: Sequence[Any], households: Sequence[UUID]) -> dict[UUID, History]:
    """The facts of each of these households: rows of its id, the columns of `Counted`, `restricted`."""
    found: dict[UUID, list[Counted]] = {}
    withheld: dict[UUID, set[UUID]] = {}
    for household_id, event_id, person_id, fact_type, day, amount, codes, restricted in rows:
        if restricted:
            withheld.setdefault(household_id, set()).add(person_id)
            continue
        said = frozenset(codes.split(",")) if codes else _NO_CODES
        seen = Counted(event_id, person_id, _types[fact_type], day, amount or 0, said)
        found.setdefault(household_id, []).append(seen)
    return {
        one: History(found.get(one, ()), frozenset(withheld.get(one, ()))) for one in households
    }

"""Children out of school, and the reports of the schools that say so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from common.intents import Connection, Fresh
from contracts.codes import Category
from contracts.fact_codes import FactCode
from contracts.schooling import (
    DropoutBasis,
    DropoutCause,
    DropoutDetected,
    DropoutEnded,
    DropoutExit,
)
from contracts.stages import Stage
from identification.domain.dropouts import Reported
from identification.domain.schooling import term_of

_CAUSES = {
    FactCode.BY_POVERTY: DropoutCause.POVERTY,
    FactCode.BY_AVERSION: DropoutCause.STUDY_AVERSION,
    FactCode.BY_ILLNESS: DropoutCause.ILLNESS,
    FactCode.BY_OTHER: DropoutCause.OTHER,
}
_STATUSES = frozenset(
    {
        FactCode.ENROLLED,
        FactCode.HOME_TEACHING,
        FactCode.SUSPECTED_DROPOUT,
        FactCode.DROPOUT,
        FactCode.EXEMPT,
    }
)


def stream_of(household_id: UUID) -> str:
    """Where the dropouts of a household's children are recorded."""
    return f"schooling-of-household-{household_id}"


@dataclass(frozen=True)
class Child:
    """A child with everything that schools said of it, whichever household it then lived in. `born_on` is
    `None` if it does not belong to this household."""

    household_id: UUID
    person_id: UUID
    region: str
    born_on: date | None
    reports: tuple[Reported, ...]


async def children(connection: Connection, pairs: Sequence[tuple[UUID, UUID]]) -> list[Child]:
    """These children, each `(household, person)`, in one query; unknown households are left out, and
    children whose data may not be used now (PIPL 47)."""
    rows = await connection.fetch(
        """
        select h.household_id, p.person_id, h.region, m.born_on, f.event_id, f.detected_on,
            string_to_array(f.codes, ',') as codes
        from unnest($1::uuid[], $2::uuid[]) as p (household_id, person_id)
        join read.household h using (household_id)
        left join read.member m on m.household_id = h.household_id and m.person_id = p.person_id
            and h.status = 'ACTIVE'
        left join read.fact f on f.person_id = p.person_id and f.current
            and f.fact_type = 'EnrolmentStatus'
        where p.person_id not in (select person_id from vault.restricted)
        order by h.household_id, p.person_id, f.detected_on, f.event_id
        """,
        [household for household, _ in pairs],
        [person for _, person in pairs],
    )
    found: dict[tuple[UUID, UUID, str, date | None], list[Reported]] = {}
    for row in rows:
        child = (row["household_id"], row["person_id"], row["region"], row["born_on"])
        reports = found.setdefault(child, [])
        if row["event_id"]:
            reports.append(_reported(row))
    return [
        Child(household, person, region, born_on, tuple(reports))
        for (household, person, region, born_on), reports in found.items()
    ]


def _reported(row: Any) -> Reported:
    codes = {FactCode[code] for code in row["codes"]}
    on: date = row["detected_on"]
    return Reported(
        row["event_id"],
        on,
        term_of(on, spring=FactCode.SPRING in codes),
        next(iter(codes & _STATUSES)),
        next((cause for code, cause in _CAUSES.items() if code in codes), None),
    )


async def put(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Keep who is out of school; the last word on each dropout counts."""
    found = {
        f.payload.dropout_id: f.payload for f in fresh if isinstance(f.payload, DropoutDetected)
    }
    if found:
        rows: list[DropoutDetected] = list(found.values())
        await connection.execute(
            _OPEN,
            [d.dropout_id for d in rows],
            [d.household_id for d in rows],
            [d.person_id for d in rows],
            [d.term for d in rows],
            [d.basis.value for d in rows],
            [d.cause.value if d.cause else None for d in rows],
            [d.detected_on for d in rows],
        )
    last = {f.payload.dropout_id: f.payload for f in fresh}
    ended = [e for e in last.values() if isinstance(e, DropoutEnded)]
    if ended:
        await connection.execute(
            _END,
            [e.dropout_id for e in ended],
            [e.ended_on for e in ended],
            [e.reason.value for e in ended],
        )


_OPEN = """
insert into read.dropout (dropout_id, household_id, person_id, term, basis, cause, detected_on)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],
    $7::date[])
on conflict (dropout_id) do update set
    cause = excluded.cause, detected_on = excluded.detected_on, ended_on = null, ended_why = null
"""
_END = """
update read.dropout d set ended_on = t.ended_on, ended_why = t.reason
from unnest($1::uuid[], $2::date[], $3::text[]) as t (dropout_id, ended_on, reason)
where d.dropout_id = t.dropout_id
"""


async def to_look_at(connection: Any) -> list[tuple[UUID, UUID]]:
    """Who is out of school, by household and person. A child that has moved is there once more with its new
    household."""
    rows = await connection.fetch(
        """
        select d.household_id, d.person_id from read.dropout d where d.ended_on is null
        union
        select m.household_id, d.person_id from read.dropout d
        join read.member m using (person_id) where d.ended_on is null
        order by 1, 2
        """
    )
    return [(row["household_id"], row["person_id"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Dropout:
    """A child out of school since a term such as `2024-SPRING`, and how that ended, if it did."""

    dropout_id: UUID
    household_id: UUID
    person_id: UUID
    register_number: str
    region: str
    category: Category
    stage: Stage
    term: str
    basis: DropoutBasis
    cause: DropoutCause | None
    detected_on: date
    ended_on: date | None
    ended_why: DropoutExit | None


async def many(
    connection: Any,
    *,
    region: str,
    basis: str | None,
    is_open: bool | None,
    after: UUID | None,
    limit: int,
) -> list[Dropout]:
    """Dropouts of an area by id, those that ended too."""
    rows = await connection.fetch(
        """
        select d.*, h.register_number, h.region, h.category, h.stage
        from read.dropout d join read.household h using (household_id)
        where h.region like $1 || '%' and ($2::text is null or d.basis = $2)
            and d.person_id not in (select person_id from vault.restricted)
            and ($3::bool is null or (d.ended_on is null) = $3)
            and ($4::uuid is null or d.dropout_id > $4)
        order by d.dropout_id limit $5
        """,
        region,
        basis,
        is_open,
        after,
        limit,
    )
    return [Dropout(**row) for row in rows]


async def counted(connection: Any, region: str) -> dict[str, int]:
    """S1.3-02: children out of school now, those of them for poverty, and those nobody reported."""
    row = await connection.fetchrow(
        """
        select count(*) filter (where basis = 'REPORTED') as out_of_school,
            count(*) filter (where cause = 'POVERTY') as out_of_school_for_poverty,
            count(*) filter (where basis = 'NOT_ENROLLED') as without_enrolment
        from read.dropout d join read.household h using (household_id)
        where d.ended_on is null and h.status = 'ACTIVE' and h.region like $1 || '%'
            and d.person_id not in (select person_id from vault.restricted)
        """,
        region,
    )
    return dict(row)

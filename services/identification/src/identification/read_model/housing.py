"""The ledger of dangerous houses, and the facts that it follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from common.intents import Connection, Fresh
from contracts.codes import Category, HousingGrade
from contracts.housing import LedgerExit, RemedyStep
from contracts.stages import Stage
from identification.domain.housing import Assessed, Ledger, Renovated

Entry = Literal["OPEN", "OVERDUE", "STARTED", "FINISHED", "CLEARED"]


def stream_of(household_id: UUID) -> str:
    """Where a household's ledger is recorded."""
    return f"housing-of-household-{household_id}"


@dataclass(frozen=True)
class Known:
    """What the current facts say of a household's house, and of the houses of households that it took in.

    `because_of` is the household that was asked for: this one, or one that it took in. `withheld`: one of
    the facts rests on a person whose data may not be used now (PIPL 47).
    """

    household_id: UUID
    because_of: UUID
    region: str
    active: bool
    withheld: bool
    assessments: tuple[Assessed, ...]
    renovations: tuple[Renovated, ...]


async def known(connection: Connection, households: Sequence[UUID]) -> list[Known]:
    """Assessments and renovations of these households and of whom they are part of, in one query."""
    rows = await connection.fetch(_KNOWN, households)
    facts: dict[UUID, list[Any]] = {}
    for row in rows:
        facts.setdefault(row["household_id"], []).append(row)
    return [
        Known(
            household_id,
            some[0]["because_of"],
            some[0]["region"],
            some[0]["active"],
            any(row["restricted"] for row in some),
            tuple(_assessed(r) for r in some if r["fact_type"] == "HousingSafety"),
            tuple(_renovated(r) for r in some if r["fact_type"] == "HousingRenovation"),
        )
        for household_id, some in facts.items()
    ]


_KNOWN = """
with asked as (
    select distinct on (household_id) household_id, because_of from (
        select id as household_id, id as because_of from unnest($1::uuid[]) as t (id)
        union all
        select survivor_id, household_id from read.merged where household_id = any($1::uuid[])
    ) as either order by household_id, because_of
), family as (
    select household_id as root, household_id from asked
    union all
    select m.survivor_id, m.household_id from asked a
    join read.merged m on m.survivor_id = a.household_id
)
select h.household_id, a.because_of, h.region, h.status = 'ACTIVE' as active, f.event_id, f.fact_type,
    f.detected_on, string_to_array(f.codes, ',') as codes, r.person_id is not null as restricted
from asked a
join read.household h using (household_id)
join family on family.root = h.household_id
left join read.fact f on f.household_id = family.household_id and f.current
    and f.fact_type in ('HousingSafety', 'HousingRenovation')
left join vault.restricted r using (person_id)
order by h.status = 'ACTIVE', h.household_id, f.detected_on, f.event_id
"""


def _assessed(row: Any) -> Assessed:
    grade = next(code for code in row["codes"] if code.startswith("GRADE_"))
    return Assessed(
        row["event_id"],
        HousingGrade[grade.removeprefix("GRADE_")],
        "LIVED_IN" in row["codes"],
        row["detected_on"],
    )


def _renovated(row: Any) -> Renovated:
    return Renovated(RemedyStep[row["codes"][0]], row["detected_on"])


async def put(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Keep the entries that these events touch, as they stand afterwards."""
    ledgers: dict[UUID, Ledger] = {f.payload.household_id: f.state for f in fresh}
    touched = {f.payload.entry_id: ledgers[f.payload.household_id] for f in fresh}
    entries = [ledger.entries[entry_id] for entry_id, ledger in touched.items()]
    await connection.execute(
        _UPSERT,
        [e.ledgered.entry_id for e in entries],
        [e.ledgered.household_id for e in entries],
        [e.grade.value for e in entries],
        [e.ledgered.assessed_on for e in entries],
        [e.ledgered.due_on for e in entries],
        [e.ledgered.ledgered_on for e in entries],
        [e.started_on for e in entries],
        [e.finished_on for e in entries],
        [e.overdue for e in entries],
        [e.cleared.cleared_on if e.cleared else None for e in entries],
        [e.cleared.reason.value if e.cleared else None for e in entries],
    )


_UPSERT = """
insert into read.dangerous_house (entry_id, household_id, grade, assessed_on, due_on, ledgered_on,
    started_on, finished_on, overdue, cleared_on, cleared_why)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[], $5::date[], $6::date[],
    $7::date[], $8::date[], $9::bool[], $10::date[], $11::text[])
on conflict (entry_id) do update set
    grade = excluded.grade, assessed_on = excluded.assessed_on, due_on = excluded.due_on,
    ledgered_on = excluded.ledgered_on, started_on = excluded.started_on,
    finished_on = excluded.finished_on, overdue = excluded.overdue,
    cleared_on = excluded.cleared_on, cleared_why = excluded.cleared_why
"""


# What a department reported by the number of a person whose data may not be used (PIPL 47) is neither
# shown nor counted, nor what rests on it.
WITHHELD = """
h.household_id in (
    select coalesce(m.survivor_id, f.household_id)
    from vault.restricted join read.fact f using (person_id)
    left join read.merged m on m.household_id = f.household_id
    where f.current and f.fact_type in ('HousingSafety', 'HousingRenovation')
)
"""


async def to_look_at(connection: Any, today: date) -> list[tuple[UUID, str]]:
    """Households whose remedy should have started and of which that was not said yet: id and area."""
    rows = await connection.fetch(
        f"""
        select h.household_id, h.region
        from read.dangerous_house d join read.household h using (household_id)
        where d.cleared_on is null and d.started_on is null and not d.overdue and d.due_on < $1
            and h.status = 'ACTIVE' and not {WITHHELD}
        order by h.household_id
        """,
        today,
    )
    return [(row["household_id"], row["region"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Ledgered:
    """An entry of the ledger with the days of its assessment, its remedy and its exit. `overdue`: the end of a
    day said so."""

    entry_id: UUID
    household_id: UUID
    register_number: str
    region: str
    category: Category
    stage: Stage
    grade: HousingGrade
    state: Entry
    assessed_on: date
    due_on: date
    ledgered_on: date
    started_on: date | None
    finished_on: date | None
    overdue: bool
    cleared_on: date | None
    cleared_why: LedgerExit | None


async def ledger(
    connection: Any,
    *,
    region: str,
    state: str | None,
    on: date,
    after: UUID | None,
    limit: int,
) -> list[Ledgered]:
    """Entries of an area by id, cleared ones too.

    `state` on a day: OPEN, OVERDUE, STARTED, FINISHED (waits for a new assessment) or CLEARED.
    """
    rows = await connection.fetch(
        f"""
        select * from (
            select d.*, h.register_number, h.region, h.category, h.stage,
                case when cleared_on is not null then 'CLEARED'
                    when finished_on is not null then 'FINISHED'
                    when started_on is not null then 'STARTED'
                    when d.due_on < $3 then 'OVERDUE' else 'OPEN' end as state
            from read.dangerous_house d join read.household h using (household_id)
            where h.status = 'ACTIVE' and h.region like $1 || '%' and not {WITHHELD}
        ) as entries
        where ($2::text is null or state = $2) and ($4::uuid is null or entry_id > $4)
        order by entry_id limit $5
        """,
        region,
        state,
        on,
        after,
        limit,
    )
    return [Ledgered(**row) for row in rows]


async def counted(connection: Any, region: str, on: date) -> tuple[int, int, int]:
    """S1.3-03: households in the ledger, those without a started remedy (to be 0), and those overdue."""
    row = await connection.fetchrow(
        f"""
        select count(*) as living, count(*) filter (where started_on is null) as without,
            count(*) filter (where started_on is null and d.due_on < $2) as overdue
        from read.dangerous_house d join read.household h using (household_id)
        where h.status = 'ACTIVE' and h.region like $1 || '%' and cleared_on is null
            and not {WITHHELD}
        """,
        region,
        on,
    )
    return row["living"], row["without"], row["overdue"]

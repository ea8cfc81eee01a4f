"""The registers of housing and schooling, read from the current facts.

After a correction or retraction the old fact is no longer current, so nothing else is needed to keep the
registers right.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from contracts.codes import Category
from contracts.stages import Stage
from identification.domain.policy import Policy
from identification.domain.schooling import year_begins
from identification.read_model.housing import WITHHELD

TOWN = 9  # digits of an area that name its town

Grade = Literal["A", "B", "C", "D"]
Remedy = Literal["NONE", "OPEN", "OVERDUE", "STARTED", "FINISHED"]
Attendance = Literal[
    "UNKNOWN", "ENROLLED", "HOME_TEACHING", "SUSPECTED_DROPOUT", "DROPOUT", "EXEMPT"
]
Cause = Literal["BY_POVERTY", "BY_AVERSION", "BY_ILLNESS", "BY_OTHER"]


@dataclass(frozen=True, slots=True)
class House:
    """A household's house by its latest assessment, the event `event_id`. `entry_id` is its open entry in
    the ledger of dangerous houses, if there is one."""

    household_id: UUID
    register_number: str
    region: str
    category: Category
    stage: Stage
    grade: Grade
    lived_in: bool
    assessed_on: date
    event_id: UUID
    entry_id: UUID | None
    remedy: Remedy
    remedy_due_on: date
    remedy_started_on: date | None
    remedy_finished_on: date | None


@dataclass(frozen=True, slots=True)
class SchoolChild:
    """A child in a term, by the last report of its school in that term, the event `event_id`; UNKNOWN
    without one."""

    person_id: UUID
    household_id: UUID
    region: str
    category: Category
    stage: Stage
    born_on: date
    checked_on: date | None
    event_id: UUID | None
    status: Attendance
    cause: Cause | None


# The latest assessment of each house in an area, with its entry in the ledger of dangerous ones; of a household
# that took others in, of theirs too (A54).
_HOUSES = f"""
select h.household_id, h.register_number, h.region, h.category, h.stage, a.grade, a.lived_in,
    a.detected_on as assessed_on, a.event_id, d.entry_id,
    coalesce(d.due_on, a.detected_on + $6::int) as remedy_due_on,
    d.started_on as remedy_started_on, d.finished_on as remedy_finished_on
from read.household h
join lateral (
    select detected_on, event_id,
        substring(codes from 'GRADE_([ABCD])') as grade,
        'LIVED_IN' = any(string_to_array(codes, ',')) as lived_in
    from read.fact f
    where f.fact_type = 'HousingSafety' and f.current and f.household_id = any(array(
        select h.household_id
        union all
        select m.household_id from read.merged m where m.survivor_id = h.household_id
    ))
    order by detected_on desc, event_id desc limit 1
) as a on true
left join read.dangerous_house d on d.household_id = h.household_id and d.cleared_on is null
where h.status = 'ACTIVE' and h.region like $1 || '%' and not {WITHHELD}
"""


async def houses(
    connection: Any,
    *,
    region: str,
    grade: str | None,
    remedy: str | None,
    policy: Policy,
    on: date,
    after: UUID | None,
    limit: int,
) -> list[House]:
    """Assessed houses by household, each with its entry in the ledger of dangerous houses.

    `remedy` of a dangerous house that is lived in: OPEN, OVERDUE, STARTED or FINISHED; of others NONE.
    A finished remedy needs a new assessment before the house counts as safe.
    """
    rows = await connection.fetch(
        f"""
        select * from (
            select *, case when grade not in ('C', 'D') or not lived_in then 'NONE'
                    when remedy_finished_on is not null then 'FINISHED'
                    when remedy_started_on is not null then 'STARTED'
                    when remedy_due_on < $7 then 'OVERDUE' else 'OPEN' end as remedy
            from ({_HOUSES}) as houses
        ) as ledger
        where ($2::text is null or grade = $2) and ($3::text is null or remedy = $3)
            and ($4::uuid is null or household_id > $4)
        order by household_id limit $5
        """,
        region,
        grade,
        remedy,
        after,
        limit,
        policy.housing_remedy_days,
        on,
    )
    return [House(**row) for row in rows]


# Children of compulsory age in the two groups, with the latest word on each in a term, in whatever
# household the child was then; of a child whose data may not be used (PIPL 47) nothing is known.
_CHILDREN = """
select m.person_id, h.household_id, h.region, h.category, h.stage, m.born_on, e.detected_on as checked_on,
    m.restricted, e.event_id, coalesce(e.status, 'UNKNOWN') as status, e.cause
from read.household h
join read.member m using (household_id)
left join lateral (
    select detected_on, event_id,
        substring(codes from '(HOME_TEACHING|ENROLLED|SUSPECTED_DROPOUT|DROPOUT|EXEMPT)') as status,
        substring(codes from '(BY_[A-Z]+)') as cause
    from read.fact f
    where f.fact_type = 'EnrolmentStatus' and f.person_id = m.person_id and not m.restricted
        and f.current and f.detected_on >= $4 and f.detected_on < $5
        and $6 = any(string_to_array(codes, ','))
    order by detected_on desc, event_id desc limit 1
) as e on true
where h.status = 'ACTIVE' and h.region like $1 || '%'
    and (h.category = 'FORMERLY_POOR' or h.stage = 'MONITORED' or h.stage like 'ELIM\\_%')
    and m.born_on > $2 and m.born_on <= $3
"""


def _term(term: str, policy: Policy) -> tuple[date, date, date, date, str]:
    """Birth dates (after, up to), days (from, before) and code of a term such as `2024-SPRING`."""
    year, _, half = term.partition("-")
    began = int(year) - (half == "SPRING")
    last = date(began, 8, 31)
    return (
        last.replace(year=began - policy.school_age_to),
        last.replace(year=began - policy.school_age_from),
        year_begins(began),
        year_begins(began + 1),
        half,
    )


async def children(
    connection: Any,
    *,
    region: str,
    term: str,
    status: str | None,
    policy: Policy,
    after: UUID | None,
    limit: int,
) -> list[SchoolChild]:
    """School-age children of formerly poor and monitored households by person; UNKNOWN: not screened."""
    rows = await connection.fetch(
        f"""
        select person_id, household_id, region, category, stage, born_on, checked_on, event_id, status,
            cause
        from ({_CHILDREN}) as children
        where ($7::text is null or status = $7) and ($8::uuid is null or person_id > $8)
        order by person_id limit $9
        """,
        region,
        *_term(term, policy),
        status,
        after,
        limit,
    )
    return [SchoolChild(**row) for row in rows]


async def screened_children(
    connection: Any, *, region: str, term: str, policy: Policy
) -> tuple[int, int, int, int]:
    """Of the term: children of school age, those screened, dropouts, and dropouts for poverty."""
    row = await connection.fetchrow(
        f"""
        select count(*) as children, count(event_id) as screened,
            count(*) filter (where status = 'DROPOUT') as dropouts,
            count(*) filter (where status = 'DROPOUT' and cause = 'BY_POVERTY') as for_poverty
        from ({_CHILDREN}) as children
        """,
        region,
        *_term(term, policy),
    )
    return row["children"], row["screened"], row["dropouts"], row["for_poverty"]


async def without_enrolment(
    connection: Any, *, region: str, term: str, policy: Policy
) -> list[tuple[UUID, UUID, str]]:
    """Children of the term whom no school reported, though one reported others of their town.

    Each as household, person and area. Those who are known to be out of school already are left out.
    """
    rows = await connection.fetch(
        f"""
        with children as ({_CHILDREN})
        select household_id, person_id, region from children c
        where event_id is null and not restricted
            and left(region, {TOWN}) in (
                select left(region, {TOWN}) from children where event_id is not null
            )
            and not exists (
                select from read.dropout d where d.person_id = c.person_id and d.ended_on is null
            )
        order by household_id, person_id
        """,
        region,
        *_term(term, policy),
    )
    return [(row["household_id"], row["person_id"], row["region"]) for row in rows]

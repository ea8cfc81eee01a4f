"""The registers of housing and schooling, read from the facts as they stand.

A correction or retraction is a fact that is no longer current, so the registers follow without more.
"""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from identification.domain.policy import Policy
from identification.domain.schooling import year_begins

Row = dict[str, Any]

# The latest assessment of each house in an area, with what was done about it since.
_HOUSES = """
select h.household_id, h.register_number, h.region, h.category, h.stage, a.grade, a.lived_in,
    a.detected_on as assessed_on, a.event_id, started.detected_on as remedy_started_on,
    finished.detected_on as remedy_finished_on
from read.household h
join lateral (
    select detected_on, event_id,
        substring(codes from 'GRADE_([ABCD])') as grade,
        'LIVED_IN' = any(string_to_array(codes, ',')) as lived_in
    from read.fact f
    where f.fact_type = 'HousingSafety' and f.household_id = h.household_id and f.current
    order by detected_on desc, event_id desc limit 1
) as a on true
left join lateral (
    select detected_on from read.fact f
    where f.fact_type = 'HousingRenovation' and f.household_id = h.household_id and f.current
        and f.detected_on >= a.detected_on and 'STARTED' = any(string_to_array(codes, ','))
    order by detected_on limit 1
) as started on true
left join lateral (
    select detected_on from read.fact f
    where f.fact_type = 'HousingRenovation' and f.household_id = h.household_id and f.current
        and f.detected_on >= a.detected_on and 'FINISHED' = any(string_to_array(codes, ','))
    order by detected_on limit 1
) as finished on true
where h.status = 'ACTIVE' and h.region like $1 || '%'
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
) -> list[Row]:
    """Assessed houses by household, each with its entry in the ledger of dangerous houses.

    `remedy` of a dangerous house that is lived in: OPEN, OVERDUE, STARTED or FINISHED; of others NONE.
    A finished remedy needs a new assessment before the house counts as safe.
    """
    rows = await connection.fetch(
        f"""
        select * from (
            select *, assessed_on + $6::int as remedy_due_on,
                case when grade not in ('C', 'D') or not lived_in then 'NONE'
                    when remedy_finished_on is not null then 'FINISHED'
                    when remedy_started_on is not null then 'STARTED'
                    when assessed_on + $6::int < $7 then 'OVERDUE' else 'OPEN' end as remedy
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
    return [dict(row) for row in rows]


# Children of compulsory age in the two groups, with the latest word on each in a term.
_CHILDREN = """
select m.person_id, h.household_id, h.region, h.category, h.stage, m.born_on, e.detected_on as checked_on,
    e.event_id, coalesce(e.status, 'UNKNOWN') as status, e.cause
from read.household h
join read.member m using (household_id)
left join lateral (
    select detected_on, event_id,
        substring(codes from '(HOME_TEACHING|ENROLLED|SUSPECTED_DROPOUT|DROPOUT|EXEMPT)') as status,
        substring(codes from '(BY_[A-Z]+)') as cause
    from read.fact f
    where f.fact_type = 'EnrolmentStatus' and f.household_id = h.household_id
        and f.person_id = m.person_id and f.current and f.detected_on >= $4 and f.detected_on < $5
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
) -> list[Row]:
    """School-age children of formerly poor and monitored households by person; UNKNOWN: not screened."""
    rows = await connection.fetch(
        f"""
        select * from ({_CHILDREN}) as children
        where ($7::text is null or status = $7) and ($8::uuid is null or person_id > $8)
        order by person_id limit $9
        """,
        region,
        *_term(term, policy),
        status,
        after,
        limit,
    )
    return [dict(row) for row in rows]


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


async def dangerous_houses(
    connection: Any, *, region: str, policy: Policy, on: date
) -> tuple[int, int, int]:
    """Households living in a dangerous house, those without a started remedy, and those overdue."""
    row = await connection.fetchrow(
        f"""
        select count(*) as living, count(*) filter (where remedy_started_on is null) as without,
            count(*) filter (where remedy_started_on is null and assessed_on < $2) as overdue
        from ({_HOUSES}) as houses where grade in ('C', 'D') and lived_in
        """,
        region,
        on - timedelta(days=policy.housing_remedy_days),
    )
    return row["living"], row["without"], row["overdue"]

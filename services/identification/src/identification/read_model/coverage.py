"""The counts behind the shares that the work plan wants at 100 %, one query each."""

from datetime import date
from typing import Any

from identification.read_model.rules import LATEST_FIRST

_GROUP = """
h.status = 'ACTIVE' and h.region like $1 || '%'
    and (h.category = 'FORMERLY_POOR' or h.stage = 'MONITORED' or h.stage like 'ELIM\\_%')
"""


async def water(connection: Any, region: str, on: date) -> tuple[int, int]:
    """S1.3-07: households of the two groups, and how many of them have only sources with a valid, qualified
    report.

    A report that has run out on the day does not count, nor does a household without a source.
    """
    row = await connection.fetchrow(
        f"""
        select count(*) as households, count(*) filter (where fit) as fit from (
            select coalesce(bool_and(s.qualified and s.valid_to >= $2), false) as fit
            from read.household h
            left join read.water_served w using (household_id)
            left join read.water_source s using (source_id)
            where {_GROUP} group by h.household_id
        ) as served
        """,
        region,
        on,
    )
    return row["households"], row["fit"]


async def inclusion(connection: Any, region: str, on: date) -> dict[str, int]:
    """S1.1-06: clues that nobody has handled, how many of them are past their deadline, and households
    monitored now.

    A clue that joined a confirmed episode is unhandled until somebody looks at it (E6), and has no
    deadline.
    """
    row = await connection.fetchrow(
        """
        with households as (
            select household_id, stage = 'MONITORED' or stage like 'ELIM\\_%' as monitored
            from read.household where status = 'ACTIVE' and region like $1 || '%'
        )
        select count(*) as open_clues,
            count(*) filter (where c.due_on < $2 and not h.monitored) as overdue_clues,
            (select count(*) from households where monitored) as monitored
        from read.clue c join households h using (household_id) where c.status = 'OPEN'
        """,
        region,
        on,
    )
    return dict(row)


async def missed(connection: Any, region: str, line_fen: int, strict: bool, basis: str) -> int:
    """S2-05: households whose latest assessment lies within the line and that never had a case.

    They are to be explained or looked at. `basis` is the column of the total.
    """
    column = {"DISPOSABLE": "disposable_fen", "NET": "net_fen", "REFERENCE": "reference_fen"}[basis]
    found: int = await connection.fetchval(
        f"""
        select count(*) from read.household h
        join lateral (
            select {column} as total, members from read.income i
            where i.household_id = h.household_id order by {LATEST_FIRST} limit 1
        ) as last on true
        where h.status = 'ACTIVE' and h.region like $1 || '%' and h.stage = 'NONE'
            and (last.total < $2 * last.members or not $3 and last.total = $2 * last.members)
            and not exists (
                select from es.events e
                where e.stream = 'household-' || h.household_id and e.type = 'RiskDetected'
            )
        """,
        region,
        line_fen,
        strict,
    )
    return found


async def reidentified(connection: Any, region: str, on: date) -> tuple[int, int]:
    """S1.1-06: eliminations up to a day, and how many were followed by a confirmation within twelve months.

    An elimination that was taken back does not count: its episode goes on (T16).
    """
    row = await connection.fetchrow(
        """
        select count(*) as eliminated, count(*) filter (where exists (
            select from read.case_file again
            where again.household_id = c.household_id and again.episode_no > c.episode_no
                and again.confirmed_on <= least($2::date, c.ended_on + interval '12 months')
        )) as again
        from read.case_file c
        where c.outcome = 'ELIMINATED' and c.ended_on <= $2 and c.region like $1 || '%'
        """,
        region,
        on,
    )
    return row["again"], row["eliminated"]


async def days_to_confirmation(connection: Any, region: str, on: date) -> dict[str, Any]:
    """S2-06, S2-07: days from discovery to confirmation, of the twelve months up to a day.

    The 90th percentile is the number of days within which nine of ten were confirmed, by rank.
    """
    row = await connection.fetchrow(
        """
        select count(*) as confirmed, count(*) filter (where late) as late,
            percentile_disc(0.5) within group (order by elapsed_days) as median_days,
            percentile_disc(0.9) within group (order by elapsed_days) as p90_days,
            max(elapsed_days) as longest_days
        from read.case_file
        where confirmed_on <= $2 and confirmed_on > $2 - interval '12 months'
            and region like $1 || '%'
        """,
        region,
        on,
    )
    return dict(row)


async def waiting(connection: Any, region: str, on: date) -> dict[str, Any]:
    """Facts that wait: how many, how many of them for a person whose data is restricted, the longest wait,
    and the waits of those that were matched.

    Counted for an area are the facts of departments that answer for it or for a part of it.
    `of_wider_areas` counts facts of departments of wider areas, which may be about somebody of this one:
    each is counted in every area within its department's.
    """
    row = await connection.fetchrow(
        """
        select count(*) filter (where outcome is null) as waiting,
            count(*) filter (where outcome is null and reason = 'RESTRICTED') as restricted,
            coalesce(max($2::date - received_on) filter (where outcome is null), 0) as longest_days,
            count(*) filter (where outcome = 'MATCHED') as matched,
            round(avg(waited_days) filter (where outcome = 'MATCHED'), 1) as mean_waited_days,
            max(waited_days) filter (where outcome = 'MATCHED') as longest_waited_days,
            (select count(*) from read.unmatched
                where outcome is null and region <> $1 and starts_with($1, region)) as of_wider_areas
        from read.unmatched where region like $1 || '%'
        """,
        region,
        on,
    )
    return dict(row)

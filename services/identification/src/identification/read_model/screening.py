"""Every household of an area as a screening looks at it, in one query."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from common.intents import Connection
from contracts.fact_codes import FactType
from identification.domain.findings import Counted, IncomeSeen
from identification.domain.rules import ROLLING
from identification.domain.schooling import school_year, year_begins
from identification.domain.screening import STANDING, Screened, Stands
from identification.read_model.rules import LAST_SAID, LATEST_FIRST, OWNED, persons_of

_Fact = tuple[UUID, UUID, FactType, date, int, str]
_facts = msgspec.json.Decoder(list[_Fact])


async def of_area(
    connection: Connection,
    region: str,
    on: date,
    only: Sequence[UUID] | None = None,
    *,
    without: Collection[UUID] = (),
) -> list[Screened]:
    """Active households of an area (or some of them) as they stand on a day, with the year that ends on it.

    Facts of a household that is part of another count there (A54). Facts about persons whose data may not
    be used (PIPL 47) do not count, nor those about the persons in `without`.
    """
    latest = {t: code for t, (_, code) in STANDING.items() if code}
    rows = await connection.fetch(
        _AREA,
        region,
        FactType.MEDICAL_SETTLEMENT.value,
        on - ROLLING,
        on,
        [owned.value for owned in OWNED],
        only,
        _types(Stands.A_YEAR),
        _types(Stands.THIS_SCHOOL_YEAR),
        year_begins(school_year(on)),
        [fact_type.value for fact_type in latest],
        [code.value for code in latest.values()],
        _types(Stands.LATEST_OF_A_PERSON),
        list(without),
        timeout=60,
    )
    return await asyncio.to_thread(lambda: [_screened(row) for row in rows])


async def left_out(connection: Connection, region: str) -> list[UUID]:
    """Persons whose data may not be used (PIPL 47) and of whom there are facts in households of an area."""
    rows = await connection.fetch(
        """
        select distinct f.person_id
        from vault.restricted r join read.fact f using (person_id)
        left join read.merged m on m.household_id = f.household_id
        join read.household h on h.household_id = coalesce(m.survivor_id, f.household_id)
        where f.current and h.status = 'ACTIVE' and h.region like $1 || '%'
        """,
        region,
    )
    return [row["person_id"] for row in rows]


async def homes(connection: Connection, persons: Collection[UUID]) -> list[UUID]:
    """The households that there is something of these persons in."""
    rows = await connection.fetch(
        """
        select distinct coalesce(m.survivor_id, f.household_id) as household_id
        from read.fact f left join read.merged m using (household_id)
        where f.current and f.person_id = any($1::uuid[])
        """,
        list(persons),
    )
    return [row["household_id"] for row in rows]


def _types(stands: Stands) -> list[str]:
    return [fact_type.value for fact_type, (how, _) in STANDING.items() if how is stands]


def _screened(row: Any) -> Screened:
    incomes = (_income(row, ""), _income(row, "before_"))
    return Screened(
        row["household_id"],
        row["register_number"],
        row["region"],
        row["category"],
        row["marginal_2019"],
        row["stage"],
        row["has_labour"],
        tuple(income for income in incomes if income),
        int(row["own_cost"] or 0),
        bool(row["owns"]),
        _standing(row["facts"]) if row["facts"] else (),
        persons_of(row["persons"]),
    )


def _income(row: Any, which: str) -> IncomeSeen | None:
    """Without its assessment, which a screening does not tell."""
    if row[f"{which}event_id"] is None:
        return None
    return IncomeSeen(*(row[which + name] for name in IncomeSeen.__slots__[:-1]))


def _standing(facts: str) -> tuple[Counted, ...]:
    return tuple(
        Counted(event, person, kind, on, amount, frozenset(codes.split(",") if codes else ()))
        for event, person, kind, on, amount, codes in _facts.decode(facts)
    )


_AREA = f"""
with usable as (
    select coalesce(m.survivor_id, f.household_id) as household_id, f.event_id, f.record_version,
        f.person_id, f.fact_type, f.detected_on, f.amount, f.codes
    from read.fact f left join read.merged m using (household_id)
    where f.current and f.detected_on <= $4
        and not exists (select from vault.restricted r where r.person_id = f.person_id)
        and f.person_id <> all($13::uuid[])
), costs as (
    select household_id, sum(amount) as own_cost from usable
    where fact_type = $2 and detected_on > $3
    group by household_id
), owning as (
    select distinct household_id from (
        select distinct on (household_id, person_id, fact_type) household_id, person_id, codes
        from usable where fact_type = any($5::text[]) order by household_id, {LAST_SAID}
    ) as last join read.member using (household_id, person_id)
    where 'STARTED' = any(string_to_array(last.codes, ','))
), latest as (
    select * from (
        select distinct on (fact_type, household_id, whose) *
        from (
            select *, case when fact_type = any($12::text[]) then person_id end as whose from usable
            where fact_type = any($10::text[])
        ) as said
        order by fact_type, household_id, whose, detected_on desc, record_version desc, event_id desc
    ) as last
    join unnest($10::text[], $11::text[]) as wanted (fact_type, code) using (fact_type)
    where wanted.code = any(string_to_array(codes, ','))
), standing as (
    select household_id, json_agg(json_build_array(event_id, person_id, fact_type, detected_on,
        coalesce(amount, 0), codes) order by detected_on, event_id)::text as facts
    from (
        select household_id, event_id, person_id, fact_type, detected_on, amount, codes from usable
        where fact_type = any($7::text[]) and detected_on > $3
            or fact_type = any($8::text[]) and detected_on >= $9
        union all
        select household_id, event_id, person_id, fact_type, detected_on, amount, codes from latest
    ) as stand group by household_id
), monthly as (
    select distinct on (household_id, date_trunc('month', window_to)) *,
        date_trunc('month', window_to) as month
    from read.income order by household_id, date_trunc('month', window_to), {LATEST_FIRST}
), assessed as (
    select distinct on (household_id) * from monthly order by household_id, month desc
)
select h.household_id, h.register_number, h.region, h.category, h.marginal_2019, h.stage,
    h.has_labour, a.event_id, a.window_to, a.members, a.disposable_fen, a.net_fen, a.reference_fen,
    a.operating_fen, b.event_id as before_event_id, b.window_to as before_window_to,
    b.members as before_members, b.disposable_fen as before_disposable_fen,
    b.net_fen as before_net_fen, b.reference_fen as before_reference_fen,
    b.operating_fen as before_operating_fen, costs.own_cost, owning.household_id is not null as owns,
    standing.facts, case when standing.facts is not null then (
        select json_agg(json_build_array(person_id, born_on, labour_capacity, relation, restricted,
            health))::text from read.member m where m.household_id = h.household_id
    ) end as persons
from read.household h
left join assessed a using (household_id)
left join monthly b on b.household_id = h.household_id and b.month = a.month - interval '1 year'
left join costs on costs.household_id = h.household_id
left join owning on owning.household_id = h.household_id
left join standing on standing.household_id = h.household_id
where h.region like $1 || '%' and h.status = 'ACTIVE'
    and ($6::uuid[] is null or h.household_id = any($6::uuid[]))
"""

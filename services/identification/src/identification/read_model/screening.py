"""Every household of an area as a screening looks at it, in one query."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from common.intents import Connection
from contracts.fact_codes import FactType
from identification.domain.findings import IncomeSeen
from identification.domain.screening import Screened
from identification.read_model.rules import OWNED

YEAR = timedelta(days=365)


async def of_area(
    connection: Connection, region: str, on: date, only: Sequence[UUID] | None = None
) -> list[Screened]:
    """Active households of an area (or some of them) as they stand, with own cost of the year to `on`."""
    rows = await connection.fetch(
        _AREA,
        region,
        FactType.MEDICAL_SETTLEMENT.value,
        on - YEAR,
        on,
        [owned.value for owned in OWNED],
        only,
        timeout=60,
    )
    return await asyncio.to_thread(lambda: [_screened(row) for row in rows])


def _screened(row: Any) -> Screened:
    incomes: tuple[IncomeSeen, ...] = ()
    if row["event_id"]:
        seen = IncomeSeen(
            row["event_id"],
            row["window_to"],
            row["members"],
            row["disposable_fen"],
            row["net_fen"],
            row["reference_fen"],
            row["operating_fen"],
        )
        incomes = (seen,)
    return Screened(
        row["household_id"],
        row["register_number"],
        row["region"],
        row["category"],
        row["marginal_2019"],
        row["stage"],
        row["has_labour"],
        incomes,
        int(row["own_cost"] or 0),
        bool(row["owns"]),
    )


_AREA = """
with costs as (
    select household_id, sum(amount) as own_cost from read.fact
    where fact_type = $2 and current and detected_on > $3 and detected_on <= $4
    group by household_id
), owning as (
    select distinct household_id from (
        select distinct on (person_id, fact_type) household_id, codes from read.fact
        where fact_type = any($5::text[]) and current
        order by person_id, fact_type, detected_on desc, record_version desc
    ) as last where 'STARTED' = any(string_to_array(codes, ','))
), assessed as (
    select distinct on (household_id) household_id, event_id, window_to, members, disposable_fen,
        net_fen, reference_fen, operating_fen
    from read.income order by household_id, window_to desc, event_id desc
)
select h.household_id, h.register_number, h.region, h.category, h.marginal_2019, h.stage,
    h.has_labour, a.event_id, a.window_to, a.members, a.disposable_fen, a.net_fen, a.reference_fen,
    a.operating_fen, costs.own_cost, owning.household_id is not null as owns
from read.household h
left join assessed a using (household_id)
left join costs using (household_id)
left join owning using (household_id)
where h.region like $1 || '%' and h.status = 'ACTIVE'
    and ($6::uuid[] is null or h.household_id = any($6::uuid[]))
"""

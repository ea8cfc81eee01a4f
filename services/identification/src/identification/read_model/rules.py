"""What rules look back at: households with their members and incomes, and the facts around a fact."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from common.codec import Codec
from common.intents import Connection, Fresh
from contracts.assessments import IncomeAssessed
from contracts.codes import Health, LabourCapacity, Relation
from contracts.envelope import Envelope
from contracts.fact_codes import FactType
from identification.domain.findings import IncomeSeen, KnownHousehold, Person
from identification.domain.known_incomes import day_of


async def put_incomes(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Keep assessments of income; a corrected one takes the place of the one that it corrects (T20)."""
    first = [f for f in fresh if not f.payload.corrects]
    again = {f.payload.assessment_id: f for f in fresh if f.payload.corrects}
    for statement, told in ((_INSERT, first), (_UPDATE, [*again.values()])):
        if told:
            await connection.execute(statement, *_columns(told))


def _columns(fresh: Sequence[Fresh]) -> list[list[Any]]:
    seen = [seen_of(f.event.event_id, f.payload) for f in fresh]
    told = [[getattr(one, name) for one in seen] for name in IncomeSeen.__slots__]
    days = [day_of(f.payload) for f in fresh]
    return [[f.payload.household_id for f in fresh], days, *told]


# The order of `known_incomes`, the latest first; one that was corrected stays where it was.
LATEST_FIRST = "window_to desc, assessed_on desc, first_told desc"
_UNNEST = """unnest($1::uuid[], $2::date[], $3::uuid[], $4::date[], $5::int[], $6::bigint[],
    $7::bigint[], $8::bigint[], $9::bigint[], $10::uuid[])"""
_NAMES = """household_id, assessed_on, event_id, window_to, members, disposable_fen, net_fen,
    reference_fen, operating_fen, assessment_id"""
_INSERT = f"""
insert into read.income ({_NAMES}, first_told) select *, event_id from {_UNNEST} as t ({_NAMES})
on conflict (assessment_id) do nothing
"""
_UPDATE = f"""
update read.income i set event_id = t.event_id, members = t.members,
    disposable_fen = t.disposable_fen, net_fen = t.net_fen, reference_fen = t.reference_fen,
    operating_fen = t.operating_fen
from {_UNNEST} as t ({_NAMES}) where i.assessment_id = t.assessment_id
"""


def seen_of(event_id: UUID, a: IncomeAssessed) -> IncomeSeen:
    """An assessment as rules see it."""
    return IncomeSeen(
        event_id,
        a.window_to,
        a.members,
        a.disposable_fen,
        net_of(a),
        a.reference_fen,
        a.operating_fen,
        a.assessment_id,
    )


async def said(connection: Connection, events: Sequence[UUID]) -> dict[UUID, IncomeSeen]:
    """What these assessments said when they were recorded, by event, even if they were corrected since."""
    if not events:
        return {}
    rows = await connection.fetch(
        "select event_id, type, schema_version, data from es.events where event_id = any($1::uuid[])",
        events,
    )
    told = [(r["event_id"], _codec.decode(r["type"], r["schema_version"], r["data"])) for r in rows]
    return {event_id: seen_of(event_id, assessed) for event_id, assessed in told}


async def versions_before(
    connection: Connection, told: Sequence[Envelope]
) -> dict[UUID, list[UUID]]:
    """Of each of these assessments, by event: what said it before."""
    rows = await connection.fetch(
        """
        select event_id, type, schema_version, data from es.events
        where stream = any($1::text[]) and type = 'IncomeAssessed' order by stream, version
        """,
        list({event.stream for event in told}),
    )
    asked = {event.event_id for event in told}
    known: dict[UUID, list[UUID]] = {}
    found: dict[UUID, list[UUID]] = {}
    for row in rows:
        assessed = _codec.decode(row["type"], row["schema_version"], row["data"])
        versions = known.setdefault(assessed.assessment_id, [])
        if row["event_id"] in asked:
            found[row["event_id"]] = [*versions]
        versions.append(row["event_id"])
    return found


def net_of(a: IncomeAssessed) -> int:
    """Net income of an assessment; older ones did not say it."""
    gross = a.wage_fen + a.operating_fen + a.property_fen + a.transfer_fen
    return gross - a.operating_cost_fen


OWNED = (FactType.VEHICLE, FactType.BUSINESS, FactType.PROPERTY)
# What was said last of what a person owns; if one was sold and another bought on a day, the purchase.
LAST_SAID = "person_id, fact_type, detected_on desc, 'ENDED' = any(string_to_array(codes, ','))"
_codec = Codec.of(IncomeAssessed)
_Row = tuple[UUID, date, LabourCapacity, Relation, bool, Health]
_rows = msgspec.json.Decoder(list[_Row])


def persons_of(members: str | None) -> tuple[Person, ...]:
    """Members, from JSON arrays in the order of `Person`."""
    return tuple(Person(*row) for row in _rows.decode(members)) if members else ()


async def households(
    connection: Connection, ids: Sequence[UUID], *, owning: bool = False
) -> dict[UUID, KnownHousehold]:
    """These households with members and assessments, the latest first, in one query.

    `owning` also looks whether a vehicle, business or second house is in a member's name.
    """
    rows = await connection.fetch(
        f"""
        select h.household_id, h.region, h.category, h.marginal_2019, h.stage,
            h.status = 'ACTIVE' as active,
            (
                select json_agg(json_build_array(
                    person_id, born_on, labour_capacity, relation, r.person_id is not null, health
                ))
                from read.member m left join vault.restricted r using (person_id)
                where m.household_id = h.household_id
            ) as persons,
            case when $2 then exists (
                select from (
                    select distinct on (person_id, fact_type) person_id, codes
                    from (
                        select array_agg(m.household_id) || h.household_id as ids
                        from read.merged m where m.survivor_id = h.household_id
                    ) as part join read.fact f on f.household_id = any(part.ids)
                    where current and fact_type = any($3::text[])
                        and person_id not in (select person_id from vault.restricted)
                    order by {LAST_SAID}
                ) as last join read.member m using (person_id)
                where m.household_id = h.household_id
                    and 'STARTED' = any(string_to_array(last.codes, ','))
            ) else false end as owns,
            i.event_id, i.window_to, i.members, i.disposable_fen, i.net_fen,
            i.reference_fen, i.operating_fen, i.assessment_id
        from read.household h
        left join read.income i using (household_id)
        where h.household_id = any($1::uuid[])
        order by h.household_id, {LATEST_FIRST}
        """,
        ids,
        owning,
        [owned.value for owned in OWNED],
    )
    found: dict[UUID, KnownHousehold] = {}
    incomes: dict[UUID, list[IncomeSeen]] = {}
    for row in rows:
        if row["event_id"]:
            seen = IncomeSeen(*(row[name] for name in IncomeSeen.__slots__))
            incomes.setdefault(row["household_id"], []).append(seen)
        found[row["household_id"]] = KnownHousehold(
            row["region"],
            row["category"],
            row["marginal_2019"],
            row["stage"],
            persons_of(row["persons"]),
            tuple(incomes.get(row["household_id"], ())),
            row["owns"],
            row["active"],
        )
    return found

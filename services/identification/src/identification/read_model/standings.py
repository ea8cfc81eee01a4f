"""Households as they stand, for judging them anew whenever something about them may have changed."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from common.intents import Connection
from contracts.focus import FocusGroup
from contracts.protection import Protection
from identification.domain.entry import Tag
from identification.domain.findings import History
from identification.domain.protection import Gap
from identification.domain.standing import Standing
from identification.read_model import facts, rules
from identification.read_model.protection import NOBODY

_kinds = {kind.value: kind for kind in Protection}
_groups = {group.value: group for group in FocusGroup}


async def of(connection: Connection, households: Sequence[UUID]) -> list[Standing]:
    """Those of these households that are known, in three queries."""
    known = await rules.households(connection, households)
    seen = await _counted(connection, households)
    gaps, tags = await _noted(connection, households)
    return [
        Standing(
            one,
            household,
            seen.get(one, History(())),
            gaps.get(one, frozenset()),
            tags.get(one, frozenset()),
        )
        for one, household in known.items()
    ]


async def _counted(connection: Connection, households: Sequence[UUID]) -> dict[UUID, History]:
    """What Civil Affairs decided of these households; and what is said of their present members, whichever
    household those were in at the time."""
    rows = await connection.fetch(
        """
        select f.*, r.person_id is not null as restricted from (
            select household_id, event_id, person_id, fact_type, detected_on, amount, codes
            from read.fact
            where household_id = any($1::uuid[]) and current and fact_type = 'SocialProtection'
            union all
            select m.household_id, event_id, person_id, fact_type, detected_on, amount, codes
            from read.member m join read.fact f using (person_id)
            where m.household_id = any($1::uuid[]) and current
                and fact_type in ('DisabilityCard', 'DisabilityAllowance', 'SeriousIllness',
                    'ChildInNeed', 'Death')
        ) as f left join vault.restricted r using (person_id)
        """,
        households,
    )
    return facts.histories(rows, households)


async def _noted(
    connection: Connection, households: Sequence[UUID]
) -> tuple[dict[UUID, frozenset[Gap]], dict[UUID, frozenset[Tag]]]:
    """The open gaps and the tags of these households; those without any are absent."""
    rows = await connection.fetch(
        """
        select household_id, kind, null as focus, person_id from read.protection_gap
        where household_id = any($1::uuid[])
        union all
        select household_id, null, focus, person_id from read.focus_tag
        where household_id = any($1::uuid[])
        """,
        households,
    )
    gaps: dict[UUID, frozenset[Gap]] = {}
    tags: dict[UUID, frozenset[Tag]] = {}
    for row in rows:
        one, person = row["household_id"], row["person_id"] if row["person_id"] != NOBODY else None
        if row["kind"]:
            gaps[one] = gaps.get(one, frozenset()) | {(_kinds[row["kind"]], person)}
        else:
            tags[one] = tags.get(one, frozenset()) | {(_groups[row["focus"]], person)}
    return gaps, tags


async def in_area(connection: Connection, region: str) -> list[UUID]:
    """The households of an area for which other parameters may give another answer, by id."""
    rows = await connection.fetch(
        """
        select household_id from read.household
        where status = 'ACTIVE' and region like $1 || '%' and household_id in (
            select household_id from read.income
            union all select household_id from read.protection_gap
            union all select household_id from read.focus_tag
            union all select household_id from read.fact
            where current and fact_type = 'SocialProtection'
            union all select household_id from read.member
            where health in ('SERIOUS_ILLNESS', 'DISABLED')
            union all select m.household_id from read.member m join read.fact f using (person_id)
            where f.current and f.fact_type in ('DisabilityCard', 'SeriousIllness', 'ChildInNeed')
        )
        order by household_id
        """,
        region,
        timeout=60,
    )
    return [row["household_id"] for row in rows]


async def ageing(connection: Any, born_by: date) -> list[UUID]:
    """The households for which another day may give another answer, by id: those with a tagged person; and
    those with somebody disabled, born by a given day, who is not tagged as elderly."""
    rows = await connection.fetch(
        """
        select household_id from read.focus_tag where person_id <> $2
        union
        select m.household_id from read.member m join read.household h using (household_id)
        where h.status = 'ACTIVE' and m.born_on <= $1
            and (m.health = 'DISABLED' or exists (
                select from read.fact f
                where f.person_id = m.person_id and f.current and f.fact_type = 'DisabilityCard'
            ))
            and not exists (
                select from read.focus_tag t
                where t.household_id = m.household_id and t.person_id = m.person_id
                    and t.focus = 'DISABLED_ELDERLY'
            )
        order by 1
        """,
        born_by,
        NOBODY,
    )
    return [row["household_id"] for row in rows]

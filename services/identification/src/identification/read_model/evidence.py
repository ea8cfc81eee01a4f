"""Which clue rests on which facts, and the tasks that people have because of a change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from common.intents import Connection, Fresh
from contracts.episodes import RiskClueAttached, RiskDetected
from contracts.evidence import (
    CaseReviewed,
    CaseReviewRequested,
    ClueEvidenceAdded,
    ClueEvidenceReplaced,
)

CLUES = (RiskDetected, RiskClueAttached, ClueEvidenceAdded)
CHANGES = (ClueEvidenceReplaced, CaseReviewRequested, CaseReviewed)


# The first day of a household `h`'s case that is open, or of its last whose risk was eliminated.
_SINCE = """coalesce(h.discovered_on, (
    select max(f.discovered_on) from read.case_file f
    where f.household_id = h.household_id and f.outcome = 'ELIMINATED'
))"""
# Of a clue `c` of a household `h`: its case is open, or its risk was eliminated.
_FOLLOWED = f"h.stage <> 'NONE' and c.discovered_on >= {_SINCE}"
# Of a clue `c` of a household that is part of `h` now: its case was open at the merger and went to `h`'s,
# which it is in by the clue `t`, or as the confirmed episode itself.
_HANDED_OVER = f"""h.stage <> 'NONE' and coalesce(t.discovered_on, c.discovered_on) >= {_SINCE} and exists (
    select from read.case_file f
    where f.household_id = c.household_id and f.outcome = 'MERGED' and c.discovered_on >= f.discovered_on
)"""


# The clue that came into `h` with the household of `c`, which is `m` among those that were merged.
_THERE = """
with recursive way as (
    select m.into_id, m.event_id
    union
    select n.into_id, n.event_id from way join read.merged n on n.household_id = way.into_id
)
select e.clue_id, e.discovered_on from way join read.clue_evidence e
    on e.household_id = h.household_id and e.fact_event_id = way.event_id
limit 1
"""
# Of all rows of one clue: the facts that it rests on, and the rules that found it by them.
_BEHIND = """array_agg(fact_event_id) as evidence,
    coalesce(array_agg(distinct rule_id) filter (where rule_id is not null), '{}') as rules"""


@dataclass(frozen=True)
class Cited:
    """A clue of a case that is open or eliminated. `evidence` are all facts that it rests on, with the
    later versions that took their place. `hidden` are those persons in it whose data may not be used (PIPL
    47)."""

    clue_id: UUID
    household_id: UUID
    rules: frozenset[str]  # that found it; none if people did
    evidence: frozenset[UUID]
    hidden: frozenset[UUID] = frozenset()


async def put(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Keep what clues rest on."""
    rows = [
        (
            f.payload.clue_id,
            fact,
            f.payload.household_id,
            f.payload.rule_id,
            f.payload.discovered_on,
        )
        for f in fresh
        for fact in f.payload.evidence_event_ids
    ]
    if rows:
        await connection.execute(
            """
            insert into read.clue_evidence (clue_id, fact_event_id, household_id, rule_id, discovered_on)
            select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::date[])
            on conflict do nothing
            """,
            *zip(*rows, strict=True),
        )


async def citing(connection: Connection, facts: Sequence[UUID]) -> dict[UUID, list[Cited]]:
    """The clues that rest on these facts, of cases that are open or eliminated, by fact, in two queries.

    For a clue of a household that was merged, it is the clue of the survivor that names the merger (A54);
    after several mergers, that of the last one.
    """
    rows = await connection.fetch(
        f"""
        select asked.fact_event_id as fact, coalesce(t.clue_id, c.clue_id) as clue_id, h.household_id,
            behind.rules, behind.evidence
        from unnest($1::uuid[]) as asked (fact_event_id)
        join read.clue_evidence c using (fact_event_id)
        left join read.merged m using (household_id)
        join read.household h on h.household_id = coalesce(m.survivor_id, c.household_id)
        cross join lateral (
            select {_BEHIND} from read.clue_evidence e where e.clue_id = c.clue_id
        ) as behind
        left join lateral ({_THERE}) as t on true
        where case when m.household_id is null then {_FOLLOWED} else {_HANDED_OVER} end
        order by c.discovered_on, c.clue_id
        """,
        facts,
    )
    found: dict[UUID, list[Cited]] = {}
    for row, clue in zip(rows, await _as_cited(connection, rows), strict=True):
        found.setdefault(row["fact"], []).append(clue)
    return found


async def of_households(
    connection: Connection, households: Sequence[UUID]
) -> dict[UUID, list[Cited]]:
    """The clues of these households' cases that are open or eliminated, by household, in two queries."""
    rows = await connection.fetch(
        f"""
        select c.clue_id, c.household_id, {_BEHIND}
        from read.clue_evidence c join read.household h using (household_id)
        where c.household_id = any($1::uuid[]) and {_FOLLOWED}
        group by c.clue_id, c.household_id order by min(c.discovered_on), c.clue_id
        """,
        households,
    )
    found: dict[UUID, list[Cited]] = {}
    for clue in await _as_cited(connection, rows):
        found.setdefault(clue.household_id, []).append(clue)
    return found


async def _as_cited(connection: Connection, rows: Sequence[Any]) -> list[Cited]:
    """These clues with the current versions of the records that they cite. A correction may be recorded
    before its effect was, which may also have to wait for other data that the clue rests on."""
    current: dict[UUID, tuple[UUID, UUID | None]] = {}
    if rows:
        asked = list({one for row in rows for one in row["evidence"]})
        for said, now, hidden in await connection.fetch(_CURRENT, asked):
            current[said] = (now, hidden)
    found = []
    for row in rows:
        pieces = [current[one] for one in row["evidence"] if one in current]
        found.append(
            Cited(
                row["clue_id"],
                row["household_id"],
                frozenset(row["rules"]),
                frozenset(row["evidence"]).union(now for now, _ in pieces),
                frozenset(person for _, person in pieces if person),
            )
        )
    return found


_CURRENT = """
select e.event_id, now.event_id, r.person_id
from es.events e
join read.fact said on said.household_id = e.household_id and said.event_id = e.event_id
join read.fact now on now.fact_key = said.fact_key and now.current
left join vault.restricted r on r.person_id = now.person_id
where e.event_id = any($1::uuid[])
"""


async def change(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Follow replacements, and keep the tasks that they make."""
    replaced = [f.payload for f in fresh if not isinstance(f.payload, CaseReviewed)]
    if replaced:
        await connection.execute(
            _REPLACE,
            [r.clue_id for r in replaced],
            [r.previous_event_id for r in replaced],
            [r.event_id for r in replaced],
        )
    tasks = [
        (
            f.payload.task_id,
            "CASE_REVIEW",
            f.payload.household_id,
            f.event.region,
            f.payload.requested_on,
            f.payload.clue_id,
        )
        for f in fresh
        if isinstance(f.payload, CaseReviewRequested)
    ]
    tasks += [
        (
            f.event.event_id,
            "CLUE_WITHDRAWAL",
            f.payload.household_id,
            f.event.region,
            f.payload.replaced_on,
            f.payload.clue_id,
        )
        for f in fresh
        if isinstance(f.payload, ClueEvidenceReplaced) and f.payload.withdrawal_proposed
    ]
    if tasks:
        await connection.execute(_OPEN, *zip(*tasks, strict=True))
    reviewed = [f.payload for f in fresh if isinstance(f.payload, CaseReviewed)]
    if reviewed:
        await connection.execute(
            _CLOSE,
            [r.task_id for r in reviewed],
            [r.reviewed_on for r in reviewed],
            [r.outcome.value for r in reviewed],
        )


_REPLACE = """
with gone as (
    delete from read.clue_evidence e using unnest($1::uuid[], $2::uuid[], $3::uuid[])
        as t (clue_id, previous, event_id)
    where e.clue_id = t.clue_id and e.fact_event_id = t.previous
    returning e.clue_id, e.household_id, e.rule_id, e.discovered_on, t.event_id
)
insert into read.clue_evidence (clue_id, fact_event_id, household_id, rule_id, discovered_on)
select clue_id, event_id, household_id, rule_id, discovered_on from gone where event_id is not null
on conflict do nothing
"""
_OPEN = """
insert into read.task (task_id, kind, household_id, region, opened_on, clue_id)
select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::date[], $6::uuid[])
on conflict do nothing
"""
_CLOSE = """
update read.task k set closed_on = t.closed_on, outcome = t.outcome
from unnest($1::uuid[], $2::date[], $3::text[]) as t (task_id, closed_on, outcome)
where k.task_id = t.task_id
"""

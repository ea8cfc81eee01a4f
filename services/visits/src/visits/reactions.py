"""What visits does when identification speaks: it learns of households, of the focus lists that they are
on (S2-03), and opens their duties. And when it speaks itself: a visit to a household that was
absorbed counts in the survivor, and one that was voided does so no longer.

A household that goes on the register may be visited; one that is confirmed as monitored must be,
every month (S1.1-05), until its risk is eliminated, or its monitoring ends (A29), and again when the
elimination is revoked (A47); months that began while no process was at work are made up first. Where
a merger carries an episode on, the duty of the month goes on with it, and every visit that was made
before the merger counts for it, whenever it is uploaded (A54). All
take effect in the transaction that moves the consumer's offset.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from common.clock import business_date
from common.codec import Codec
from common.eventstore import record
from common.ids import new_id
from common.inbox import Handle, Incoming
from common.intents import Connection, Context, Intent, Store, accepted
from common.policies import Policies
from contracts.envelope import Envelope
from contracts.households import EpisodeTakenOver, HouseholdRegistered, HouseholdRelocated
from contracts.identification import IdentificationEvent
from contracts.visits import HouseholdVisited, VisitsEvent, VisitVoided
from visits import read_model
from visits.domain.commands import (
    Command,
    CountVisit,
    DiscountVisit,
    LeavePopulation,
)
from visits.domain.household import VISITS, month_of, stream_of
from visits.domain.policy import Policy
from visits.domain.population import Stretches, free_since
from visits.months import RULES, count_recorded, month_after, monthly_duty, up_to
from visits.read_model import focus, moves, population
from visits.read_model.population import Before, Behind
from visits.read_model.tables import TakenOverRow
from visits.turns import Entered, Left, turn_of

HEARD = Codec.of(
    HouseholdRegistered
    | HouseholdRelocated
    | Entered
    | Left
    | focus.Listed
    | focus.Restricted
    | HouseholdVisited
    | VisitVoided
)
# The rest of both languages, as this version was built with them, is of no consequence here.
# A type that is in neither parks its household until this service is deployed with it.
IGNORED = frozenset(Codec.of(IdentificationEvent | VisitsEvent).types) - set(HEARD.types)
Visits = Mapping[UUID, Sequence[HouseholdVisited]]  # by the household for which they count
_MADE = Codec.of(HouseholdVisited | VisitVoided)


def reacting(store: Store, policies: Policies[Policy]) -> Handle:
    """The effect of a batch of events: one statement each way, whatever its size."""

    async def handle(connection: Connection, items: Sequence[Incoming]) -> None:
        events = [item.event for item in items if item.event and item.event.type not in IGNORED]
        heard = [(e, HEARD.decode(e.type, e.schema_version, e.data)) for e in events]
        before = await learn(connection, heard)
        visits = await _made_before(connection, heard)
        intents, since = _of_turns(heard, before, visits, policies)
        intents += await _made_elsewhere(connection, heard)
        intents += await _voided(connection, heard, policies)
        if intents:
            accepted(await record(connection, store, intents))
        if since:
            await count_recorded(connection, store, since, new_id())

    return handle


def _of_turns(
    heard: Sequence[tuple[Envelope, Any]],
    before: Mapping[UUID, Before],
    visits: Visits,
    policies: Policies[Policy],
) -> tuple[list[Intent], dict[UUID, date]]:
    """What is asked of households that come or leave, with the months that nobody asked for until then; and the
    first day of each for which something is."""
    intents, since = list[Intent](), dict[UUID, date]()
    for event, payload in heard:
        turn = turn_of(event, payload)
        if turn is None:
            continue
        had, household, first = before[event.event_id], turn.household_id, turn.day
        last, _ = month_of(turn.day if turn.enters else turn.day - timedelta(days=1))
        if had.through and had.through < last:
            missed = Behind(household, event.region, had.through)
            intents += up_to(last, missed, policies, event.correlation_id)
            first = month_after(had.through)
        if intent := asked_by(event, payload, policies, visits, had.days):
            intents.append(intent)
        since[household] = min(since.get(household, first), first)
    return intents, since


async def learn(
    connection: Connection, heard: Sequence[tuple[Envelope, Any]]
) -> Mapping[UUID, Before]:
    """Keep what identification tells, in the tables that are made of that alone (`read_model.HEARD`). Of each
    event by which a household must be visited from then on, or no longer, how it found the household.

    `heard` are events with their payloads, those of a household in order.
    """
    homes = {p.household_id: home for e, p in heard if (home := _home(e, p))}
    if homes:
        await read_model.remember(connection, homes)
    if moved := [p for _, p in heard if isinstance(p, HouseholdRelocated) and p.inside_county]:
        await moves.keep(connection, moved)
    turns = {e.event_id: turn for e, p in heard if (turn := turn_of(e, p))}
    before = await population.take(connection, list(turns.values())) if turns else []
    in_order = sorted(((e.recorded_at, p) for e, p in heard), key=lambda one: one[0])
    await focus.follow(connection, in_order)
    taken = [
        TakenOverRow(
            household_id=p.from_household_id,
            survivor_id=p.household_id,
            region=e.region,
            merged_on=business_date(e.occurred_at),
        )
        for e, p in heard
        if isinstance(p, EpisodeTakenOver)
    ]
    if taken:
        await read_model.take_over(connection, taken)
    return dict(zip(turns, before, strict=True))


async def _made_before(connection: Connection, heard: Sequence[tuple[Envelope, Any]]) -> Visits:
    """The visits to households whose episodes go on elsewhere, until they were absorbed."""
    survivors = {p.household_id for _, p in heard if isinstance(p, EpisodeTakenOver)}
    if not survivors:
        return {}
    return await _until_merged(connection, await read_model.taken_over_by(connection, survivors))


async def _until_merged(connection: Connection, taken: Sequence[TakenOverRow]) -> Visits:
    """The visits that stand to households that were absorbed, until they were."""
    absorbed = {one.household_id: one for one in taken}
    rows = await connection.fetch(
        """
        select type, schema_version, data from es.events
        where stream = any($1::text[]) and type = any($2::text[]) order by stream, version
        """,
        [stream_of(household) for household in absorbed],
        list(_MADE.types),
    )
    made: dict[UUID, HouseholdVisited] = {}
    for row in rows:
        match _MADE.decode(row["type"], row["schema_version"], row["data"]):
            case HouseholdVisited() as visited:
                made[visited.visit_id] = visited
            case VisitVoided() as voided:
                made.pop(voided.visit_id, None)
    found: dict[UUID, list[HouseholdVisited]] = {}
    for visited in made.values():
        one = absorbed[visited.household_id]
        if visited.visited_on <= one.merged_on:
            found.setdefault(one.survivor_id, []).append(visited)
    return found


async def _made_elsewhere(
    connection: Connection, heard: Sequence[tuple[Envelope, Any]]
) -> list[Intent]:
    """Visits that were uploaded after their household was absorbed count in the survivor."""
    visits = [(e, p) for e, p in heard if isinstance(p, HouseholdVisited)]
    if not visits:
        return []
    absorbed = await read_model.taken_over(connection, {p.household_id for _, p in visits})
    return [
        _intent(e, one.survivor_id, CountVisit(household_id=one.survivor_id, visit=p), one.region)
        for e, p in visits
        if (one := absorbed.get(p.household_id)) and p.visited_on <= one.merged_on
    ]


async def _voided(
    connection: Connection, heard: Sequence[tuple[Envelope, Any]], policies: Policies[Policy]
) -> list[Intent]:
    """What a voided visit had fulfilled is due again, but not where the household left in time (A29)."""
    voided = [(e, p) for e, p in heard if isinstance(p, VisitVoided)]
    if not voided:
        return []
    elsewhere = await _voided_elsewhere(connection, voided)
    due = [(e, p.household_id, p.visited_on) for e, p in voided]
    due += [(e, i.command.household_id, day) for e, day, i in elsewhere]
    known = await population.stretches(connection, {household for _, household, _ in due})
    free = [_free(e, one, day, known.get(one, ()), policies) for e, one, day in due]
    return [*(intent for _, _, intent in elsewhere), *filter(None, free)]


def _free(
    cause: Envelope, household_id: UUID, day: date, known: Stretches, policies: Policies[Policy]
) -> Intent | None:
    """That the household left, if that frees it from the duty of the month of this day."""
    first, last = month_of(day)
    least = policies.of(cause.region, first).min_days_in_population
    left_on = free_since(known, first, last, least)
    return leaving(cause, household_id, left_on, first) if left_on else None


async def _voided_elsewhere(
    connection: Connection, voided: Sequence[tuple[Envelope, VisitVoided]]
) -> list[tuple[Envelope, date, Intent]]:
    """Visits, with their days, that were voided after their household was absorbed count in the survivor no
    longer."""
    absorbed = await read_model.taken_over(connection, {p.household_id for _, p in voided})
    if not absorbed:
        return []
    survivors = {one.survivor_id for one in absorbed.values()}
    others = await _until_merged(connection, await read_model.taken_over_by(connection, survivors))
    return [
        (e, p.visited_on, _intent(e, one.survivor_id, _discounting(p, one, others), one.region))
        for e, p in voided
        if (one := absorbed.get(p.household_id))
    ]


def _discounting(voided: VisitVoided, one: TakenOverRow, others: Visits) -> DiscountVisit:
    left = tuple(others.get(one.survivor_id, ()))
    return DiscountVisit(household_id=one.survivor_id, visit_id=voided.visit_id, visits=left)


def _home(event: Envelope, payload: Any) -> str | None:
    """The area that answers for the household from now on, where the event tells (T19)."""
    match payload:
        case HouseholdRegistered():
            return event.region
        case HouseholdRelocated() if payload.inside_county:
            return payload.to_region
    return None


def asked_by(
    cause: Envelope,
    payload: Any,
    policies: Policies[Policy],
    visits: Visits | None = None,
    days_before: int = 0,
) -> Intent | None:
    """What an event asks of the household's visits, if anything. `visits`: those that were made in
    households that it absorbed; `days_before`: those of its month on which it was monitored before.

    Raises `LookupError` when no policy covers the household's region.
    """
    turn = turn_of(cause, payload)
    if turn is None:
        return None
    household, day = turn.household_id, turn.day
    if not turn.enters:
        return leaving(cause, household, day)
    made = (visits or {}).get(household, ()) if isinstance(payload, EpisodeTakenOver) else ()
    command = monthly_duty(household, cause.region, day, policies, made, days_before)
    return _intent(cause, household, command, policy_version=command.policy.version)


def leaving(
    cause: Envelope, household_id: UUID, left_on: date, period_from: date | None = None
) -> Intent:
    """The household is no longer among those who must be visited, in all periods or in one."""
    command = LeavePopulation(household_id=household_id, left_on=left_on, period_from=period_from)
    return _intent(cause, household_id, command)


def _intent(
    cause: Envelope,
    household_id: UUID,
    command: Command,
    region: str | None = None,
    policy_version: str | None = None,
) -> Intent:
    return Intent(
        stream=stream_of(household_id),
        household_id=household_id,
        decider=VISITS,
        command=command,
        context=Context(
            actor=RULES,
            region=region or cause.region,
            occurred_at=cause.occurred_at,
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            policy_version=policy_version,
            traceparent=cause.traceparent,
        ),
    )

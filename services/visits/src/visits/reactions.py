"""What visits does when identification speaks: it learns of households, of the focus lists that they are
on (S2-03), and opens their duties. And when it speaks itself: a visit to a household that was
absorbed counts in the survivor, and one that was voided does so no longer.

A household that goes on the register may be visited; one that is confirmed as monitored must be, every month
(S1.1-05), in the first month of each quarter (S1.1-04) and by the town party secretary in each quarter (S1.1-08), until
its risk is eliminated, or its monitoring ends (A29), and again when the elimination is revoked (A47); a 脱贫户 on
the register in those first months, monitored or not. What began while no process was at work is made up first. Where
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
from common.intents import Connection, Intent, Store, accepted
from common.policies import Policies
from contracts.envelope import Envelope
from contracts.households import EpisodeTakenOver, HouseholdRegistered, HouseholdRelocated
from contracts.identification import IdentificationEvent
from contracts.visits import HouseholdVisited, ObligationType, VisitsEvent, VisitVoided
from visits import read_model
from visits.domain.commands import LeavePopulation
from visits.domain.periods import FIRST_MONTH, free_since, month_of, period_of, quarter_of
from visits.domain.policy import Policy
from visits.domain.population import NEVER, Population, goes_on
from visits.mergers import Visits, made_before, made_elsewhere, voided_elsewhere
from visits.months import count_recorded
from visits.opening import (
    by_event,
    duty,
    month_after,
    months_up_to,
    quarters_after,
    quarters_up_to,
    since,
)
from visits.read_model import focus, moves, population
from visits.read_model.population import Before, Behind, Turn
from visits.read_model.tables import TakenOverRow
from visits.turns import Entered, Left, OnRegister, turn_of

HEARD = Codec.of(
    OnRegister
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


def reacting(store: Store, policies: Policies[Policy]) -> Handle:
    """The effect of a batch of events: one statement each way, whatever its size."""

    async def handle(connection: Connection, items: Sequence[Incoming]) -> None:
        events = [item.event for item in items if item.event and item.event.type not in IGNORED]
        heard = [(e, HEARD.decode(e.type, e.schema_version, e.data)) for e in events]
        before = await learn(connection, heard)
        visits = await made_before(connection, heard)
        intents, after = _of_turns(heard, before, visits, policies)
        intents += await made_elsewhere(connection, heard)
        intents += await _voided(connection, heard, policies)
        if intents:
            accepted(await record(connection, store, intents))
        if after:
            await count_recorded(connection, store, after, new_id())

    return handle


def _of_turns(
    heard: Sequence[tuple[Envelope, Any]],
    before: Mapping[UUID, Before],
    visits: Visits,
    policies: Policies[Policy],
) -> tuple[list[Intent], dict[UUID, date]]:
    """What is asked of households that come or leave, with the months and quarters that nobody asked for until then;
    and the first day of each for which something is."""
    intents, after = list[Intent](), dict[UUID, date]()
    for event, payload in heard:
        turn = turn_of(event, payload)
        if turn is None:
            continue
        had, household = before[event.event_id], turn.household_id
        missed, first = _missed(event, turn, had, policies)
        asked = [*missed, *asked_by(event, payload, policies, had.after, visits)]
        if asked:
            intents += asked
            after[household] = min(after.get(household, first), first)
    return intents, after


def _missed(
    event: Envelope, turn: Turn, had: Before, policies: Policies[Policy]
) -> tuple[list[Intent], date]:
    """The months and quarters before a turn that nobody asked for, and the first day of it all."""
    day = turn.day if turn.enters else turn.day - timedelta(days=1)
    (month, _), (quarter, _) = month_of(day), quarter_of(day)
    intents, first, correlation = list[Intent](), turn.day, event.correlation_id
    if had.through and had.through < month:
        behind = Behind(turn.household_id, event.region, had.through)
        intents += months_up_to(month, behind, policies, correlation)
        first = month_after(had.through)
    if had.quarter and had.quarter < quarter:
        behind = Behind(turn.household_id, event.region, had.quarter)
        intents += quarters_up_to(quarter, behind, had.population, policies, quarter, correlation)
        first = min(first, quarters_after(had.quarter, quarter)[0])
    return intents, first


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


async def _voided(
    connection: Connection, heard: Sequence[tuple[Envelope, Any]], policies: Policies[Policy]
) -> list[Intent]:
    """What a voided visit had fulfilled is due again, but not where the household left in time (A29)."""
    voided = [(e, p) for e, p in heard if isinstance(p, VisitVoided)]
    if not voided:
        return []
    elsewhere = await voided_elsewhere(connection, voided)
    due = [(e, p.household_id, p.visited_on) for e, p in voided]
    due += [(e, i.command.household_id, day) for e, day, i in elsewhere]
    known = await population.populations(connection, {household for _, household, _ in due})
    free = (_free(e, one, day, known.get(one, NEVER), policies) for e, one, day in due)
    return [*(intent for _, _, intent in elsewhere), *(intent for some in free for intent in some)]


def _free(
    cause: Envelope, household_id: UUID, day: date, known: Population, policies: Policies[Policy]
) -> list[Intent]:
    """That the household left, where that frees it from a duty of a period in which this day lies."""
    intents = list[Intent]()
    for kind in ObligationType:
        if period := period_of(kind, day):
            least = policies.of(cause.region, period[0]).least_days(kind)
            if left_on := free_since(kind, known, period, least):
                leave = LeavePopulation(
                    household_id=household_id,
                    left_on=left_on,
                    obligation=kind,
                    period_from=period[0],
                )
                intents.append(by_event(cause, household_id, leave))
    return intents


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
    after: Population,
    visits: Visits | None = None,
) -> list[Intent]:
    """What an event asks of the household's visits, if anything. `after`: when it was to be visited, as is known with
    the event; `visits`: those that were made in households that it absorbed.

    Raises `LookupError` when no policy covers the household's region.
    """
    turn = turn_of(cause, payload)
    if turn is None or turn.told_on:  # who goes on the register is asked as a quarter begins
        return []
    household, day = turn.household_id, turn.day
    if not turn.enters:
        if turn.formerly_poor and not after.formerly_poor:  # it was none
            return []
        stays = goes_on(after.monitored)
        leave = LeavePopulation(
            household_id=household,
            left_on=day,
            obligation=FIRST_MONTH if turn.formerly_poor else None,
            population=after,
            least_days=policies.of(cause.region, day).least_days(FIRST_MONTH) if stays else 0,
        )
        return [by_event(cause, household, leave)]
    made = (visits or {}).get(household, ()) if isinstance(payload, EpisodeTakenOver) else ()
    asked = [
        duty(household, cause.region, kind, due, policies, made)
        for kind, due in since(day, after)
        if kind is FIRST_MONTH or not turn.formerly_poor
    ]
    return [by_event(cause, household, one, policy_version=one.policy.version) for one in asked]

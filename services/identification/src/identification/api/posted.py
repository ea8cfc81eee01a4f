"""From what departments posted to what is recorded: a fixed number of queries a batch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import asyncpg

from common.auth import Principal
from common.batch import Item
from common.decider import Refused
from common.http import circumstances
from common.intents import Conflict, Context, Intent, Key, KeyReused, Recorded
from common.problems import Problem, fault
from contracts.fact_codes import MatchOutcome, Unmatched
from contracts.facts import (
    DepartmentFactCorrected,
    DepartmentFactRecorded,
    DepartmentFactRetracted,
    UnmatchedFactParked,
)
from identification import vault
from identification.api.fact_forms import Told
from identification.api.registering import Record
from identification.api.wired import Wired
from identification.domain.facts import (
    FACT,
    UNMATCHED,
    Follows,
    Repeated,
    ResolveUnmatched,
    fact_id_of,
    place,
)
from identification.read_model import facts
from identification.read_model.facts import Hashed, KnownVersion
from identification.vault import Known

# What somebody else changed at this moment, the version or the person's rights, is looked up again.
ATTEMPTS = 5
CHANGED = (asyncpg.UniqueViolationError, facts.Restricted, Conflict)


@dataclass(slots=True)
class Posted:
    """One readable event. `index` finds the person; a retraction has none."""

    item: Item
    at: datetime
    fact: Told
    index: bytes | None
    key: Key | None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class _Post:
    """Who posts, on which business date, and what surrounds it: looked up once for a batch."""

    caller: Principal
    today: date
    around: Context

    def context(self, region: str, at: datetime) -> Context:
        """The circumstances of one event."""
        return Context(
            actor=self.around.actor,
            region=region,
            occurred_at=at,
            correlation_id=self.around.correlation_id,
            traceparent=self.around.traceparent,
        )


async def keep(
    app: Wired, caller: Principal, posted: Sequence[Posted], record: Record | None = None
) -> None:
    """Record them, or let `record` do it; every item ends with a status.

    Two versions of one record in a batch go one after the other, since the later names the earlier.
    """
    waiting = list(posted)
    while waiting:
        first = list({one.fact.key: one for one in reversed(waiting)}.values())[::-1]
        chosen = {id(one) for one in first}
        again = await _keep(app, caller, first, record or app.runtime.writer.execute_all)
        waiting = [*again, *(one for one in waiting if id(one) not in chosen)]


async def _keep(
    app: Wired, caller: Principal, posted: Sequence[Posted], record: Record
) -> list[Posted]:
    """Record one version of each record; those that lost a race come back."""
    indexes = list({one.index for one in posted if one.index})
    async with app.runtime.pool.acquire() as connection:
        persons = await vault.seen(connection, indexes)
        known = await facts.versions(connection, [one.fact.key for one in posted])
    post = _Post(
        caller,
        app.runtime.clock.today(),
        circumstances(caller, region="", occurred_at=app.runtime.clock.now()),
    )
    ready: list[tuple[Posted, Intent]] = []
    for one in posted:
        person = persons.get(one.index) if one.index else None
        try:
            intent = _intent(post, one, known.get(one.fact.key, []), person)
        except (Refused, Problem) as error:
            one.item.settle(error)
            continue
        if isinstance(intent, Repeated):
            one.item.status = "replayed"
            one.item.answer = {"event_id": str(intent.event_id), **_waiting(intent.waits)}
        else:
            ready.append((one, intent))
    outcomes = await record([intent for _, intent in ready])
    again = []
    for (one, intent), outcome in zip(ready, outcomes, strict=True):
        one.attempts += 1
        late = isinstance(outcome, Recorded) and not (outcome.events or outcome.replayed)
        if late:  # parked or matched by somebody else at this moment
            one.key = None  # the version tells a repetition
        if (late or isinstance(outcome, CHANGED)) and one.attempts < ATTEMPTS:
            again.append(one)
            continue
        outcome = Problem("event-id-reused") if isinstance(outcome, KeyReused) else outcome
        outcome = Conflict() if isinstance(outcome, CHANGED) else outcome
        parked = intent.command if isinstance(intent.command, UnmatchedFactParked) else None
        one.item.settle(outcome, **_waiting(parked.reason if parked else None))
    return again


def _waiting(reason: str | None) -> dict[str, str]:
    return {"waits": reason} if reason else {}


def _intent(
    post: _Post, one: Posted, known: list[KnownVersion], seen: Known | None
) -> Intent | Repeated:
    """What to record. Raises `Refused` or `Problem`.

    A fact waits unless it is about a member of a household whose data may be used, or corrects what was
    told of one who has left since. A retraction needs no permission: it only takes away. A fact that waits
    may only be replaced or retracted by somebody who answers for its whole area.
    """
    fact = one.fact
    latest = max(known, key=lambda v: v.number, default=None)
    matched = max((v for v in known if v.person), key=lambda v: v.number, default=None)
    if fact.reason is not None:
        if latest is None:
            raise Problem("record-unknown", faults=[fault("/data/record_key", "value")])
        seen = matched.person if matched else None
    elif matched and seen is None and not matched.erased:  # a number that nobody has, so not theirs
        raise Refused("record-of-another-person", version=matched.number)
    elif matched and matched.person and seen and not seen.active:
        told_of = matched.person
        seen = replace(told_of, person_id=seen.person_id, restricted=seen.restricted)
    person = seen if seen and seen.active else None
    region = person.region if person else post.caller.actor.region
    for place_of_it in {region, *(v.waits_in for v in known if v.waits_in)}:
        post.caller.must_cover(place_of_it)
    where = place(known, fact.record_version, fact.content, seen.person_id if seen else None)
    if isinstance(where, Repeated):
        return where
    if person is None and fact.reason is not None:
        return _unparked(post, one, known)
    if person is None:
        return _parked(post, one, Unmatched.NO_SUCH_PERSON)
    if person.restricted and fact.reason is None:
        return _parked(post, one, Unmatched.RESTRICTED)
    return Intent(
        stream=f"facts-of-household-{person.household_id}",
        household_id=person.household_id,
        decider=FACT,
        command=_reported(post, fact, where, person, latest),
        context=post.context(region, one.at),
        key=one.key,
        private=Hashed(fact.key, fact.content),
    )


def _reported(
    post: _Post, fact: Told, where: Follows, person: Known, latest: KnownVersion | None
) -> DepartmentFactRecorded | DepartmentFactCorrected | DepartmentFactRetracted:
    shared: dict[str, Any] = {
        "fact_id": fact.fact_id,
        "household_id": person.household_id,
        "person_id": person.person_id,
        "department": post.caller.actor.department,
        "department_name": post.caller.actor.organisation,
        "fact_type": fact.fact_type,
        "record_key": fact.record_key,
        "record_version": fact.record_version,
        "received_on": post.today,
    }
    if where.previous is None:
        return DepartmentFactRecorded(
            **shared, detected_on=fact.detected_on, values=fact.values, codes=fact.codes
        )
    shared |= {
        "previous_event_id": where.previous.event_id,
        "previous_version": where.previous.number,
    }
    if fact.reason is None:
        return DepartmentFactCorrected(
            **shared, detected_on=fact.detected_on, values=fact.values, codes=fact.codes
        )
    assert latest is not None, "only what is known is retracted"
    return DepartmentFactRetracted(**shared, detected_on=latest.detected_on, reason=fact.reason)


def _unparked(post: _Post, one: Posted, known: list[KnownVersion]) -> Intent | Repeated:
    """The end of the waiting of a fact that is retracted, unless it was before."""
    fact = one.fact
    latest = max(known, key=lambda v: v.number)
    if latest.waits is None:
        return Repeated(latest.event_id)
    return Intent(
        stream=f"unmatched-{fact_id_of(fact.key, latest.number)}",
        household_id=None,
        decider=UNMATCHED,
        command=ResolveUnmatched(
            outcome=MatchOutcome.RETRACTED,
            today=post.today,
            record_version=fact.record_version,
            reason=fact.reason,
        ),
        context=post.context(post.caller.actor.region, one.at),
        key=one.key,
    )


def _parked(post: _Post, one: Posted, reason: Unmatched) -> Intent:
    """A fact that waits."""
    fact = one.fact
    return Intent(
        stream=f"unmatched-{fact.fact_id}",
        household_id=None,
        decider=UNMATCHED,
        command=UnmatchedFactParked(
            fact_id=fact.fact_id,
            department=post.caller.actor.department,
            department_name=post.caller.actor.organisation,
            fact_type=fact.fact_type,
            record_key=fact.record_key,
            record_version=fact.record_version,
            reason=reason,
            detected_on=fact.detected_on,
            received_on=post.today,
            values=fact.values,
            codes=fact.codes,
        ),
        context=post.context(post.caller.actor.region, one.at),
        key=one.key,
        private=Hashed(fact.key, fact.content, one.index),
    )

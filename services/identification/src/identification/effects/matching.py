"""Facts that waited, matched when their person comes onto the register or may be looked at again."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from prometheus_client import Histogram

from common.codec import Codec
from common.intents import Intent
from contracts.envelope import Envelope
from contracts.fact_codes import MatchOutcome
from contracts.facts import DepartmentFactCorrected, DepartmentFactRecorded, UnmatchedFactParked
from contracts.households import RegisterEvent
from contracts.persons import PersonalDataErased, RestrictionLifted
from identification import unmatched
from identification.domain.facts import FACT, UNMATCHED, ResolveUnmatched, Version, key_of
from identification.effects.heard import Heard, day_of, following
from identification.read_model import facts, rules, waiting
from identification.unmatched import Match

WAITED = Histogram(
    "shouwang_facts_waited_days",
    "Days that a fact waited for its person",
    buckets=(0, 1, 3, 7, 15, 30, 90, 365),
)
_parked = Codec.of(UnmatchedFactParked)


async def of_waiting(heard: Heard) -> list[Intent]:
    """Record each fact that waits for a member of a household whose entry changed, or for a person whose
    restriction ended.

    A fact that begins to wait is looked at too: its reason may have ended at that moment. Of several
    versions of a record the latest is recorded; the fact keeps its own dates.
    """
    causes: dict[Any, Envelope] = {e.household_id: e for e, _ in heard.of(*RegisterEvent.__args__)}
    causes |= {lifted.person_id: e for e, lifted in heard.of(RestrictionLifted)}
    causes |= {f.fact_id: e for e, f in heard.of(UnmatchedFactParked)}
    if not causes:
        return []
    found = await unmatched.matches(heard.connection, list(causes))
    if not found:
        return []
    waited = await _payloads(heard, found)
    known = await facts.versions(heard.connection, [_key(parked) for _, parked in waited])
    households = await rules.households(heard.connection, [m.household_id for m in found])
    intents = []
    for match, parked in waited:
        cause = next(causes[i] for i in _reasons(match) if i in causes)
        region, today = households[match.household_id].region, day_of(cause)
        context = following(cause, region, today)
        versions = known[_key(parked)]
        last = parked.record_version >= max(v.number for v in versions)
        WAITED.observe(max(0, (today - parked.received_on).days))
        intents.append(
            Intent(
                stream=f"unmatched-{match.fact_id}",
                household_id=None,
                decider=UNMATCHED,
                command=ResolveUnmatched(
                    outcome=MatchOutcome.MATCHED if last else MatchOutcome.SUPERSEDED,
                    today=today,
                    household_id=match.household_id,
                    person_id=match.person_id,
                ),
                context=context,
            )
        )
        if last:
            intents.append(
                Intent(
                    stream=f"facts-of-household-{match.household_id}",
                    household_id=match.household_id,
                    decider=FACT,
                    command=_reported(match, parked, versions, today),
                    context=context,
                )
            )
    return intents


async def of_replaced(heard: Heard) -> list[Intent]:
    """Of several versions of a record that wait, the latest waits alone."""
    causes = {f.fact_id: e for e, f in heard.of(UnmatchedFactParked)}
    if not causes:
        return []
    cause = [*causes.values()][-1]
    replaced = await waiting.replaced(heard.connection, list(causes))
    return _unmatched_for_good(replaced, MatchOutcome.SUPERSEDED, cause)


async def of_erased(heard: Heard) -> list[Intent]:
    """PIPL 47: with a person's number erased, what waits for them waits for nobody."""
    erasures = heard.of(PersonalDataErased)
    if not erasures:
        return []
    cause, _ = erasures[-1]
    erased = await unmatched.erased(heard.connection)
    return _unmatched_for_good(erased, MatchOutcome.ERASED, cause)


def _unmatched_for_good(
    fact_ids: Iterable[UUID], outcome: MatchOutcome, cause: Envelope
) -> list[Intent]:
    """The end of waiting for a person."""
    return [
        Intent(
            stream=f"unmatched-{fact_id}",
            household_id=None,
            decider=UNMATCHED,
            command=ResolveUnmatched(outcome=outcome, today=day_of(cause)),
            context=following(cause, cause.region, day_of(cause)),
        )
        for fact_id in fact_ids
    ]


def _reasons(match: Match) -> Sequence[Any]:
    return match.household_id, match.person_id, match.fact_id


def _reported(
    match: Match, parked: UnmatchedFactParked, versions: Sequence[Version], today: Any
) -> DepartmentFactRecorded | DepartmentFactCorrected:
    """The fact as one of its person: a correction, if an earlier version of the record did not have to wait."""
    before = [v for v in versions if v.person_id == match.person_id]
    shared: dict[str, Any] = {
        "fact_id": parked.fact_id,
        "household_id": match.household_id,
        "person_id": match.person_id,
        "department": parked.department,
        "department_name": parked.department_name,
        "fact_type": parked.fact_type,
        "record_key": parked.record_key,
        "record_version": parked.record_version,
        "detected_on": parked.detected_on,
        "received_on": today,
        "values": parked.values,
        "codes": parked.codes,
    }
    if not before:
        return DepartmentFactRecorded(**shared)
    previous = max(before, key=lambda v: v.number)
    return DepartmentFactCorrected(
        **shared, previous_event_id=previous.event_id, previous_version=previous.number
    )


def _key(parked: UnmatchedFactParked) -> bytes:
    return key_of(parked.department, parked.fact_type, parked.record_key)


async def _payloads(heard: Heard, found: list[Match]) -> list[tuple[Match, UnmatchedFactParked]]:
    """What the waiting facts say, from our own log, in one query."""
    rows = await heard.connection.fetch(
        """
        select stream, type, schema_version, data from es.events
        where stream = any($1::text[]) and version = 1
        """,
        [f"unmatched-{match.fact_id}" for match in found],
    )
    said = {
        row["stream"]: _parked.decode(row["type"], row["schema_version"], row["data"])
        for row in rows
    }
    return [(match, said[f"unmatched-{match.fact_id}"]) for match in found]

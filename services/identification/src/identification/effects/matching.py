"""Facts that waited for their person, matched when the person comes onto the register."""

from typing import Any

from prometheus_client import Histogram

from common.codec import Codec
from common.intents import Intent
from contracts.envelope import Envelope
from contracts.fact_codes import MatchOutcome
from contracts.facts import DepartmentFactRecorded, UnmatchedFactParked
from contracts.households import RegisterEvent
from identification import unmatched
from identification.domain.facts import FACT, UNMATCHED, ResolveUnmatched, key_of
from identification.effects.heard import Heard, day_of, following
from identification.read_model import facts, rules
from identification.unmatched import Match

WAITED = Histogram(
    "shouwang_facts_waited_days",
    "Days that a fact waited for its person",
    buckets=(0, 1, 3, 7, 15, 30, 90, 365),
)
_parked = Codec.of(UnmatchedFactParked)


async def of_registered(heard: Heard) -> list[Intent]:
    """Record each fact that waits for a member of a household whose entry changed.

    Also heard is the fact that began to wait, in case the person was registered at that moment. Of
    several versions of a record the latest is recorded; the fact keeps its own dates.
    """
    causes: dict[Any, Envelope] = {e.household_id: e for e, _ in heard.of(*RegisterEvent.__args__)}
    causes |= {f.fact_id: e for e, f in heard.of(UnmatchedFactParked)}
    if not causes:
        return []
    found = await unmatched.matches(heard.connection, list(causes))
    if not found:
        return []
    waiting = await _payloads(heard, found)
    known = await facts.versions(heard.connection, [_key(parked) for _, parked in waiting])
    households = await rules.households(heard.connection, [m.household_id for m in found])
    latest = {key: max(v.number for v in versions) for key, versions in known.items()}
    intents = []
    for match, parked in waiting:
        cause = causes.get(match.household_id) or causes[match.fact_id]
        region, today = households[match.household_id].region, day_of(cause)
        context = following(cause, region, today)
        last = parked.record_version >= latest[_key(parked)]
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
                    command=DepartmentFactRecorded(
                        fact_id=parked.fact_id,
                        household_id=match.household_id,
                        person_id=match.person_id,
                        department=parked.department,
                        department_name=parked.department_name,
                        fact_type=parked.fact_type,
                        record_key=parked.record_key,
                        record_version=parked.record_version,
                        detected_on=parked.detected_on,
                        received_on=today,
                        values=parked.values,
                        codes=parked.codes,
                    ),
                    context=context,
                )
            )
    return intents


def _key(parked: UnmatchedFactParked) -> Any:
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

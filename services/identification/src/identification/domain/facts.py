"""Department facts are recorded as they come; they decide nothing by themselves.

A fact has no state that commands depend on, so recording one reads no history. Which versions of a record
are known, by its natural key, is looked up for a whole batch and passed in as `Version`s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from uuid import UUID

import msgspec

from common.decider import Decider, Refused
from contracts.fact_codes import FactType, FactValue, MatchOutcome, RetractionReason
from contracts.facts import (
    DepartmentFactCorrected,
    DepartmentFactRecorded,
    DepartmentFactRetracted,
    UnmatchedFactParked,
    UnmatchedFactResolved,
)

_SIZE = 16  # bytes of a key or content
_encode = msgspec.json.Encoder(order="deterministic").encode

Reported = DepartmentFactRecorded | DepartmentFactCorrected | DepartmentFactRetracted


def key_of(department: str, fact_type: FactType, record_key: str) -> bytes:
    """The natural key of a record, hashed."""
    name = f"{department}\n{fact_type}\n{record_key}"
    return blake2b(name.encode(), digest_size=_SIZE).digest()


def fact_id_of(key: bytes, version: int) -> UUID:
    """One version of a record: the same however often it is sent."""
    raw = blake2b(b"%b%d" % (key, version), digest_size=_SIZE).digest()
    return msgspec.convert(raw, UUID)  # as `UUID(bytes=raw)`, in a third of the time


def content_of(detected_on: date, values: Mapping[FactValue, int], codes: Sequence[str]) -> bytes:
    """What a record says, hashed: equal for equal content."""
    return blake2b(_encode((detected_on, values, codes)), digest_size=_SIZE).digest()


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record that is known. A fact that waits has no person yet; `waits` says why."""

    number: int
    content: bytes
    event_id: UUID
    person_id: UUID | None
    waits: str | None = None


@dataclass(frozen=True, slots=True)
class Repeated:
    """The same version with the same content: nothing new. If it still waits, `waits` says why."""

    event_id: UUID
    waits: str | None = None


@dataclass(frozen=True, slots=True)
class Follows:
    """A new version; `previous` is the latest one of a known person, if there is any."""

    previous: Version | None


def place(
    known: Sequence[Version], version: int, content: bytes, person_id: UUID | None
) -> Repeated | Follows:
    """Where a posted version belongs (A59, rule of engagement 1). Raises `Refused`.

    Once a version is known, neither its content nor its person changes, and a version lower than the latest
    comes too late. Numbers may be missing between versions: a department need not send each one. A version
    that waited and was matched is known by two events; the first of them was the answer to the post.
    """
    for one in known:
        if one.person_id and person_id and one.person_id != person_id:
            raise Refused("record-of-another-person", version=one.number)
    if same := [one for one in known if one.number == version]:
        if any(one.content != content for one in same):
            raise Refused("record-version-reused", version=version)
        first = min(same, key=lambda one: one.event_id)
        return Repeated(first.event_id, first.waits)
    latest = max((one.number for one in known), default=0)
    if version < latest:
        raise Refused("record-version-passed", version=version, latest=latest)
    matched = [one for one in known if one.person_id]
    return Follows(max(matched, key=lambda one: one.number, default=None))


def _decide(command: Reported, state: None) -> list[Reported]:
    return [command]


def _evolve(state: None, event: Reported) -> None:
    return None


FACT: Decider[Reported, None, Reported] = Decider(None, _decide, _evolve, stateless=True)


# A fact about somebody who is not on the register: a stream of its own, from parked to resolved.


@dataclass(frozen=True, kw_only=True)
class ResolveUnmatched:
    """The fact no longer waits. If its person is known now, `household_id` and `person_id` say who it is.

    `record_version` and `reason` are those of a retraction.
    """

    outcome: MatchOutcome
    today: date
    household_id: UUID | None = None
    person_id: UUID | None = None
    record_version: int | None = None
    reason: RetractionReason | None = None


@dataclass(frozen=True)
class Waiting:
    parked: UnmatchedFactParked


@dataclass(frozen=True)
class Settled:
    parked: UnmatchedFactParked


Unmatched = Waiting | Settled | None


def _answer(
    command: UnmatchedFactParked | ResolveUnmatched, state: Unmatched
) -> list[UnmatchedFactParked | UnmatchedFactResolved]:
    match command, state:
        case UnmatchedFactParked() as c, _:
            if state is None:
                return [c]
            # Of two that are posted at once, neither is known to the other.
            if _said(c) != _said(state.parked):
                raise Refused("record-version-reused", version=c.record_version)
            return []
        case ResolveUnmatched() as c, Waiting(parked):
            return [
                UnmatchedFactResolved(
                    fact_id=parked.fact_id,
                    outcome=c.outcome,
                    resolved_on=c.today,
                    waited_days=max(0, (c.today - parked.received_on).days),
                    household_id=c.household_id,
                    person_id=c.person_id,
                    record_version=c.record_version,
                    reason=c.reason,
                )
            ]
        case ResolveUnmatched(), Settled():
            return []
        case ResolveUnmatched(), _:
            raise Refused("record-unknown")


def _said(parked: UnmatchedFactParked) -> bytes:
    return content_of(parked.detected_on, parked.values, parked.codes)


def _fold(state: Unmatched, event: UnmatchedFactParked | UnmatchedFactResolved) -> Unmatched:
    if isinstance(event, UnmatchedFactParked):
        return Waiting(event)
    assert state is not None, "a fact is parked before it is resolved"
    return Settled(state.parked)


UNMATCHED: Decider[
    UnmatchedFactParked | ResolveUnmatched, Unmatched, UnmatchedFactParked | UnmatchedFactResolved
] = Decider(None, _answer, _fold)

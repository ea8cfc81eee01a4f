"""Publishing a version of policy parameters. A published value never changes (A48).

A version that is published ahead changes what holds on a later day; on that day this is said, once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, assert_never

from common.decider import Decider, Refused
from contracts.policies import (
    PolicyEvent,
    PolicyInForceChanged,
    PolicyParameterPublished,
    PolicyVersionPublished,
)
from identification.domain.guards import not_in_future
from identification.domain.parameters import HEADER, KINDS, Parameter, fits, wanted


@dataclass(frozen=True, kw_only=True)
class PublishVersion:
    """A version for one region. For a parameter that it leaves out, the value of the enclosing region holds."""

    version: str
    region: str
    effective_from: date
    effective_to: date | None
    published_on: date
    parameters: tuple[Parameter, ...]
    today: date


@dataclass(frozen=True, kw_only=True)
class NoteInForce:
    """The business date is `today`: since it was published, the version may have come into force or ended."""

    version: str
    today: date


PolicyCommand = PublishVersion | NoteInForce


@dataclass(frozen=True)
class Published:
    """The values by version and key, the publication of each version, and which first or last days of their
    intervals were noted."""

    versions: Mapping[str, Mapping[str, int | str]] = field(default_factory=dict)
    whole: Mapping[str, PolicyVersionPublished] = field(default_factory=dict)
    noted: frozenset[tuple[str, date]] = frozenset()


def decide(command: PolicyCommand, state: Published) -> list[PolicyEvent]:
    """What is new of a version. Raises `Refused` for one that may not be published."""
    match command:
        case PublishVersion():
            return _publish(command, state)
        case NoteInForce():
            return [*_note(command, state)]


def _note(c: NoteInForce, state: Published) -> list[PolicyInForceChanged]:
    """The first and last days of the version's interval that have passed since it was published, each once.

    A version that was in force when it was published was screened then.
    """
    whole = state.whole.get(c.version)
    if whole is None:
        return []
    return [
        PolicyInForceChanged(
            version=c.version, region=whole.region, changed_on=on, ended=ended, noted_on=c.today
        )
        for on, ended in ((whole.effective_from, False), (whole.effective_to, True))
        if on and whole.received_on < on <= c.today and (c.version, on) not in state.noted
    ]


def _publish(command: PublishVersion, state: Published) -> list[PolicyEvent]:
    """Each parameter that the version does not have yet, then that the version is complete. Raises
    `Refused`."""
    not_in_future(command.published_on, command.today, "published_on")
    if command.effective_to and command.effective_to <= command.effective_from:
        raise Refused("policy-interval", effective_from=command.effective_from)
    keys = [parameter.key for parameter in command.parameters]
    if not keys or len(set(keys)) != len(keys):
        raise Refused("policy-parameters", keys=keys)
    for parameter in command.parameters:
        if parameter.key not in KINDS:
            raise Refused("policy-parameter-unknown", key=parameter.key, known=sorted(KINDS))
        if not fits(parameter):
            zh, en = wanted(parameter.key)
            raise Refused("policy-parameter-value", key=parameter.key, wanted_zh=zh, wanted_en=en)
    known = state.versions.get(command.version, {})
    changed = [p.key for p in command.parameters if known.get(p.key, p.value) != p.value]
    if whole := state.whole.get(command.version):
        changed += [name for name in HEADER if getattr(whole, name) != getattr(command, name)]
    if changed:
        raise Refused("policy-value-changed", version=command.version, keys=changed)
    new = [p for p in command.parameters if p.key not in known]
    if not new:
        return []
    for name, other in state.whole.items():
        held = state.versions[name]
        differing = [p.key for p in new if held.get(p.key, p.value) != p.value]
        days = (other.published_on, other.effective_from)
        if differing and days == (command.published_on, command.effective_from):
            raise Refused("policy-same-days", version=name, keys=differing)
    shared: dict[str, Any] = {
        "version": command.version,
        "region": command.region,
        "effective_from": command.effective_from,
        "effective_to": command.effective_to,
        "published_on": command.published_on,
    }
    return [
        *(
            PolicyParameterPublished(
                **shared, key=p.key, value=p.value, kind=p.kind, source=p.source
            )
            for p in new
        ),
        PolicyVersionPublished(
            **shared, parameters=len({*known} | {*keys}), received_on=command.today
        ),
    ]


def evolve(state: Published, event: PolicyEvent) -> Published:
    """Fold one."""
    match event:
        case PolicyVersionPublished():
            return replace(state, whole={event.version: event, **state.whole})
        case PolicyInForceChanged():
            return replace(state, noted=state.noted | {(event.version, event.changed_on)})
        case PolicyParameterPublished():
            known = {**state.versions.get(event.version, {}), event.key: event.value}
            return replace(state, versions={**state.versions, event.version: known})
        case _:
            assert_never(event)


PUBLISHED: Decider[PolicyCommand, Published, PolicyEvent] = Decider(Published(), decide, evolve)

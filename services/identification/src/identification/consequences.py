"""What follows in one household from what happened in another: splits and mergers (A53, A54).

An event is the only messenger. Ids follow from it, and each household decides by its own history,
so that hearing an event again, or after a crash, changes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from common.decider import Refused
from common.eventstore import record
from common.ids import derived_id
from common.intents import Connection, Context, Intent, Store, accepted
from contracts.codes import Channel, Origin, RiskType, Severity
from contracts.envelope import Actor, Envelope
from contracts.households import (
    HouseholdAbsorbed,
    HouseholdRegistered,
    HouseholdsMerged,
    HouseholdSplit,
)
from identification.domain.commands import ReportRisk
from identification.domain.handover import MERGER_RULE, handed_on
from identification.domain.policy import Policy
from identification.domain.policy_book import PolicyLookup
from identification.domain.register_commands import (
    ForgoMerger,
    JoinHousehold,
    RegisterHousehold,
    TakeIn,
)
from identification.effects.heard import to_household
from identification.read_model import register

REGISTER = Actor(
    person="register",
    post="RULE_ENGINE",
    organisation="农户登记",
    department="identification",
    region="",
)
FOLLOWED = HouseholdSplit | HouseholdsMerged | HouseholdAbsorbed
SPLIT_RULE = "HOUSEHOLD-SPLIT"

Told = tuple[Envelope, Any]


async def follow(
    connection: Connection, store: Store, policies: PolicyLookup, told: Sequence[Told]
) -> None:
    """Record what these events ask of other households, in the caller's transaction.

    A household that left the register before it could be taken in is no fault: the survivor is told.
    """
    regions = await register.regions_of(connection, [i for _, e in told for i in _others(e)])
    intents = [intent for cause, e in told for intent in asked_by(cause, e, regions, policies)]
    outcomes = list(zip(intents, await record(connection, store, intents), strict=True))
    gone = [
        i for i, o in outcomes if isinstance(o, Refused) and isinstance(i.command, JoinHousehold)
    ]
    accepted([outcome for intent, outcome in outcomes if intent not in gone])
    accepted(await record(connection, store, [_forgo(intent) for intent in gone]))


def _others(event: Any) -> list[UUID]:
    match event:
        case HouseholdsMerged():
            return event.absorbed_ids
        case HouseholdAbsorbed():
            return [event.survivor_id]
    return []


def asked_by(
    cause: Envelope, event: Any, regions: Mapping[UUID, str], policies: PolicyLookup
) -> list[Intent]:
    """The commands to other households, in the order in which they must be decided."""
    match event:
        case HouseholdSplit():
            return _split_off(cause, event, policies)
        case HouseholdsMerged():
            join = JoinHousehold(survivor_id=event.household_id, effective_on=event.effective_on)
            return [
                _intent(cause, h, regions.get(h, cause.region), join) for h in event.absorbed_ids
            ]
        case HouseholdAbsorbed():
            return _taken_in(cause, event, regions[event.survivor_id], policies)
    return []


def _split_off(cause: Envelope, split: HouseholdSplit, policies: PolicyLookup) -> list[Intent]:
    """The new household, and the clue that it may need help too, due as any other (S2-07)."""
    new = HouseholdRegistered(
        household_id=split.new_household_id,
        register_number=split.register_number,
        category=split.category,
        marginal_2019=split.marginal_2019,
        region=split.region,
        co_living_count=split.new_co_living_count,
        members=split.moved,
        registered_on=split.effective_on,
        origin=Origin.SPLIT,
        from_household_id=split.household_id,
    )
    # The split was checked against the day of its decision; nothing is in the future here.
    today = max(split.effective_on, *(m.born_on for m in split.moved))
    intents = [
        _intent(cause, new.household_id, new.region, RegisterHousehold(registered=new, today=today))
    ]
    if split.monitored:
        policy = policies.of(split.region, split.effective_on)
        clue = ReportRisk(
            clue_id=derived_id(cause.event_id, SPLIT_RULE),
            channel=Channel.CADRE_SCREENING,
            risk_types=tuple(split.risk_types) or (RiskType.OTHER,),
            severity=Severity.YELLOW,
            evidence_event_ids=(cause.event_id,),
            rule_id=SPLIT_RULE,
            rule_version=1,
            discovered_on=split.effective_on,
            summary_zh="由监测对象户分出的新户，须核实风险",
            summary_en="Split off from a monitored household: its risks are to be verified",
            policy=policy,
            today=today,
        )
        intents.append(_intent(cause, new.household_id, new.region, clue, policy))
    return intents


def _taken_in(
    cause: Envelope, absorbed: HouseholdAbsorbed, region: str, policies: PolicyLookup
) -> list[Intent]:
    """The members arrive with a confirmed episode; an open clue arrives as a clue, on its own day. So do, on
    the day of the merger, the risks of an episode that is not taken over, and those nobody has looked at."""
    take_in = TakeIn(
        from_household_id=absorbed.household_id,
        members=tuple(absorbed.members),
        co_living_count=absorbed.co_living_count,
        effective_on=absorbed.effective_on,
        case=absorbed.case,
        help_given=tuple(absorbed.help_given),
    )
    intents = [_intent(cause, absorbed.survivor_id, region, take_in)]
    case = absorbed.case
    risks = handed_on(case) if case else []
    if case and risks:
        on = absorbed.effective_on if case.confirmed else case.discovered_on
        policy = policies.of(region, on)
        clue = ReportRisk(
            clue_id=derived_id(cause.event_id, MERGER_RULE),
            channel=Channel.CADRE_SCREENING,
            risk_types=tuple(risks),
            severity=case.severity,
            evidence_event_ids=(cause.event_id,),
            rule_id=MERGER_RULE,
            rule_version=1,
            discovered_on=on,
            summary_zh="并入户的线索由本户承接",
            summary_en="A clue of a household that was taken in",
            policy=policy,
            today=max(on, absorbed.effective_on),
        )
        intents.append(_intent(cause, absorbed.survivor_id, region, clue, policy))
    return intents


def _forgo(join: Intent) -> Intent:
    """The survivor learns that this household will not come."""
    survivor, gone = join.command.survivor_id, join.household_id
    assert gone is not None
    return to_household(survivor, ForgoMerger(absorbed_id=gone), join.context)


def _intent(
    cause: Envelope, household_id: UUID, region: str, command: Any, policy: Policy | None = None
) -> Intent:
    return to_household(
        household_id,
        command,
        Context(
            actor=REGISTER,
            region=region,
            occurred_at=cause.occurred_at,
            correlation_id=cause.correlation_id,
            causation_id=cause.event_id,
            policy_version=policy.version if policy else None,
            traceparent=cause.traceparent,
        ),
    )

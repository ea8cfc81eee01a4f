"""The register's table: what may be asked of a household's entry, and how its events fold."""

from dataclasses import replace
from datetime import date
from typing import Any, assert_never
from uuid import UUID

from common.decider import Refused
from contracts.circumstances import (
    AddressChanged,
    BirthDateCorrected,
    CoLivingCounted,
    HealthRecorded,
    IdentityCorrected,
    IdentityNumberGiven,
    ResidenceConfirmed,
    SchoolingRecorded,
    SexCorrected,
)
from contracts.codes import Deregistration
from contracts.households import (
    CategoryCorrected,
    EmergencyHelpTakenOver,
    EpisodeTakenOver,
    HeadChanged,
    HouseholdAbsorbed,
    HouseholdDeregistered,
    HouseholdMemberAdded,
    HouseholdMemberRemoved,
    HouseholdRegistered,
    HouseholdRelocated,
    HouseholdsMerged,
    HouseholdSplit,
    LabourCapacityAssessed,
    MergerCompleted,
    MergerForgone,
    PerCapitaRecomputed,
    RegisterEvent,
)
from identification.domain import circumstances, identities, members, moves, newborns, per_capita
from identification.domain.entry import Left, Status
from identification.domain.handover import helped, taken_over
from identification.domain.labour import noted
from identification.domain.register_commands import (
    AddMember,
    AssessLabour,
    ChangeAddress,
    ChangeHead,
    ConfirmResidence,
    CorrectCategory,
    CorrectIdentity,
    CountCoLiving,
    Deregister,
    ForgoMerger,
    GiveNumber,
    JoinHousehold,
    MergeHouseholds,
    RecomputePerCapita,
    RecordHealth,
    RecordSchooling,
    RegisterCommand,
    Relocate,
    RemoveMember,
    SplitHousehold,
    TakeIn,
)
from identification.domain.states import Household

SPLIT = "SPLIT"  # why a person left, beside the codes of `Leaving`


def change(command: RegisterCommand, household: Household) -> list[RegisterEvent]:
    """What a command does to the entry. Raises `Refused`; a household off the register takes no command."""
    if household.status is not Status.ACTIVE:
        if isinstance(command, JoinHousehold) and command.survivor_id == household.past.survivor:
            return []
        if isinstance(command, RecomputePerCapita):
            return []
        raise Refused("household-ended", status=household.status)
    match command:
        case AddMember():
            newborns.may_wait(command)
            return members.add(command, household)
        case GiveNumber():
            return [*newborns.given(command, household)]
        case CorrectIdentity():
            return [*identities.correct(command, household)]
        case RemoveMember():
            return members.remove(command, household)
        case ChangeHead():
            return members.change_head(command, household)
        case AssessLabour():
            return members.assess(command, household)
        case CorrectCategory():
            return moves.correct_category(command, household)
        case Relocate():
            return moves.relocate(command, household)
        case SplitHousehold():
            return moves.split(command, household)
        case MergeHouseholds():
            return moves.merge(command, household)
        case JoinHousehold():
            return moves.join(command, household)
        case TakeIn():
            return moves.take_in(command, household)
        case ForgoMerger():
            return moves.forgo(command, household)
        case Deregister():
            return moves.deregister(command, household)
        case RecomputePerCapita():
            return per_capita.recompute(command, household)
        case (
            CountCoLiving()
            | RecordHealth()
            | RecordSchooling()
            | ConfirmResidence()
            | ChangeAddress()
        ):
            return [*circumstances.tell(command, household)]


def evolve(household: Household, event: RegisterEvent) -> Household:
    """Fold one event into the entry, or into what the register remembers beside it."""
    entry, past = household.registered, household.past
    match event:
        case HouseholdRegistered():
            raise AssertionError("a household is registered once")
        case HouseholdMemberAdded():
            joined = [*entry.members, event.member]
            who = event.member.person_id
            changed = _entry(household, members=joined, co_living_count=event.co_living_count)
            changed = replace(changed, surveyed=changed.surveyed - {who})
            days = {**past.joined, who: event.effective_on}
            changed = _past(changed, joined=days, erased=past.erased - {who})
            return _able(changed, household, event.effective_on)
        case HouseholdMemberRemoved():
            gone = [m for m in entry.members if m.person_id == event.person_id]
            staying = [m for m in entry.members if m.person_id != event.person_id]
            left = tuple(Left(m, event.reason, event.effective_on) for m in gone)
            changed = _entry(household, members=staying, co_living_count=event.co_living_count)
            changed = _past(changed, left=(*past.left, *left))
            return _able(changed, household, event.effective_on)
        case HeadChanged():
            headed = members.headed(entry.members, event.head_id, event.relations)
            return _entry(household, members=headed)
        case LabourCapacityAssessed():
            changed = _told(household, event.person_id, labour_capacity=event.capacity)
            days = {**past.assessed, event.person_id: event.assessed_on}
            changed = _past(changed, assessed=days)
            return _able(changed, household, event.assessed_on)
        case CategoryCorrected():
            return _entry(household, category=event.to_category, marginal_2019=event.marginal_2019)
        case HouseholdRelocated():
            # Out of the county it keeps the area that answered for it here, and answers for its history.
            region = event.to_region if event.inside_county else entry.region
            here = members.committed(entry.members, event.commitments)
            changed = _entry(household, region=region, members=here)
            told = {**past.told, (circumstances.ADDRESS, entry.household_id): event.effective_on}
            return _past(changed, moved_on=event.effective_on, told=told)
        case HouseholdSplit():
            moved = {m.person_id for m in event.moved}
            staying = [m for m in entry.members if m.person_id not in moved]
            left = tuple(
                Left(m, SPLIT, event.effective_on) for m in entry.members if m.person_id in moved
            )
            changed = _entry(household, members=staying, co_living_count=event.co_living_count)
            split_off = past.split_off | {event.new_household_id}
            changed = _past(changed, left=(*past.left, *left), split_off=split_off)
            return _able(changed, household, event.effective_on)
        case HouseholdsMerged():
            news = set(event.absorbed_ids)
            absorbed, awaited = past.absorbed | news, past.awaited | news
            return _past(household, absorbed=absorbed, awaited=awaited)
        case MergerCompleted() | MergerForgone():
            return _past(household, awaited=past.awaited - {event.absorbed_id})
        case EpisodeTakenOver():
            return taken_over(household, event)
        case EmergencyHelpTakenOver():
            return helped(household, event)
        case HouseholdAbsorbed():
            ended = replace(household, status=Status.MERGED)
            return _past(ended, survivor=event.survivor_id)
        case HouseholdDeregistered():
            out = event.reason is Deregistration.MOVED_OUT_OF_COUNTY
            status = Status.MOVED_OUT if out else Status.DEREGISTERED
            return replace(household, status=status)
        case (
            CoLivingCounted()
            | HealthRecorded()
            | SchoolingRecorded()
            | ResidenceConfirmed()
            | AddressChanged()
        ):
            return circumstances.evolve(household, event)
        case BirthDateCorrected():
            differs, born_on = event.number_differs, event.to_born_on
            return _told(household, event.person_id, born_on=born_on, number_differs=differs)
        case SexCorrected():
            differs, sex = event.number_differs, event.to_sex
            return _told(household, event.person_id, sex=sex, number_differs=differs)
        case IdentityNumberGiven():
            return _committed_anew(household, event, without_number=False)
        case IdentityCorrected():
            return _committed_anew(household, event)
        case PerCapitaRecomputed():
            return _past(household, shared=(event.assessment_id, event.members))
        case _:
            assert_never(event)


def _entry(household: Household, **change: Any) -> Household:
    return replace(household, registered=replace(household.registered, **change))


def _told(household: Household, person_id: UUID, **change: Any) -> Household:
    """Something else of one member."""
    told = members.with_member(household.registered.members, person_id, **change)
    return _entry(household, members=told)


def _committed_anew(
    household: Household, event: IdentityNumberGiven | IdentityCorrected, **change: Any
) -> Household:
    change |= {"commitment": event.commitment, "number_differs": event.number_differs}
    return _told(household, event.person_id, **change)


def _past(household: Household, **change: Any) -> Household:
    return replace(household, past=replace(household.past, **change))


def _able(changed: Household, before: Household, on: date) -> Household:
    """Who could work changed on that day."""
    was, now = before.registered.members, changed.registered.members
    return _past(changed, able=noted(changed.past.able, was, now, on))

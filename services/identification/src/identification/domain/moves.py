"""What happens to a household as a whole: it moves, splits, merges with others, leaves the register.

Nothing here changes a second household. `HouseholdSplit`, `HouseholdsMerged` and `HouseholdAbsorbed` say
what has to follow there, and the reactions to them ask for it (`reactions`).
"""

from dataclasses import replace

from common.decider import Refused
from contracts.codes import Deregistration, Joining, Relation
from contracts.households import (
    CategoryCorrected,
    EmergencyHelpTakenOver,
    EpisodeTakenOver,
    HouseholdAbsorbed,
    HouseholdDeregistered,
    HouseholdMemberAdded,
    HouseholdRelocated,
    HouseholdsMerged,
    HouseholdSplit,
    MergerCompleted,
    MergerForgone,
    RegisterEvent,
)
from identification.domain.guards import in_order
from identification.domain.handover import (
    earlier,
    help_given,
    open_case,
    risks_if_monitored,
    risks_of_both,
)
from identification.domain.members import head_after, here_since, living_together, member_of
from identification.domain.register_commands import (
    CorrectCategory,
    Deregister,
    ForgoMerger,
    JoinHousehold,
    MergeHouseholds,
    Relocate,
    SplitHousehold,
    TakeIn,
)
from identification.domain.registration import whole
from identification.domain.risks import answered_by
from identification.domain.stages import monitored_of
from identification.domain.states import Household

COUNTY = 6  # digits of an area code that name the county


def correct_category(c: CorrectCategory, household: Household) -> list[RegisterEvent]:
    """By the county, with a document; never a consequence of monitoring. Raises `Refused`."""
    entry = household.registered
    in_order(c.corrected_on, entry.registered_on, c.today, "corrected_on")
    if (c.category, c.marginal_2019) == (entry.category, entry.marginal_2019):
        return []
    return [
        CategoryCorrected(
            household_id=entry.household_id,
            from_category=entry.category,
            to_category=c.category,
            marginal_2019=c.marginal_2019,
            reason=c.reason,
            document_hash=c.document_hash,
            corrected_on=c.corrected_on,
        )
    ]


def relocate(c: Relocate, household: Household) -> list[RegisterEvent]:
    """T19. After a move inside the county the episode goes on under another town; after one out of it, it
    ends here. Raises `Refused`: the same area, no hand-over document, a merger that is not complete."""
    entry = household.registered
    if c.to_region == entry.region and c.effective_on == household.past.moved_on:
        return []
    in_order(c.effective_on, entry.registered_on, c.today, "effective_on")
    if c.to_region == entry.region:
        raise Refused("same-area")
    inside = c.to_region[:COUNTY] == entry.region[:COUNTY]
    if not inside:
        if c.handover_hash is None:
            raise Refused("handover-needed")
        _no_merger_under_way(household)
    moved = HouseholdRelocated(
        household_id=entry.household_id,
        from_region=entry.region,
        to_region=c.to_region,
        effective_on=c.effective_on,
        inside_county=inside,
        commitments=list(c.commitments) if inside else [],
        handover_hash=None if inside else c.handover_hash,
    )
    if inside:
        return [moved]
    gone = HouseholdDeregistered(
        household_id=entry.household_id,
        reason=Deregistration.MOVED_OUT_OF_COUNTY,
        effective_on=c.effective_on,
    )
    return [moved, gone]


def split(c: SplitHousehold, household: Household) -> list[RegisterEvent]:
    """Some members leave with a head of their own; the others stay with a head (A53). Raises `Refused`."""
    entry = household.registered
    if c.new_household_id in household.past.split_off:
        return []
    in_order(c.effective_on, entry.registered_on, c.today, "effective_on")
    moving = {r.person_id: r.relation for r in c.moved}
    if any(member_of(entry.members, person) is None for person in moving):
        raise Refused("not-a-member")
    going = [m for m in entry.members if m.person_id in moving]
    for member in going:
        in_order(c.effective_on, here_since(household, member), c.today, "effective_on")
    staying = [m for m in entry.members if m.person_id not in moving]
    if not staying or not going:
        raise Refused("split-needs-both-sides")
    moved = [replace(m, relation=moving[m.person_id]) for m in going]
    whole(moved, c.new_co_living_count, c.effective_on, c.today)
    living_together(c.co_living_count, len(staying))
    head_goes = any(m.relation is Relation.HEAD for m in going)
    headed = head_after(staying, c.new_head, household, c.effective_on, goes=head_goes)
    risks = risks_if_monitored(household, c.effective_on)
    done = HouseholdSplit(
        household_id=entry.household_id,
        new_household_id=c.new_household_id,
        register_number=c.register_number,
        region=entry.region,
        category=entry.category,
        marginal_2019=entry.marginal_2019,
        moved=moved,
        co_living_count=c.co_living_count,
        new_co_living_count=c.new_co_living_count,
        effective_on=c.effective_on,
        reason=c.reason,
        monitored=risks is not None,
        risk_types=risks or [],
    )
    return [done, *headed]


def merge(c: MergeHouseholds, household: Household) -> list[RegisterEvent]:
    """This household will take in others (A54). Raises `Refused`."""
    entry = household.registered
    in_order(c.effective_on, entry.registered_on, c.today, "effective_on")
    if not c.absorbed_ids or entry.household_id in c.absorbed_ids:
        raise Refused("merger-needs-others")
    news = [h for h in dict.fromkeys(c.absorbed_ids) if h not in household.past.absorbed]
    if not news:
        return []
    return [
        HouseholdsMerged(
            household_id=entry.household_id,
            absorbed_ids=news,
            absorbed_count=len(news),
            effective_on=c.effective_on,
        )
    ]


def join(c: JoinHousehold, household: Household) -> list[RegisterEvent]:
    """All members and the open episode become part of another household. Raises `Refused` while this
    household is itself waiting for others."""
    entry = household.registered
    _no_merger_under_way(household)
    return [
        HouseholdAbsorbed(
            household_id=entry.household_id,
            survivor_id=c.survivor_id,
            members=entry.members,
            co_living_count=entry.co_living_count,
            effective_on=c.effective_on,
            case=open_case(household, c.effective_on),
            help_given=help_given(household),
        )
    ]


def take_in(c: TakeIn, household: Household) -> list[RegisterEvent]:
    """The members of an absorbed household arrive, and its episode if that was confirmed earlier.

    Until people say more, its former head is `OTHER` to the head of this household. Who is a member here
    already stays as they are.
    """
    entry = household.registered
    if c.from_household_id not in household.past.awaited:
        return []
    here = {m.person_id for m in entry.members}
    arriving = [
        replace(m, relation=Relation.OTHER) if m.relation is Relation.HEAD else m
        for m in c.members
        if m.person_id not in here
    ]
    together = len(entry.members) + len(arriving)
    living = min(entry.co_living_count + c.co_living_count, together)
    events: list[RegisterEvent] = [
        HouseholdMemberAdded(
            household_id=entry.household_id,
            member=member,
            reason=Joining.MERGER,
            effective_on=c.effective_on,
            co_living_count=living,
        )
        for member in arriving
    ]
    completed = MergerCompleted(
        household_id=entry.household_id,
        absorbed_id=c.from_household_id,
        arrived=len(arriving),
        co_living_count=living,
    )
    return [*events, completed, *_helped(c, household), *_taken_over(c, household)]


def _helped(c: TakeIn, household: Household) -> list[RegisterEvent]:
    if not c.help_given:
        return []
    return [
        EmergencyHelpTakenOver(
            household_id=household.id,
            from_household_id=c.from_household_id,
            grants=len(c.help_given),
            help_given=list(c.help_given),
        )
    ]


def _taken_over(c: TakeIn, household: Household) -> list[RegisterEvent]:
    case = earlier(household, c.case)
    if case is None or case.confirmed is None:
        return []
    risks, file = risks_of_both(household, case), household.file
    own = file.clues if file and monitored_of(household.case) is None else ()
    return [
        EpisodeTakenOver(
            household_id=household.id,
            from_household_id=c.from_household_id,
            monitored_class=case.monitored_class or case.confirmed.monitored_class,
            confirmed_on=case.confirmed.confirmed_on,
            case=case,
            risk_types=list(risks),
            answered=answered_by(own, risks),
        )
    ]


def forgo(c: ForgoMerger, household: Household) -> list[RegisterEvent]:
    """The other household left the register before it could be taken in."""
    if c.absorbed_id not in household.past.awaited:
        return []
    return [MergerForgone(household_id=household.id, absorbed_id=c.absorbed_id)]


def deregister(c: Deregister, household: Household) -> list[RegisterEvent]:
    """A household that was registered twice. Raises `Refused` while it has an open episode."""
    entry = household.registered
    in_order(c.effective_on, entry.registered_on, c.today, "effective_on")
    if c.duplicate_of == entry.household_id:
        raise Refused("duplicate-of-itself")
    if household.case:
        raise Refused("episode-open")
    _no_merger_under_way(household)
    return [
        HouseholdDeregistered(
            household_id=entry.household_id,
            reason=Deregistration.DUPLICATE,
            effective_on=c.effective_on,
            duplicate_of=c.duplicate_of,
        )
    ]


def _no_merger_under_way(household: Household) -> None:
    if household.past.awaited:
        raise Refused("merger-under-way")

"""A household moves, splits and merges (T19, A53, A54), without a clock, a database or a network."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.codes import (
    MonitoredClass,
    Relation,
    RiskType,
    Severity,
)
from contracts.handover import OpenCase
from contracts.households import (
    EpisodeTakenOver,
    HeadChanged,
    HouseholdAbsorbed,
    HouseholdDeregistered,
    HouseholdMemberAdded,
    HouseholdRelocated,
    HouseholdsMerged,
    HouseholdSplit,
    MergerCompleted,
    MergerForgone,
    PerCapitaRecomputed,
    Related,
)
from contracts.monitoring import ClosingReason, MonitoringClosed
from identification.domain.entry import Status
from identification.domain.household import HOUSEHOLD
from identification.domain.register_commands import RecomputePerCapita
from identification.domain.stages import Monitored
from services.identification.tests.ending import ADD as ADD_RISK
from services.identification.tests.ending import RESOLVE
from services.identification.tests.entries import (
    ADD,
    ALONE,
    DEREGISTER,
    FORGO,
    FOURTH,
    HEAD,
    JOIN,
    MERGE,
    MOVE,
    MOVE_OUT,
    REMOVE,
    SECOND,
    SPLIT,
    TAKE_IN,
    THIRD,
    after,
    refused,
    relations,
    under,
)
from services.identification.tests.story import (
    CONFIRM,
    HASH,
    POLICY,
    REGISTERED,
    RISK,
    STEPS,
    TODAY,
    history,
    member,
)


def test_T19_a_move_inside_the_county_keeps_the_episode_and_changes_the_town() -> None:
    (event,) = HOUSEHOLD.when(MOVE, given=history(*STEPS))
    assert isinstance(event, HouseholdRelocated)
    assert event.inside_county
    household = after(*STEPS, MOVE)
    assert isinstance(household.case, Monitored)
    assert household.registered.region == "441624109201"
    assert HOUSEHOLD.when(MOVE, given=history(MOVE)) == []
    assert refused(replace(MOVE, effective_on=TODAY), history(MOVE)).code == "same-area"


def test_T19_a_move_out_of_the_county_hands_over_and_ends_the_household_here() -> None:
    assert refused(replace(MOVE_OUT, handover_hash=None), history()).code == "handover-needed"
    closed, moved, gone = HOUSEHOLD.when(MOVE_OUT, given=history(*STEPS))
    assert isinstance(closed, MonitoringClosed)
    assert closed.reason is ClosingReason.MOVED_OUT
    assert isinstance(moved, HouseholdRelocated)
    assert (moved.inside_county, moved.handover_hash) == (False, HASH)
    assert isinstance(gone, HouseholdDeregistered)
    household = after(*STEPS, MOVE_OUT)
    assert (household.status, household.case) == (Status.MOVED_OUT, None)
    assert household.registered.region == REGISTERED.region


def test_A53_the_original_keeps_its_episode_and_the_new_household_stands_in_the_event() -> None:
    (event,) = HOUSEHOLD.when(SPLIT, given=history(*STEPS))
    assert isinstance(event, HouseholdSplit)
    assert event.monitored
    assert {m.person_id: m.relation for m in event.moved} == {
        THIRD: Relation.HEAD,
        FOURTH: Relation.SIBLING,
    }
    household = after(*STEPS, SPLIT)
    assert isinstance(household.case, Monitored)
    assert household.registered.co_living_count == 2
    assert set(relations(household)) == {HEAD, SECOND}
    assert [left.member.person_id for left in household.past.left] == [THIRD, FOURTH]
    assert HOUSEHOLD.when(SPLIT, given=history(SPLIT)) == []


def test_A53_a_household_that_is_not_monitored_splits_without_a_clue_to_follow() -> None:
    (event,) = HOUSEHOLD.when(SPLIT, given=history(RISK))
    assert isinstance(event, HouseholdSplit)
    assert not event.monitored


def test_A53_the_income_assessed_is_divided_by_those_who_stay() -> None:
    recompute = RecomputePerCapita(policy=POLICY)
    assert HOUSEHOLD.when(recompute, given=history(*STEPS)) == []
    (event,) = HOUSEHOLD.when(recompute, given=history(*STEPS, SPLIT))
    assert isinstance(event, PerCapitaRecomputed)
    assert (event.members, event.disposable_fen, event.per_capita_fen) == (2, 4_320_000, 2_160_000)
    assert not event.within_line
    assert HOUSEHOLD.when(recompute, given=history(*STEPS, SPLIT, recompute)) == []
    back = history(*STEPS, SPLIT, recompute, replace(ADD, co_living_count=3), recompute)
    assert isinstance(back[-1], PerCapitaRecomputed)
    assert back[-1].per_capita_fen == 1_440_000


def test_A53_without_an_assessed_income_nothing_is_divided() -> None:
    recompute = RecomputePerCapita(policy=POLICY)
    assert HOUSEHOLD.when(recompute, given=history(RISK, SPLIT)) == []
    assert HOUSEHOLD.when(recompute, given=history(DEREGISTER)) == []


EVERYBODY = (*SPLIT.moved, *(Related(person_id=p, relation=Relation.CHILD) for p in (HEAD, SECOND)))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"moved": ()}, "split-needs-both-sides"),
        ({"moved": EVERYBODY}, "split-needs-both-sides"),
        ({"moved": (Related(person_id=UUID(int=50), relation=Relation.HEAD),)}, "not-a-member"),
        ({"moved": (Related(person_id=THIRD, relation=Relation.CHILD),)}, "one-head-needed"),
        ({"new_co_living_count": 3}, "co-living-count"),
        ({"co_living_count": 3}, "co-living-count"),
        (
            {
                "moved": (Related(person_id=HEAD, relation=Relation.HEAD),),
                "co_living_count": 3,
                "new_co_living_count": 1,
            },
            "new-head-needed",
        ),
        ({"effective_on": TODAY + timedelta(days=1)}, "date-in-future"),
    ],
)
def test_A53_a_split_leaves_two_whole_households(change: dict[str, Any], code: str) -> None:
    assert refused(replace(SPLIT, **change), history()).code == code


def test_A53_the_head_may_be_one_of_several_who_go() -> None:
    third = Related(person_id=THIRD, relation=Relation.CHILD)
    head = Related(person_id=HEAD, relation=Relation.HEAD)
    split = replace(SPLIT, moved=(third, head))
    assert refused(split, history()).code == "new-head-needed"
    done, headed = HOUSEHOLD.when(replace(split, new_head=under(SECOND, FOURTH)), given=history())
    assert isinstance(done, HouseholdSplit)
    assert isinstance(headed, HeadChanged)
    assert headed.head_id == SECOND


def test_A53_the_clue_of_the_new_household_names_the_risks_as_they_stand() -> None:
    added = replace(ADD_RISK, added_on=date(2024, 4, 20), today=TODAY)
    solved = replace(RESOLVE, risk_type=RiskType.ILLNESS, resolved_on=TODAY, today=TODAY)
    event = HOUSEHOLD.when(SPLIT, given=history(*STEPS, added, solved))[0]
    assert isinstance(event, HouseholdSplit)
    assert event.risk_types == [RiskType.SCHOOLING]


def test_A54_an_absorbed_household_hands_over_its_members_and_its_episode() -> None:
    event = HOUSEHOLD.when(JOIN, given=history(*STEPS))[-1]
    assert isinstance(event, HouseholdAbsorbed)
    assert event.case is not None
    assert event.case.confirmed is not None
    assert event.case.confirmed.confirmed_on == CONFIRM.confirmed_on
    household = after(*STEPS, JOIN)
    assert (household.status, household.case) == (Status.MERGED, None)
    assert HOUSEHOLD.when(JOIN, given=history(JOIN)) == []
    elsewhere = replace(JOIN, survivor_id=UUID(int=78))
    assert refused(elsewhere, history(JOIN)).code == "household-ended"


def test_A54_an_open_clue_is_handed_over_with_its_first_day_and_its_severity() -> None:
    event = HOUSEHOLD.when(JOIN, given=history(replace(RISK, severity=Severity.RED)))[-1]
    assert isinstance(event, HouseholdAbsorbed)
    assert event.case == OpenCase(
        discovered_on=date(2024, 3, 1),
        due_on=date(2024, 3, 16),
        risk_types=[RiskType.ILLNESS],
        severity=Severity.RED,
        confirmed=None,
    )


def handed_over(confirmed_on: date) -> OpenCase:
    event = HOUSEHOLD.when(JOIN, given=history(*STEPS))[-1]
    assert isinstance(event, HouseholdAbsorbed)
    assert event.case is not None
    assert event.case.confirmed is not None
    confirmed = replace(event.case.confirmed, confirmed_on=confirmed_on)
    return replace(event.case, confirmed=confirmed)


def test_A54_the_survivor_is_monitored_since_the_absorbed_household_was() -> None:
    case = handed_over(date(2023, 3, 1))
    events = HOUSEHOLD.when(replace(TAKE_IN, case=case), given=history(MERGE))
    assert [type(e) for e in events] == [
        HouseholdMemberAdded,
        HouseholdMemberAdded,
        MergerCompleted,
        EpisodeTakenOver,
    ]
    taken = events[-1]
    assert isinstance(taken, EpisodeTakenOver)
    assert taken.risk_types == [RiskType.ILLNESS]
    household = after(MERGE, replace(TAKE_IN, case=case))
    assert isinstance(household.case, Monitored)
    assert household.case.confirmed.confirmed_on == date(2023, 3, 1)
    assert household.registered.co_living_count == 6
    assert list(relations(household).values()).count(Relation.HEAD) == 1


@pytest.mark.parametrize(
    ("confirmed_on", "since"),
    [(date(2023, 3, 1), date(2023, 3, 1)), (date(2024, 4, 1), CONFIRM.confirmed_on)],
)
def test_A54_of_two_episodes_the_earlier_confirmation_is_kept(
    confirmed_on: date, since: date
) -> None:
    household = after(*STEPS, MERGE, replace(TAKE_IN, case=handed_over(confirmed_on)))
    assert isinstance(household.case, Monitored)
    assert household.case.confirmed.confirmed_on == since
    assert household.opened.risk_types == {RiskType.ILLNESS}


def test_A54_what_takes_over_an_episode_tells_the_risks_of_both() -> None:
    case = replace(handed_over(date(2023, 3, 1)), risks=[RiskType.SCHOOLING])
    given = history(*STEPS, MERGE)
    *_, taken = HOUSEHOLD.when(replace(TAKE_IN, case=case), given=given)
    assert isinstance(taken, EpisodeTakenOver)
    assert taken.risk_types == [RiskType.ILLNESS, RiskType.SCHOOLING]


def test_A54_the_class_is_taken_over_as_it_stands_now() -> None:
    case = replace(handed_over(date(2023, 3, 1)), monitored_class=MonitoredClass.SUDDEN_HARDSHIP)
    household = after(MERGE, replace(TAKE_IN, case=case))
    assert isinstance(household.case, Monitored)
    assert household.case.monitored_class is MonitoredClass.SUDDEN_HARDSHIP


def test_A54_members_arrive_once() -> None:
    (event,) = HOUSEHOLD.when(MERGE, given=history())
    assert isinstance(event, HouseholdsMerged)
    assert HOUSEHOLD.when(MERGE, given=history(MERGE)) == []
    assert HOUSEHOLD.when(TAKE_IN, given=history()) == []
    assert HOUSEHOLD.when(TAKE_IN, given=history(MERGE, TAKE_IN)) == []


def test_A54_who_is_a_member_already_is_not_counted_twice() -> None:
    both = replace(TAKE_IN, members=(member(2), member(7)), co_living_count=2)
    household = after(MERGE, both)
    assert len(household.registered.members) == household.registered.co_living_count == 5


def test_A54_a_household_that_is_gone_cannot_be_taken_in_and_the_merger_is_forgone() -> None:
    (event,) = HOUSEHOLD.when(FORGO, given=history(MERGE))
    assert isinstance(event, MergerForgone)
    assert HOUSEHOLD.when(FORGO, given=history(MERGE, FORGO)) == []


def test_A54_while_members_are_on_their_way_the_household_does_not_leave() -> None:
    for leaving in (MOVE_OUT, DEREGISTER, JOIN):
        assert refused(leaving, history(MERGE)).code == "merger-under-way"
        assert HOUSEHOLD.when(leaving, given=history(MERGE, TAKE_IN))
    last = replace(REMOVE, person_id=HEAD)
    given = [ALONE, *HOUSEHOLD.when(MERGE, given=[ALONE])]
    assert refused(last, given).code == "merger-under-way"


def test_a_household_does_not_merge_with_itself_or_with_nobody() -> None:
    for ids in ((), (REGISTERED.household_id,)):
        assert refused(replace(MERGE, absorbed_ids=ids), history()).code == "merger-needs-others"

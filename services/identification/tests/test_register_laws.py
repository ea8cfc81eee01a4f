"""What holds of the register whatever is asked of it, in any order."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from common.decider import Refused
from contracts.codes import Health, Joining, LabourCapacity, Leaving, Relation, Schooling
from contracts.households import Related
from identification.domain.commands import Command
from identification.domain.entry import Status
from identification.domain.household import HOUSEHOLD
from identification.domain.register_commands import NewHead
from identification.domain.rights import RightsCommand
from identification.domain.states import Household
from services.identification.tests.entries import (
    ADD,
    ADDRESS,
    ASSESS,
    CATEGORY,
    CHANGE_HEAD,
    COUNT,
    DEREGISTER,
    FORGO,
    ILL,
    JOIN,
    MERGE,
    MOVE,
    MOVE_OUT,
    PUPIL,
    REMOVE,
    RESIDENT,
    SPLIT,
    TAKE_IN,
)
from services.identification.tests.story import STEPS, TODAY, history, member, repeated, taken
from services.identification.tests.test_rights import ERASE, LIFT, RESTRICT

persons = st.integers(1, 9).map(lambda n: UUID(int=n))
days = st.dates(date(2020, 12, 30), TODAY + timedelta(days=2))
counts = st.integers(0, 7)
related = st.lists(
    st.builds(Related, person_id=persons, relation=st.sampled_from(Relation)),
    max_size=5,
    unique_by=lambda r: r.person_id,
).map(tuple)
heads = st.one_of(st.none(), st.builds(NewHead, head_id=persons, relations=related))
anybody = st.builds(
    member,
    st.integers(1, 9),
    st.sampled_from(Relation),
    born_on=days,
    labour_capacity=st.sampled_from(LabourCapacity),
)
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(replace, st.just(ADD), member=anybody, effective_on=days, co_living_count=counts, reason=st.sampled_from(Joining)),
    st.builds(replace, st.just(REMOVE), person_id=persons, reason=st.sampled_from(Leaving), effective_on=days, co_living_count=counts, new_head=heads),
    st.builds(replace, st.just(CHANGE_HEAD), new_head=heads.filter(bool), effective_on=days),
    st.builds(replace, st.just(ASSESS), person_id=persons, assessed_on=days, capacity=st.sampled_from(LabourCapacity)),
    st.builds(replace, st.just(COUNT), co_living_count=counts, effective_on=days),
    st.builds(replace, st.just(ILL), person_id=persons, health=st.sampled_from(Health), recorded_on=days),
    st.builds(replace, st.just(PUPIL), person_id=persons, schooling=st.sampled_from(Schooling), recorded_on=days),
    st.builds(replace, st.just(RESIDENT), person_id=persons, confirmed_on=days),
    st.builds(replace, st.just(MOVE), to_region=st.sampled_from(["441624108201", "441624109201", "440100000000"]), effective_on=days),
    st.builds(replace, st.just(ADDRESS), effective_on=days),
    st.builds(replace, st.just(SPLIT), moved=related, co_living_count=counts, new_co_living_count=counts, new_head=heads, effective_on=days),
    st.builds(replace, st.sampled_from([RESTRICT, LIFT, ERASE]), person_id=persons),
    st.sampled_from([ADD, REMOVE, CHANGE_HEAD, ASSESS, COUNT, ILL, PUPIL, RESIDENT, CATEGORY, MOVE, ADDRESS, MOVE_OUT, SPLIT, MERGE, JOIN, TAKE_IN, FORGO, DEREGISTER, *STEPS]),
)  # fmt: skip


def whole(household: Household) -> bool:
    """One head, nobody twice, one to all living together."""
    members = household.registered.members
    return (
        [m.relation for m in members].count(Relation.HEAD) == 1
        and len({m.person_id for m in members}) == len(members)
        and 1 <= household.registered.co_living_count <= len(members)
    )


@given(st.lists(commands, max_size=25), st.integers(0, len(STEPS)))
def test_decide_raises_nothing_but_refused_and_leaves_every_active_household_whole(
    asked: list[Command], start: int
) -> None:
    events = history(*STEPS[:start])
    for _ in taken(asked, events):
        household = HOUSEHOLD.fold(events)
        assert household is not None
        assert household.status is not Status.ACTIVE or whole(household)


@given(st.lists(commands, max_size=12))
def test_a_repeated_command_records_nothing(asked: list[Command]) -> None:
    events = history()
    for command, _ in taken(asked, events):
        assert repeated(command, events) == []


@given(st.lists(commands, max_size=25))
def test_a_household_that_left_the_register_does_not_come_back(asked: list[Command]) -> None:
    events = history()
    for command in asked:
        before = HOUSEHOLD.fold(events)
        try:
            decided = HOUSEHOLD.when(command, given=events)
        except Refused:
            continue
        assert before is not None
        rights = isinstance(command, RightsCommand)  # a person has them for ever
        assert before.status is Status.ACTIVE or rights or decided == []
        events += decided

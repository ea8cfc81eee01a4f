"""A54: nothing that waits to be looked at, or to be solved, is lost where two households become one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from contracts.codes import RiskType
from contracts.eliminations import EliminationLapsed, Guard
from contracts.episodes import RiskDetected
from contracts.households import HouseholdAbsorbed
from contracts.identification import HouseholdEvent
from contracts.stages import Stage
from identification.domain.commands import Command
from identification.domain.days import CloseBusinessDay
from identification.domain.eligibility import failing_on, outlook
from identification.domain.household import HOUSEHOLD
from identification.domain.stages import Monitored, monitored_of
from identification.domain.states import Household
from services.identification.tests.ending import (
    ADD,
    ENDING,
    PROPOSE,
    RESOLVE,
    SURVEY,
    before,
    income,
    monitored,
)
from services.identification.tests.entries import JOIN, MERGE, OTHER_HOUSEHOLD
from services.identification.tests.story import (
    CONFIRM,
    POLICY,
    REGISTERED,
    RISK,
    START,
    STEPS,
    TODAY,
    history,
    refused,
    state,
)
from services.identification.tests.test_consequences import followed
from services.identification.tests.test_inquiries import GRANT
from services.identification.tests.test_outcomes import FALSE

SURVIVOR = replace(
    REGISTERED,
    household_id=OTHER_HOUSEHOLD,
    members=[replace(m, person_id=UUID(int=m.person_id.int + 100)) for m in REGISTERED.members],
)
DROPOUT = replace(
    RISK,
    clue_id=UUID(int=8),
    risk_types=(RiskType.SCHOOLING,),
    rule_id="DROPOUT",
    discovered_on=date(2024, 4, 20),
)
EARLIER = (*STEPS[:-1], replace(CONFIRM, confirmed_on=date(2024, 3, 14)))
CLOSE_DAY = CloseBusinessDay(day=TODAY, policy=POLICY)


def absorbed(*commands: Command) -> HouseholdAbsorbed:
    """A household with this past becomes part of another."""
    event = HOUSEHOLD.when(replace(JOIN, effective_on=TODAY), given=history(*commands))[-1]
    assert isinstance(event, HouseholdAbsorbed)
    return event


def survivor(gone: HouseholdAbsorbed, *commands: Command) -> Household:
    """The household that takes it in, with a past of its own."""
    return state([*_before(*commands), *followed(gone, _before(*commands))])


def _before(*commands: Command) -> list[HouseholdEvent]:
    merge = replace(MERGE, absorbed_ids=(REGISTERED.household_id,), effective_on=TODAY)
    return history(*commands, merge, registered=SURVIVOR)


def waiting(household: Household) -> list[Sequence[RiskType]]:
    return [sorted(clue.risk_types) for clue in household.unhandled]


def test_A54_risks_are_taken_over_as_they_stand() -> None:
    solved = replace(RESOLVE, risk_type=RiskType.ILLNESS)
    household = survivor(absorbed(*STEPS, ADD, solved))
    assert household.stage is Stage.MONITORED
    monitored = monitored_of(household.case)
    assert monitored
    assert monitored.risks == (RiskType.SCHOOLING,)
    assert household.unhandled == ()


def test_A54_a_risk_that_was_taken_over_is_not_resolved_before_it_was_added() -> None:
    early = replace(RESOLVE, resolved_on=ADD.added_on - timedelta(days=1))
    gone = absorbed(*STEPS, ADD)
    for own in ((), EARLIER[:-1]):
        given = [*_before(*own), *followed(gone, _before(*own))]
        assert refused(early, given).code == "resolved-before-added"
    on_the_day = replace(RESOLVE, resolved_on=ADD.added_on)
    assert HOUSEHOLD.when(on_the_day, given=[*_before(), *followed(gone, _before())])


def test_A54_E6_a_clue_that_the_absorbed_household_had_not_looked_at_waits_in_the_survivor() -> (
    None
):
    assert waiting(survivor(absorbed(*STEPS, DROPOUT))) == [[RiskType.SCHOOLING]]
    assert waiting(survivor(absorbed(*STEPS, DROPOUT), *EARLIER)) == [[RiskType.SCHOOLING]]


def test_A54_E6_the_survivor_s_own_open_clue_waits_when_it_takes_an_episode_over() -> None:
    household = survivor(absorbed(*STEPS), DROPOUT)
    assert household.stage is Stage.MONITORED
    assert waiting(household) == [[RiskType.SCHOOLING]]
    assert waiting(survivor(absorbed(*STEPS), RISK)) == [], "the episode has that risk"


def test_A54_a_risk_of_an_episode_that_is_not_taken_over_is_a_clue_in_the_survivor() -> None:
    household = survivor(absorbed(*STEPS, ADD), *EARLIER)
    assert household.stage is Stage.MONITORED
    assert waiting(household) == [[RiskType.SCHOOLING]]
    assert waiting(survivor(absorbed(*STEPS), *EARLIER)) == [], "the survivor has that risk"


def test_A54_an_open_clue_is_heard_although_the_survivor_s_own_was_rejected() -> None:
    """Within thirty days, of the same risk: but of other people."""
    gone = absorbed(RISK)
    told = followed(gone, _before(RISK, START, FALSE))
    assert isinstance(told[-1], RiskDetected)


def test_A54_what_was_eliminated_before_is_not_taken_back_after_an_episode_was_taken_over() -> None:
    past = monitored(*ENDING)[1:]
    merge = replace(MERGE, absorbed_ids=(REGISTERED.household_id,), effective_on=TODAY)
    given = [SURVIVOR, *past, *HOUSEHOLD.when(merge, given=[SURVIVOR, *past])]
    assert state(given).eliminated
    household = state([*given, *followed(absorbed(*STEPS), given)])
    assert household.stage is Stage.MONITORED
    assert household.eliminated is None


def test_A54_T12_help_that_no_case_had_taken_up_belongs_to_the_episode() -> None:
    household = survivor(absorbed(*STEPS), GRANT)
    assert household.grants == ()
    assert [help.grant_id for help in household.opened.emergency] == [GRANT.grant_id]


def test_A54_T12_help_of_an_absorbed_household_is_handed_over() -> None:
    """With a case that is not confirmed too; what was confirmed is told by its confirmation."""
    helped = survivor(absorbed(GRANT))
    assert [grant.grant_id for grant in helped.grants] == [GRANT.grant_id]
    assert HOUSEHOLD.decide(CLOSE_DAY, helped), "it is said that its case is missing (A21)"
    assert HOUSEHOLD.decide(GRANT, helped) == [], "it was recorded"
    with_case = survivor(absorbed(RISK, GRANT))
    assert [grant.grant_id for grant in with_case.opened.emergency] == [GRANT.grant_id]
    assert with_case.grants == ()
    rejected = survivor(absorbed(RISK, START, GRANT, FALSE))
    assert [grant.grant_id for grant in rejected.grants] == [GRANT.grant_id]
    of_monitored = survivor(absorbed(*STEPS[:4], GRANT, *STEPS[4:]))
    assert of_monitored.grants == of_monitored.opened.emergency == ()


def test_A54_T12_what_was_said_of_help_is_not_said_again() -> None:
    given = history(GRANT)
    given += HOUSEHOLD.when(CLOSE_DAY, given=given)
    (gone,) = HOUSEHOLD.when(replace(JOIN, effective_on=TODAY), given=given)
    assert isinstance(gone, HouseholdAbsorbed)
    assert HOUSEHOLD.decide(CLOSE_DAY, survivor(gone)) == []


def test_A54_an_elimination_under_way_lapses_with_the_episode_that_is_taken_over_and_says_so() -> (
    None
):
    """Another episode goes on, of more people; it is not dated before what had been done."""
    for step in ENDING[1:]:
        given = _proposed(step)
        told = followed(absorbed(*EARLIER), given)
        (lapsed,) = [event for event in told if isinstance(event, EliminationLapsed)]
        assert lapsed.proposed_on == PROPOSE.proposed_on
        assert lapsed.lapsed_on >= TODAY
        household = state([*given, *told])
        assert household.stage is Stage.MONITORED
        assert household.eligibility.turned_down_on == lapsed.lapsed_on


def test_A54_an_elimination_goes_on_where_no_episode_is_taken_over() -> None:
    given = _proposed(ENDING[1])
    told = followed(absorbed(*STEPS), given)
    assert not [event for event in told if isinstance(event, EliminationLapsed)]
    assert state([*given, *told]).stage is Stage.ELIM_VERIFYING


def _proposed(step: Command) -> list[HouseholdEvent]:
    """The survivor, confirmed later than the other, just before this step of its elimination."""
    past = before(step)[1:]
    merge = replace(MERGE, absorbed_ids=(REGISTERED.household_id,), effective_on=TODAY)
    return [SURVIVOR, *past, *HOUSEHOLD.when(merge, given=[SURVIVOR, *past])]


def test_A54_E9_who_declared_to_be_a_relative_stays_away_in_the_survivor() -> None:
    relative, own = UUID(int=13), UUID(int=14)
    declared = replace(START, recused=(relative,))
    gone = absorbed(STEPS[0], declared, *STEPS[2:])
    household = survivor(gone, DROPOUT, replace(declared, recused=(own,), started_on=TODAY))
    assert set(household.opened.recused) == {relative, own}


def test_A54_E2_E3_what_was_assessed_of_the_survivor_before_ends_no_episode_that_it_took_over() -> (
    None
):
    """The survivor was above the line for a year; the people whose risk it is did not belong to it."""
    before = [
        replace(
            SURVEY,
            assessment_id=UUID(int=901 + year),
            assessed_on=date(2023 + year, 4, 10),
            income=income(6_600_000, (date(2022 + year, 4, 1), date(2023 + year, 3, 31))),
        )
        for year in (0, 1)
    ]
    household = survivor(absorbed(*EARLIER), *before)
    case = household.case
    assert isinstance(case, Monitored)
    missing = [Guard.E2, Guard.E3, Guard.E4, Guard.E5]
    assert failing_on(date(2024, 6, 1), household, case, POLICY) == missing
    seen = outlook(household)
    assert seen
    assert (seen.above_since, seen.assessed_on, seen.ready) == (None, None, False)

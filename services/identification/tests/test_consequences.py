"""What a split or a merger asks of other households (A53, A54), decided by their own histories."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from common.policies import Policies
from common.testing import envelope
from contracts.assessments import IncomeAssessed
from contracts.codes import Channel, Origin, RiskType, Severity
from contracts.episodes import RiskDetected
from contracts.households import EpisodeTakenOver, HouseholdRegistered, PerCapitaRecomputed
from contracts.identification import HouseholdEvent
from identification.consequences import asked_by
from identification.domain.household import HOUSEHOLD
from identification.effects import per_capita
from identification.effects.heard import Heard
from services.identification.tests.entries import COUNT, JOIN, MERGE, OTHER_HOUSEHOLD, SPLIT, after
from services.identification.tests.story import CONFIRM, POLICY, REGISTERED, RISK, STEPS, history

POLICIES = Policies((POLICY,))
SURVIVOR = replace(
    REGISTERED,
    household_id=OTHER_HOUSEHOLD,
    members=[replace(m, person_id=UUID(int=m.person_id.int + 10)) for m in REGISTERED.members],
)


def followed(event: HouseholdEvent, given: Sequence[HouseholdEvent]) -> list[HouseholdEvent]:
    """What the other household records when it hears the event, and when it hears it again."""
    cause = envelope(event)
    events = list(given)
    for _ in range(2):
        for intent in asked_by(cause, event, {OTHER_HOUSEHOLD: REGISTERED.region}, POLICIES):
            assert intent.household_id == OTHER_HOUSEHOLD
            assert intent.context.causation_id == cause.event_id
            events += HOUSEHOLD.when(intent.command, given=events)
    return events[len(given) :]


def test_A53_the_new_household_of_a_monitored_one_has_a_clue_due_in_fifteen_days() -> None:
    (split,) = HOUSEHOLD.when(SPLIT, given=history(*STEPS))
    registered, clue = followed(split, [])
    assert isinstance(registered, HouseholdRegistered)
    assert (registered.origin, registered.from_household_id) == (
        Origin.SPLIT,
        REGISTERED.household_id,
    )
    assert isinstance(clue, RiskDetected)
    assert clue.channel is Channel.CADRE_SCREENING
    assert (clue.discovered_on, clue.due_on) == (date(2024, 4, 15), date(2024, 4, 30))
    assert clue.risk_types == [RiskType.ILLNESS]


def test_A53_the_new_household_of_one_that_is_not_monitored_has_no_clue() -> None:
    (split,) = HOUSEHOLD.when(SPLIT, given=history())
    assert [type(e) for e in followed(split, [])] == [HouseholdRegistered]


async def test_A53_a_split_makes_the_income_be_divided_anew() -> None:
    events = history(*STEPS)
    (split,) = HOUSEHOLD.when(SPLIT, given=events)
    heard = Heard(None, POLICIES, [(envelope(split, region=REGISTERED.region), split)])  # type: ignore[arg-type]
    (intent,) = await per_capita.of_changed(heard)
    (event,) = HOUSEHOLD.when(intent.command, given=[*events, split])
    assert isinstance(event, PerCapitaRecomputed)
    assert event.members == 2


async def test_A53_so_does_another_number_of_people_living_together() -> None:
    events = history(*STEPS)
    (counted,) = HOUSEHOLD.when(COUNT, given=events)
    told = envelope(counted, region=REGISTERED.region)
    (intent,) = await per_capita.of_changed(Heard(None, POLICIES, [(told, counted)]))  # type: ignore[arg-type]
    (event,) = HOUSEHOLD.when(intent.command, given=[*events, counted])
    assert isinstance(event, PerCapitaRecomputed)
    assert event.members == COUNT.co_living_count


async def test_T20_so_does_an_assessment_that_was_corrected_and_no_other() -> None:
    events = history(*STEPS, SPLIT)
    (assessed,) = (e for e in events if isinstance(e, IncomeAssessed))
    asked = []
    for corrects in (None, UUID(int=91)):
        event = replace(assessed, corrects=corrects)
        told = envelope(event, region=REGISTERED.region)
        asked.append(await per_capita.of_changed(Heard(None, POLICIES, [(told, event)])))  # type: ignore[arg-type]
    assert [len(intents) for intents in asked] == [0, 1]


def test_A54_the_episode_of_the_absorbed_household_goes_on_in_the_survivor() -> None:
    *_, absorbed = HOUSEHOLD.when(JOIN, given=history(*STEPS))
    merge = replace(MERGE, absorbed_ids=(REGISTERED.household_id,))
    *_, taken = followed(absorbed, [SURVIVOR, *HOUSEHOLD.when(merge, given=[SURVIVOR])])
    assert isinstance(taken, EpisodeTakenOver)
    assert taken.confirmed_on == CONFIRM.confirmed_on


def test_A54_an_open_clue_of_the_absorbed_household_keeps_its_day_and_severity() -> None:
    red = replace(RISK, severity=Severity.RED)
    *_, absorbed = HOUSEHOLD.when(JOIN, given=history(red))
    merge = replace(MERGE, absorbed_ids=(REGISTERED.household_id,))
    *_, clue = followed(absorbed, [SURVIVOR, *HOUSEHOLD.when(merge, given=[SURVIVOR])])
    assert isinstance(clue, RiskDetected)
    assert (clue.discovered_on, clue.severity) == (date(2024, 3, 1), Severity.RED)


def test_A54_every_absorbed_household_is_asked_to_join() -> None:
    (merged,) = HOUSEHOLD.when(MERGE, given=history())
    (intent,) = asked_by(envelope(merged), merged, {}, POLICIES)
    joined = replace(JOIN, survivor_id=REGISTERED.household_id)
    assert intent.command == joined
    assert intent.stream == f"household-{OTHER_HOUSEHOLD}"
    assert after(joined).past.survivor == REGISTERED.household_id

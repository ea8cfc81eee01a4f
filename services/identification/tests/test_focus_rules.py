"""S2-03: who belongs to a focus group, and what a household is told of it, without a database."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from types import ModuleType
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import Health, Leaving
from contracts.fact_codes import FactCode, FactType
from contracts.focus import (
    FocusBasis,
    FocusEvent,
    FocusGroup,
    FocusGroupTagged,
    FocusGroupUntagged,
    Untagging,
)
from identification.domain import policy as parameters
from identification.domain import protection, rules_of_focus
from identification.domain.entry import Tag
from identification.domain.findings import Counted, History, KnownHousehold
from identification.domain.focus import NoteFocus, Verdicts, changes, judged
from identification.domain.household import HOUSEHOLD as DECIDER
from identification.domain.policy import Policy
from identification.domain.rules_of_focus import FOCUS_RULES, Holds
from identification.domain.standing import PARAMETERS
from services.identification.tests.entries import DEREGISTER, REMOVE, SECOND, SPLIT, THIRD
from services.identification.tests.seen import CHILD, DAY, HEAD, HOUSEHOLD, fact
from services.identification.tests.story import POLICY, STEPS, history, state

C, G, T, U = FactCode, FocusGroup, FactType, Untagging
BORN_60_YEARS_AGO = date(1964, 3, 1)


def verdicts(
    *facts: Counted,
    home: KnownHousehold = HOUSEHOLD,
    on: date = DAY,
    policy: Policy = POLICY,
    withheld: frozenset[UUID] = frozenset(),
) -> Verdicts:
    return judged(home, History(facts, withheld), policy, on)


def tags(*facts: Counted, home: KnownHousehold = HOUSEHOLD, on: date = DAY) -> set[Tag]:
    """Which groups hold with these facts."""
    found = verdicts(*facts, home=home, on=on)
    return {tag for tag, verdict in found.items() if isinstance(verdict, Holds)}


def aged(born_on: date, **change: object) -> KnownHousehold:
    """The household with a head born on another day."""
    head, *others = HOUSEHOLD.persons
    changed = replace(head, born_on=born_on, **change)  # type: ignore[arg-type]
    return replace(HOUSEHOLD, persons=(changed, *others))


def healthy(health: Health) -> KnownHousehold:
    return aged(HOUSEHOLD.persons[0].born_on, health=health)


def card(level: FactCode, change: FactCode = C.NEW_CARD, on: date = DAY) -> Counted:
    return fact(T.DISABILITY_CARD, level, change, on=on)


def protected(scheme: FactCode, decision: FactCode, on: date = DAY, number: int = 1) -> Counted:
    return fact(T.SOCIAL_PROTECTION, scheme, decision, on=on, number=number)


LOW_INCOME: Tag = (G.LOW_INCOME, None)
EARLIER = date(2023, 9, 1)


@pytest.mark.parametrize(
    "scheme", [C.SUBSISTENCE, C.EXTREME_POVERTY, C.MARGINAL_FAMILY, C.RIGID_EXPENDITURE]
)
def test_S203_a_household_is_low_income_while_a_scheme_is_granted(scheme: FactCode) -> None:
    granted = protected(scheme, C.GRANTED, EARLIER)
    assert tags() == set()
    assert verdicts(granted)[LOW_INCOME] == Holds(EARLIER, (granted.event_id,))
    assert verdicts(granted, protected(scheme, C.ENDED))[LOW_INCOME] is U.ENDED
    assert verdicts(protected(scheme, C.REFUSED))[LOW_INCOME] is U.ENDED


def test_S203_the_end_of_one_scheme_says_nothing_of_another() -> None:
    marginal = protected(C.MARGINAL_FAMILY, C.GRANTED, EARLIER, number=1)
    more = protected(C.SUBSISTENCE, C.GRANTED, date(2024, 1, 1), number=2)
    over = protected(C.SUBSISTENCE, C.ENDED, DAY, number=3)
    both = verdicts(marginal, more)[LOW_INCOME]
    assert isinstance(both, Holds)
    assert (both.since, set(both.evidence)) == (EARLIER, {marginal.event_id, more.event_id})
    assert verdicts(marginal, more, over)[LOW_INCOME] == Holds(EARLIER, (marginal.event_id,))


def test_S203_a_serious_illness_is_one_for_twelve_months_and_as_long_as_the_register_says() -> None:
    reported, tag = fact(T.SERIOUS_ILLNESS, on=DAY), (G.SEVERE_ILLNESS, HEAD)
    last = date(2025, 2, 28)
    assert verdicts(reported, on=last)[tag] == Holds(DAY, (reported.event_id,))
    over = last + timedelta(days=1)
    assert verdicts(reported, on=over)[tag] is U.PERIOD_OVER
    again = fact(T.SERIOUS_ILLNESS, on=last, number=2)
    assert verdicts(reported, again, on=over)[tag] == Holds(last, (again.event_id,))
    home = healthy(Health.SERIOUS_ILLNESS)
    assert verdicts(reported, home=home, on=over)[tag] == Holds(over)
    assert verdicts(home=home)[tag] == Holds(DAY)
    assert Holds(DAY).basis is FocusBasis.REGISTER
    for health in set(Health) - {Health.SERIOUS_ILLNESS}:
        assert verdicts(home=healthy(health))[tag] is U.NOT_REPORTED


def test_S203_levels_1_and_2_are_severe_until_the_card_ends_or_says_another() -> None:
    tag = (G.SEVERE_DISABILITY, HEAD)
    for level in (C.LEVEL_1, C.LEVEL_2):
        assert tags(card(level, on=EARLIER)) == {tag}
        assert verdicts(card(level, on=EARLIER), card(level, C.CARD_ENDED))[tag] is U.ENDED
        changed = card(C.LEVEL_3, C.LEVEL_CHANGED)
        assert verdicts(card(level, on=EARLIER), changed)[tag] is U.ENDED
    assert tags(card(C.LEVEL_3)) == tags(card(C.LEVEL_4)) == set()
    assert tags(fact(T.DISABILITY_CARD, C.LEVEL_1, C.NEW_CARD, person=UUID(int=9))) == set()


def test_S203_the_disabled_are_elderly_from_their_sixtieth_birthday() -> None:
    tag = (G.DISABLED_ELDERLY, HEAD)
    mild, home = card(C.LEVEL_4, on=EARLIER), aged(BORN_60_YEARS_AGO)
    assert tags(mild, home=home, on=DAY - timedelta(days=1)) == set()
    assert verdicts(mild, home=home)[tag] == Holds(DAY, (mild.event_id,))
    later = card(C.LEVEL_4, on=date(2024, 3, 9))
    assert verdicts(later, home=home, on=later.detected_on)[tag] == Holds(
        later.detected_on, (later.event_id,)
    )
    assert tags(home=home) == set()
    disabled = aged(BORN_60_YEARS_AGO, health=Health.DISABLED)
    assert verdicts(home=disabled)[tag] == Holds(DAY)
    ended = card(C.LEVEL_4, C.CARD_ENDED)
    assert verdicts(mild, ended, home=home)[tag] is U.ENDED
    assert verdicts(mild, ended, home=disabled)[tag] == Holds(DAY)
    older = replace(POLICY, focus_elderly_age=65)
    assert verdicts(mild, home=home, policy=older)[tag] is U.AGE
    leap = aged(date(1964, 2, 29), health=Health.DISABLED)
    assert tags(home=leap, on=date(2024, 2, 28)) == set()
    assert tags(home=leap, on=date(2024, 2, 29)) == {tag}


@pytest.mark.parametrize(
    ("kind", "group", "other"),
    [
        (C.ORPHAN, G.ORPHAN, G.UNATTENDED_CHILD),
        (C.UNATTENDED, G.UNATTENDED_CHILD, G.ORPHAN),
    ],
)
def test_S203_a_child_in_need_is_one_until_the_eighteenth_birthday(
    kind: FactCode, group: FocusGroup, other: FocusGroup
) -> None:
    known = fact(T.CHILD_IN_NEED, kind, person=CHILD)
    assert verdicts(known)[group, CHILD] == Holds(DAY, (known.event_id,))
    assert verdicts(known)[other, CHILD] is U.ENDED
    grown = date(2030, 8, 31)  # born on 31 August 2012
    assert tags(known, on=grown - timedelta(days=1)) == {(group, CHILD)}
    assert verdicts(known, on=grown)[group, CHILD] is U.AGE


def test_S203_a_reported_death_ends_what_the_person_has_and_nothing_of_others() -> None:
    died = fact(T.DEATH, person=HEAD, number=3)
    orphan = fact(T.CHILD_IN_NEED, C.ORPHAN, person=CHILD)
    assert verdicts(card(C.LEVEL_1), died)[G.SEVERE_DISABILITY, HEAD] is U.DIED
    assert tags(card(C.LEVEL_1), died, orphan) == {(G.ORPHAN, CHILD)}


def test_S203_what_may_not_be_used_is_not_judged() -> None:
    home = aged(BORN_60_YEARS_AGO, restricted=True, health=Health.SERIOUS_ILLNESS)
    granted = protected(C.SUBSISTENCE, C.GRANTED)
    found = verdicts(granted, home=home, withheld=frozenset({HEAD}))
    assert {found[tag] for tag in found if tag[1] in (HEAD, None)} == {None}
    assert found[G.ORPHAN, CHILD] is U.NOT_REPORTED
    known = frozenset({LOW_INCOME, (G.SEVERE_ILLNESS, HEAD)})
    assert not changes(found, known)
    assert changes(found, known | {(G.ORPHAN, CHILD)})


def test_S203_of_a_household_off_the_register_nothing_holds() -> None:
    gone = replace(HOUSEHOLD, active=False)
    assert verdicts(protected(C.SUBSISTENCE, C.GRANTED), home=gone) == {}
    assert changes({}, frozenset({LOW_INCOME}))


def test_S203_every_group_has_one_rule_with_a_name_of_its_own() -> None:
    assert [rule.group for rule in FOCUS_RULES] == list(FocusGroup)
    assert len({rule.id for rule in FOCUS_RULES}) == len(FOCUS_RULES)


def _read(module: ModuleType) -> set[str]:
    """The parameters that the functions of a module read."""
    return set(re.findall(r"policy\.([a-z_]+)", inspect.getsource(module)))


def test_S203_a_version_is_judged_anew_by_for_each_parameter_that_is_read() -> None:
    by_name = _read(protection) | _read(rules_of_focus)
    named = by_name - {"within_line", "basis_of"}
    methods = by_name - named
    read = [getattr(parameters.Policy, method) for method in methods]
    inside = {n for m in read for n in re.findall(r"self\.([a-z_]+)", inspect.getsource(m))}
    assert named | inside == PARAMETERS


# What a household is told

ILL = (G.SEVERE_ILLNESS, SECOND)
SINCE = date(2024, 2, 1)
ILLNESS = UUID(int=41)


def note(verdicts: Mapping[Tag, Holds | Untagging | None]) -> NoteFocus:
    return NoteFocus(verdicts=verdicts, noted_on=DAY)


TAG = note({ILL: Holds(SINCE, (ILLNESS,)), LOW_INCOME: Holds(SINCE, (UUID(int=42),))})


def test_S203_a_tag_is_told_once_with_its_reason_and_changes_no_status() -> None:
    given = history(*STEPS)
    low, ill = DECIDER.when(TAG, given=given)
    assert ill == FocusGroupTagged(
        household_id=UUID(int=99),
        group=G.SEVERE_ILLNESS,
        person_id=SECOND,
        since=SINCE,
        basis=FocusBasis.FACT,
        evidence_event_ids=[ILLNESS],
        rule_id="FOCUS-SEVERE-ILLNESS",
        rule_version=1,
        tagged_on=DAY,
    )
    assert isinstance(low, FocusGroupTagged)
    before, after = state(given), state([*given, low, ill])
    assert after.past.tags == {LOW_INCOME, ILL}
    assert replace(after, past=before.past) == before
    assert DECIDER.when(TAG, given=[*given, low, ill]) == []
    newer = note({ILL: Holds(DAY, (UUID(int=43),)), LOW_INCOME: None})
    assert DECIDER.when(newer, given=[*given, low, ill]) == []


@pytest.mark.parametrize("reason", [U.NOT_REPORTED, U.ENDED, U.PERIOD_OVER, U.AGE, U.DIED])
def test_S203_what_holds_no_longer_is_told_once_with_the_reason(reason: Untagging) -> None:
    given = history(TAG)
    over = note({ILL: reason, LOW_INCOME: None})
    (event,) = DECIDER.when(over, given=given)
    assert event == FocusGroupUntagged(
        household_id=UUID(int=99),
        group=G.SEVERE_ILLNESS,
        person_id=SECOND,
        reason=reason,
        untagged_on=DAY,
    )
    assert DECIDER.when(over, given=[*given, event]) == []


def test_S203_who_left_or_died_or_split_off_takes_the_tag_out_of_the_household() -> None:
    nothing = note({LOW_INCOME: None})
    dying = replace(REMOVE, reason=Leaving.DEATH)
    splitting = note({(G.ORPHAN, THIRD): Holds(SINCE, (ILLNESS,))})
    for before, reason in [
        (history(TAG, REMOVE), U.LEFT),
        (history(TAG, dying), U.DIED),
        (history(splitting, SPLIT), U.LEFT),
    ]:
        (event,) = DECIDER.when(nothing, given=before)
        assert isinstance(event, FocusGroupUntagged)
        assert event.reason is reason
    assert DECIDER.when(note({ILL: Holds(SINCE)}), given=history(REMOVE)) == []


def test_S203_with_the_household_every_tag_ends() -> None:
    given = history(TAG, DEREGISTER)
    events = DECIDER.when(note({}), given=given)
    assert {e.reason for e in events if isinstance(e, FocusGroupUntagged)} == {U.OFF_REGISTER}
    assert state([*given, *events]).past.tags == frozenset()
    assert DECIDER.when(TAG, given=[*given, *events]) == []


people = st.sampled_from([None, *(UUID(int=n) for n in range(1, 7))])  # of whom 1 to 4 are members
verdict = st.one_of(st.none(), st.sampled_from(Untagging), st.builds(Holds, st.dates(EARLIER, DAY)))
notes = st.dictionaries(st.tuples(st.sampled_from(FocusGroup), people), verdict, max_size=8)


@given(st.lists(notes, max_size=6))
def test_S203_tags_follow_the_verdicts_and_a_repetition_tells_nothing(
    turns: list[dict[Tag, Holds | Untagging | None]],
) -> None:
    events: list[object] = [*history()]
    for turn in turns:
        known = state(events).past.tags  # type: ignore[arg-type]
        told = DECIDER.when(note(turn), given=events)  # type: ignore[arg-type]
        assert all(isinstance(event, FocusEvent) for event in told)
        events += told
        assert DECIDER.when(note(turn), given=events) == []  # type: ignore[arg-type]
        members = {None, *(UUID(int=n) for n in range(1, 5))}
        holding = {t for t, v in turn.items() if isinstance(v, Holds) and t[1] in members}
        over = {t for t, v in turn.items() if isinstance(v, Untagging)}
        assert state(events).past.tags == (known | holding) - over  # type: ignore[arg-type]
        if not told:
            assert not holding - known

"""S2-03: the focus lists that a household is on. Being on one opens no clue and changes no status.

`judged` computes which groups hold now. The household then tells, once each, what is new and what holds no
longer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from contracts.codes import Leaving
from contracts.fact_codes import FactType
from contracts.focus import (
    FocusEvent,
    FocusGroup,
    FocusGroupTagged,
    FocusGroupUntagged,
    Untagging,
)
from identification.domain.entry import Status, Tag
from identification.domain.findings import History, KnownHousehold, Person
from identification.domain.members import member_of
from identification.domain.policy import Policy
from identification.domain.rules_of_focus import (
    BY_GROUP,
    FOCUS_RULES,
    Holds,
    Verdict,
    low_income,
)
from identification.domain.states import Household

Verdicts = Mapping[Tag, Verdict | None]


@dataclass(frozen=True, kw_only=True)
class NoteFocus:
    """Which groups hold now for the household and its members, which do not, and which may not be judged."""

    verdicts: Verdicts
    noted_on: date


def judged(household: KnownHousehold, history: History, policy: Policy, on: date) -> Verdicts:
    """Each group for the household and each of its members; nothing for a household off the register.

    `None` where what is known may not be used (PIPL 47): for a restricted member; and for the household
    while any of its facts are withheld, since one of them may be the decision of Civil Affairs.
    """
    if not household.active:
        return {}
    verdicts: dict[Tag, Verdict | None] = {
        (FocusGroup.LOW_INCOME, None): None if history.withheld else low_income(history)
    }
    for person in household.persons:
        for rule in FOCUS_RULES:
            if rule.judge:
                verdicts[rule.group, person.person_id] = (
                    None
                    if person.restricted
                    else _dead(person, history) or rule.judge(person, history, policy, on)
                )
    return verdicts


def _dead(person: Person, history: History) -> Untagging | None:
    """A reported death ends every group, even before the village has taken the person off the register."""
    return Untagging.DIED if history.latest(FactType.DEATH, person.person_id) else None


def changes(verdicts: Verdicts, known: frozenset[Tag]) -> bool:
    """Whether there is something to tell of a household that has these tags."""
    holding = {tag for tag, verdict in verdicts.items() if isinstance(verdict, Holds)}
    unsaid = {tag for tag, verdict in verdicts.items() if verdict is None}
    return bool(holding - known or known - holding - unsaid)


def decide(c: NoteFocus, household: Household) -> list[FocusEvent]:
    """What holds and was not said before, and what was said and holds no longer. Off the register, nothing
    holds."""
    known, household_id = household.past.tags, household.id
    over = [(tag, reason) for tag in known if (reason := _ended(tag, c.verdicts, household))]
    return [
        *(
            FocusGroupUntagged(
                household_id=household_id,
                group=group,
                person_id=person,
                reason=reason,
                untagged_on=c.noted_on,
            )
            for (group, person), reason in sorted(over, key=lambda one: _order(one[0]))
        ),
        *(
            _tagged(tag, holds, household_id, c.noted_on)
            for tag, holds in sorted(_new(c.verdicts, household), key=lambda one: _order(one[0]))
        ),
    ]


def _new(verdicts: Verdicts, household: Household) -> list[tuple[Tag, Holds]]:
    """What holds and was not said before, for those who still belong to the household."""
    if household.status is not Status.ACTIVE:
        return []
    return [
        (tag, verdict)
        for tag, verdict in verdicts.items()
        if isinstance(verdict, Holds)
        and tag not in household.past.tags
        and (tag[1] is None or member_of(household.registered.members, tag[1]))
    ]


def _ended(tag: Tag, verdicts: Verdicts, household: Household) -> Untagging | None:
    """Why a tag holds no longer; `None` if it holds, or if that may not be judged."""
    _, person = tag
    if household.status is not Status.ACTIVE:
        return Untagging.OFF_REGISTER
    if person and member_of(household.registered.members, person) is None:
        reasons = [left.reason for left in household.past.left if left.member.person_id == person]
        return Untagging.DIED if reasons[-1:] == [Leaving.DEATH] else Untagging.LEFT
    verdict = verdicts.get(tag)
    return verdict if isinstance(verdict, Untagging) else None


def _tagged(tag: Tag, holds: Holds, household_id: UUID, on: date) -> FocusGroupTagged:
    group, person = tag
    rule = BY_GROUP[group]
    return FocusGroupTagged(
        household_id=household_id,
        group=group,
        person_id=person,
        since=holds.since,
        basis=holds.basis,
        evidence_event_ids=list(holds.evidence),
        rule_id=rule.id,
        rule_version=rule.version,
        tagged_on=on,
    )


def _order(tag: Tag) -> tuple[str, str]:
    return tag[0].value, str(tag[1])


def evolve(household: Household, event: FocusEvent) -> Household:
    """Fold one."""
    tag = frozenset({(event.group, event.person_id)})
    known = household.past.tags
    tags = known | tag if isinstance(event, FocusGroupTagged) else known - tag
    return replace(household, past=replace(household.past, tags=tags))

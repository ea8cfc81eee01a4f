"""Who belongs to a focus group (S2-03): pure functions of a person, what is said of them, and the
parameters.

Each says since when and by what the group holds, or why it does not. None opens a clue.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.codes import Health
from contracts.fact_codes import FactCode, FactType
from contracts.focus import FocusBasis, FocusGroup, Untagging
from identification.domain.findings import Counted, History, Person
from identification.domain.months import months_after
from identification.domain.policy import Policy
from identification.domain.registration import age_on

LOOKED_AT = frozenset(
    {
        FactType.SOCIAL_PROTECTION,
        FactType.SERIOUS_ILLNESS,
        FactType.DISABILITY_CARD,
        FactType.CHILD_IN_NEED,
        FactType.DEATH,
    }
)
SCHEMES = frozenset(
    {
        FactCode.SUBSISTENCE,
        FactCode.EXTREME_POVERTY,
        FactCode.MARGINAL_FAMILY,
        FactCode.RIGID_EXPENDITURE,
    }
)
SEVERE = frozenset({FactCode.LEVEL_1, FactCode.LEVEL_2})


@dataclass(frozen=True, slots=True)
class Holds:
    """Somebody belongs to a group: since when, and by which facts; without facts, by the register."""

    since: date
    evidence: tuple[UUID, ...] = ()

    @property
    def basis(self) -> FocusBasis:
        return FocusBasis.FACT if self.evidence else FocusBasis.REGISTER


Verdict = Holds | Untagging
PersonRule = Callable[[Person, History, Policy, date], Verdict]


def low_income(history: History) -> Verdict:
    """FOCUS-LOW-INCOME v1: the last decision of Civil Affairs on one of its schemes is a grant."""
    last: dict[str, Counted] = {}
    for fact in history.of(FactType.SOCIAL_PROTECTION).facts:
        for scheme in SCHEMES & fact.codes:
            last[scheme] = fact
    granted = [fact for fact in last.values() if FactCode.GRANTED in fact.codes]
    if granted:
        evidence = tuple(dict.fromkeys(fact.event_id for fact in granted))
        return Holds(min(fact.detected_on for fact in granted), evidence)
    return Untagging.ENDED if last else Untagging.NOT_REPORTED


def severe_illness(person: Person, history: History, policy: Policy, on: date) -> Verdict:
    """FOCUS-SEVERE-ILLNESS v1: an illness reported within the period, or recorded on the register."""
    fact = history.latest(FactType.SERIOUS_ILLNESS, person.person_id)
    if fact and on < months_after(fact.detected_on, policy.focus_illness_months):
        return Holds(fact.detected_on, (fact.event_id,))
    if person.health is Health.SERIOUS_ILLNESS:
        return Holds(on)
    return Untagging.PERIOD_OVER if fact else Untagging.NOT_REPORTED


def severe_disability(person: Person, history: History, policy: Policy, on: date) -> Verdict:
    """FOCUS-SEVERE-DISABILITY v1: a card of level 1 or 2."""
    card = history.latest(FactType.DISABILITY_CARD, person.person_id)
    if card is None:
        return Untagging.NOT_REPORTED
    if FactCode.CARD_ENDED in card.codes or not SEVERE & card.codes:
        return Untagging.ENDED
    return Holds(card.detected_on, (card.event_id,))


def disabled_elderly(person: Person, history: History, policy: Policy, on: date) -> Verdict:
    """FOCUS-DISABLED-ELDERLY v1: of the age, and disabled by a card of any level or by the register."""
    card = history.latest(FactType.DISABILITY_CARD, person.person_id)
    carded = card is not None and FactCode.CARD_ENDED not in card.codes
    if not carded and person.health is not Health.DISABLED:
        return Untagging.ENDED if card else Untagging.NOT_REPORTED
    if age_on(person.born_on, on) < policy.focus_elderly_age:
        return Untagging.AGE
    if card is None or not carded:
        return Holds(on)
    birthday = months_after(person.born_on, 12 * policy.focus_elderly_age)
    return Holds(max(card.detected_on, birthday), (card.event_id,))


def orphan(person: Person, history: History, policy: Policy, on: date) -> Verdict:
    """FOCUS-ORPHAN v1: recognised by Civil Affairs, and still a minor."""
    return _child(FactCode.ORPHAN, person, history, policy, on)


def unattended(person: Person, history: History, policy: Policy, on: date) -> Verdict:
    """FOCUS-UNATTENDED-CHILD v1: recognised by Civil Affairs, and still a minor."""
    return _child(FactCode.UNATTENDED, person, history, policy, on)


def _child(kind: FactCode, person: Person, history: History, policy: Policy, on: date) -> Verdict:
    fact = history.latest(FactType.CHILD_IN_NEED, person.person_id)
    if fact is None:
        return Untagging.NOT_REPORTED
    if kind not in fact.codes:
        return Untagging.ENDED
    if age_on(person.born_on, on) >= policy.focus_child_age:
        return Untagging.AGE
    return Holds(fact.detected_on, (fact.event_id,))


@dataclass(frozen=True)
class FocusRule:
    """One rule by name. A rule without `judge` is about the household as a whole: `low_income`."""

    group: FocusGroup
    id: str
    version: int
    judge: PersonRule | None
    zh: str
    en: str


_G = FocusGroup
FOCUS_RULES: tuple[FocusRule, ...] = (
    FocusRule(
        _G.LOW_INCOME,
        "FOCUS-LOW-INCOME",
        1,
        None,
        "低保、特困、低保边缘或刚性支出困难家庭,最近一次认定为批准:列入低收入家庭",
        "a scheme of Civil Affairs was granted and not ended since: low-income household",
    ),
    FocusRule(
        _G.SEVERE_ILLNESS,
        "FOCUS-SEVERE-ILLNESS",
        1,
        severe_illness,
        "规定月数以内报送的大病或特殊病种,或登记为患有大病:列入大病患者",
        "a serious illness reported within the months, or on the register: severely ill",
    ),
    FocusRule(
        _G.SEVERE_DISABILITY,
        "FOCUS-SEVERE-DISABILITY",
        1,
        severe_disability,
        "残疾人证一级或二级:列入重度残疾人",
        "a disability card of level 1 or 2: severely disabled",
    ),
    FocusRule(
        _G.DISABLED_ELDERLY,
        "FOCUS-DISABLED-ELDERLY",
        1,
        disabled_elderly,
        "持残疾人证或登记为残疾,并已满规定年龄:列入残疾老年人",
        "a disability card, or disabled on the register, and of the age: disabled and elderly",
    ),
    FocusRule(
        _G.ORPHAN,
        "FOCUS-ORPHAN",
        1,
        orphan,
        "民政认定的孤儿,未满规定年龄:列入孤儿",
        "recognised as an orphan and not grown up: orphan",
    ),
    FocusRule(
        _G.UNATTENDED_CHILD,
        "FOCUS-UNATTENDED-CHILD",
        1,
        unattended,
        "民政认定的事实无人抚养儿童,未满规定年龄:列入事实无人抚养儿童",
        "recognised as without de facto care and not grown up: child without care",
    ),
)
BY_GROUP = {rule.group: rule for rule in FOCUS_RULES}

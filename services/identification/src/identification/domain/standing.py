"""A household as it stands, and what follows from that: gaps in protection (S4.0-01) and focus groups
(S2-03). Neither opens a clue or changes a status."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from identification.domain import protection, rules_of_focus
from identification.domain.entry import Tag
from identification.domain.findings import History, KnownHousehold
from identification.domain.focus import NoteFocus, changes, judged
from identification.domain.policy import Policy
from identification.domain.protection import Gap, NoteProtection, missing

LOOKED_AT = protection.LOOKED_AT | rules_of_focus.LOOKED_AT
# A version of the policy with none of these changes nothing of it.
PARAMETERS = frozenset(
    {
        "income_line_fen",
        "income_line_operator",
        "income_basis",
        "base_standard_fen",
        "focus_elderly_age",
        "focus_child_age",
        "focus_illness_months",
    }
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a household, and which gaps and tags were recorded for it before."""

    household_id: UUID
    known: KnownHousehold
    history: History
    gaps: frozenset[Gap]
    tags: frozenset[Tag]


def noted(one: Standing, policy: Policy, on: date) -> list[NoteProtection | NoteFocus]:
    """What there is to record for the household on a day; nothing if nothing has changed."""
    commands: list[NoteProtection | NoteFocus] = []
    found = missing(one.known, one.history, policy)
    if found and found[0] != one.gaps:
        commands.append(NoteProtection(gaps=found[0], decided=found[1], noted_on=on))
    verdicts = judged(one.known, one.history, policy, on)
    if changes(verdicts, one.tags):
        commands.append(NoteFocus(verdicts=verdicts, noted_on=on))
    return commands

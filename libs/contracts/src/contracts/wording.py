"""How an event and its codes are put into words, in Chinese and English.

A `Wording` stands beside each event, so that a reader who knows no payload type (`audit`, an
integrator) can still say what happened in one plain sentence. Sentences are templates over the
payload's own fields: `{risk_types}`. A field ending in `_fen` is shown in yuan, a code by its
label, a list joined; a field that is absent is shown as "—". What stands in square brackets,
`[; {medium}]`, is said only where its fields are there.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Wording:
    """Label and sentence template of one event type."""

    zh: str
    en: str
    sentence_zh: str
    sentence_en: str


class Code(StrEnum):
    """A code list whose every member carries its label: `ILLNESS = "ILLNESS", "因病", "illness"`."""

    zh: str
    en: str

    def __new__(cls, value: str, zh: str, en: str) -> "Code":
        """Make a member that compares and serialises as `value`."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh = zh
        member.en = en
        return member

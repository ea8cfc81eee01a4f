"""What an event says in English is right of one thing, too: no template can know that it is one."""

import re
from typing import Any, get_type_hints

import pytest

from common.codec import Codec
from common.schemas import EVENTS

TYPES = {
    f"{service}.{name}": event
    for service, union in EVENTS.items()
    for name, event in Codec.of(union).types.items()
}
# By rule never one: two officers at least, five days at least, and a policy names all its parameters.
SEVERAL = {
    "identification.EliminationVerified": "officer_count",
    "identification.VerificationStarted": "officer_count",
    "identification.PublicityCompleted": "days",
    "identification.PolicyVersionPublished": "parameters",
}


@pytest.mark.parametrize("name", TYPES)
def test_no_number_stands_before_a_plural(name: str) -> None:
    event: Any = TYPES[name]
    numbers = {n for n, hint in get_type_hints(event).items() if hint in (int, int | None)}
    counted = re.findall(r"\{(\w+)\} (?:more )?[a-z]+(?:s\b|\(s\))", event.wording.sentence_en)
    found = {n for n in counted if n in numbers and not n.endswith("_fen")}
    assert found - {SEVERAL.get(name)} == set()

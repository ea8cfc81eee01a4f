"""PIPL 47: what a clue is weighed by while a person's data may not be used, and when it has to wait."""

from dataclasses import replace
from uuid import UUID

import pytest

from contracts.fact_codes import FactType as T
from identification.domain.findings import History
from identification.effects.weighing import borne_out, missing, supported, waits_for
from identification.read_model.evidence import Cited
from services.identification.tests.seen import CHILD, HEAD, HOUSEHOLD, fact, income
from services.identification.tests.story import POLICY


@pytest.mark.parametrize(
    ("rules", "stage", "operating_fen", "hidden", "expected"),
    [
        ({"CROP-LOSS"}, "CLUE_OPEN", 5_000, {CHILD}, {CHILD}),
        ({"CROP-LOSS"}, "CLUE_OPEN", 5_000, set(), set()),  # every piece may be used
        ({"CROP-LOSS"}, "CLUE_OPEN", 1_000, {CHILD}, set()),  # those that may be used bear it out
        ({"CROP-LOSS"}, "MONITORED", 5_000, {CHILD}, set()),  # a review is opened at once
        ({"CROP-LOSS"}, "ELIMINATED", 5_000, {CHILD}, set()),
        ({"INCOME-LINE"}, "CLUE_OPEN", 5_000, {CHILD}, set()),  # reads no facts
        (set(), "CLUE_OPEN", 5_000, {CHILD}, set()),  # people saw it
    ],
)
def test_a_clue_waits_only_where_what_may_not_be_used_decides(
    rules: set[str], stage: str, operating_fen: int, hidden: set[UUID], expected: set[UUID]
) -> None:
    loss = fact(T.CROP_LOSS, amount=400)
    seen = replace(income(9_000_000, operating_fen=operating_fen), assessment_id=UUID(int=55))
    household = replace(HOUSEHOLD, incomes=(seen,), stage=stage)
    cited = frozenset({loss.event_id})
    clue = Cited(UUID(int=5), UUID(int=99), frozenset(rules), cited, frozenset(hidden))
    history = History(
        [loss], frozenset({HEAD})
    )  # of HEAD there is more, that the clue does not cite
    bears = borne_out(clue, household, history, POLICY, UUID(int=55))
    assert waits_for(clue, household, history, bears) == expected


def test_a_clue_is_not_found_wanting_while_facts_may_not_be_looked_at() -> None:
    """A rule that adds up needs all that there is, any other what its clue cites."""
    history = History([], frozenset({HEAD}))
    rules = frozenset({"MEDICAL-OWN-COST"})
    cost = Cited(UUID(int=3), UUID(int=9), rules, frozenset({UUID(int=4)}))
    illness = replace(cost, rules=frozenset({"SERIOUS-ILLNESS"}))
    assert not supported(cost, HOUSEHOLD, history, POLICY)
    assert missing(cost, history) == {HEAD}
    assert missing(illness, history) == set()
    assert missing(replace(cost, rules=rules | illness.rules), history) == {HEAD}
    assert missing(replace(illness, hidden=frozenset({CHILD})), history) == {CHILD}

"""Who sends many items learns what became of each, and how many were recorded where the rest cannot be."""

import pytest

from common.batch import Item, Status, counted
from common.problems import Problem
from common.writer import Busy, Unavailable


def items(*statuses: Status | None) -> list[Item]:
    return [Item(index, b"{}", status=status) for index, status in enumerate(statuses)]


@pytest.mark.parametrize("error", [Busy(), Unavailable(), OSError(), Problem("busy")])
def test_what_ends_a_batch_midway_is_told_with_what_is_recorded(error: Exception) -> None:
    sent = items("accepted", "replayed", "refused", None)
    with pytest.raises(Problem) as raised, counted(sent):
        raise error
    problem = raised.value
    assert (problem.code, problem.details) == ("partly-recorded", {"recorded": 2, "sent": 4})


@pytest.mark.parametrize(
    ("statuses", "error"),
    [
        (["refused", None], Busy()),  # nothing was recorded, and `busy` says so
        ([], Unavailable()),
        (["accepted", None], ZeroDivisionError()),  # a bug of ours is told as one
        (["accepted", None], Problem("outside-region")),
    ],
)
def test_any_other_end_is_told_as_it_is(statuses: list[Status | None], error: Exception) -> None:
    with pytest.raises(type(error)) as raised, counted(items(*statuses)):
        raise error
    assert raised.value is error

"""What the bench makes of its measurements."""

import pytest

from tests.bench.figures import percentile


@pytest.mark.parametrize(
    ("count", "percent", "expected"), [(100, 99, 99), (99, 99, 99), (2, 50, 1)]
)
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(
    count: int, percent: int, expected: int
) -> None:
    assert percentile(range(count, 0, -1), percent) == expected

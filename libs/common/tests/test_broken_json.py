"""What is no JSON is pointed at, by line and column."""

import pytest

from common.bodies import json_problem


def test_json_that_is_broken_in_line_37_says_so() -> None:
    found = json_problem(b"[\n" + b"1,\n" * 35 + b"oops]")

    assert found.details == {"line": 37, "column": 1}


@pytest.mark.parametrize(
    ("raw", "line", "column"),
    [
        ('{\n"村": "'.encode() + b'\xff"}', 2, 7),
        ('{"村": 1,\n"a": NaN}'.encode(), 2, 6),
        (b'{"a": [1, -Infinity]}', 1, 11),
        (b'{"NaN": "\\" NaN",\n "a": "\\ud83d\\ude00", "b": "\\ud83d"}', 2, 28),
        (b"[" * 100_000 + b"]" * 100_000, 1, 1),
    ],
)
def test_what_only_some_read_as_json_is_pointed_at(raw: bytes, line: int, column: int) -> None:
    """A byte that is no UTF-8, a number that is none, half of a surrogate pair, what nobody can nest."""
    assert json_problem(raw).details == {"line": line, "column": column}

"""Every clause, transition, guard and scenario of household identification and of visits is shown by a test with its id."""

import re

import pytest

from tests.laws.files import ROOT, files

TESTS = "\n".join(
    (ROOT / path).read_text("utf-8")
    for path in files()
    if re.match(r"services/(identification|visits)/tests/test_\w+\.py$", path)
)
NAMES = re.findall(r"def (test_\w+)\(", TESTS)
CLAUSES = [
    *("S1104", "S1105", "S1106", "S1108", "S1302", "S1303", "S1304", "S1305", "S1306", "S1307"),
    *("S201", "S202", "S203", "S204", "S205", "S206", "S207"),
    *("S7301", "S7302", "S8101", "S8401"),
]
TRANSITIONS = [f"T{number}" for number in range(1, 21)]
GUARDS = [f"E{number}" for number in range(1, 13)]
SCENARIOS = [
    f"A{number}"
    for number in (
        *(1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 17, 18, 19, 21, 23, 25, 27, 29, 30, 32, 40),
        *(42, 44, 46, 47, 48, 50, 53, 54, 59, 60, 75),
    )
]


@pytest.mark.parametrize("clause", [*CLAUSES, *TRANSITIONS, *GUARDS, *SCENARIOS])
def test_a_test_bears_the_id(clause: str) -> None:
    named = re.compile(rf"_{clause[0]}0?{clause[1:]}_")  # A01 as A1
    assert any(named.search(name) for name in NAMES)

"""An advisory lock is a number, the same for all who share a database: no two kinds of work share one."""

import re
from collections import Counter

from tests.laws.files import ROOT, files


def test_each_advisory_lock_has_a_number_of_its_own() -> None:
    code = (ROOT / path for path in files("libs", "services") if "/src/" in path)
    python = (path.read_text("utf-8") for path in code if path.suffix == ".py")
    numbers = Counter(found for text in python for found in re.findall(r"\b7_301_\d{3}\b", text))
    assert len(numbers) > 5
    assert [number for number, times in numbers.items() if times > 1] == []

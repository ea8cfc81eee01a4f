"""The size budget: a file has one reason to change, and can be read in one sitting."""

from pathlib import Path, PurePath

import pytest

from tests.laws.files import ROOT, files

SOURCE, TESTS = 300, 400  # lines
LISTS = 400  # the published language: a list of what happens, without logic
# Handed over as one file, to people who read it before they run it on their own machine.
ALONE = {"services/audit/src/audit/verify.py": 997}


def budget(path: str) -> int:
    """How long a file may be."""
    parts = PurePath(path).parts
    if path in ALONE:
        return ALONE[path]
    if "tests" in parts:
        return TESTS
    return LISTS if "contracts" in parts else SOURCE


def too_long(root: Path, paths: list[str]) -> dict[str, int]:
    """The Python files over their budget, with their length."""
    python = (path for path in paths if path.endswith(".py"))
    lengths = {path: len((root / path).read_text("utf-8").splitlines()) for path in python}
    return {path: length for path, length in lengths.items() if length > budget(path)}


def test_no_file_is_over_the_budget() -> None:
    assert too_long(ROOT, files()) == {}


@pytest.mark.parametrize(
    ("path", "most"), [("visits/src/visits/main.py", 300), ("visits/tests/test_api.py", 400)]
)
def test_a_line_too_many_is_named(tmp_path: Path, path: str, most: int) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text("pass\n" * most, "utf-8")
    assert too_long(tmp_path, [path]) == {}
    (tmp_path / path).write_text("pass\n" * (most + 1), "utf-8")
    assert too_long(tmp_path, [path]) == {path: most + 1}

"""What the tree holds, and what no file may hold."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePath

import pytest

from identification.identity import TEST_PREFIX, check_digit
from tests.laws.files import ROOT, files

ENTRIES = 14  # at the root, hidden ones not counted
NOT_HERE = {
    "a path of one machine": re.compile(r"(?<![\w.])/(?:work|root|farm|home|Users)/"),
    "a path out of the project": re.compile(r"\.\./shared"),
    "the address of a package index": re.compile(
        r"index[-_]url|\bpypi[.](?:org|python)|pythonhosted[.]|\brepo1?[.]maven[.]"
        r"|registry[.](?:npmjs|yarnpkg)|proxy[.]golang",
        re.IGNORECASE,
    ),
}
# With the two or four digits that a disability card has behind its holder's number.
NUMBER = re.compile(r"(?<![0-9A-Za-z])([0-9]{17}[0-9Xx])(?:[0-9]{2}|[0-9]{4})?(?![0-9A-Za-z])")


def visible(paths: Iterable[str]) -> set[str]:
    """The entries at the root that `ls` shows."""
    return {entry for path in paths if not (entry := PurePath(path).parts[0]).startswith(".")}


def faults(text: str) -> Iterator[str]:
    """What a text holds that no file of ours may hold. An identity number is not echoed."""
    for fault, pattern in NOT_HERE.items():
        yield from (f"{fault}: {found[0]}" for found in pattern.finditer(text))
    for (number,) in (found.groups() for found in NUMBER.finditer(text)):
        possible = not number.startswith(TEST_PREFIX)
        if possible and check_digit(number[:17]) == number[17].upper():
            yield f"an identity number that a person may have: {number[:3]}…"


def test_the_root_fits_on_a_screen() -> None:
    entries = visible(files())
    assert len(entries) <= ENTRIES, sorted(entries)


def test_no_file_tells_of_a_machine_or_of_a_person() -> None:
    found = []
    for path in files():
        if path.endswith(".min.js"):  # another's, as it was published: its numbers name nobody
            continue
        lines = (ROOT / path).read_text("utf-8", errors="ignore").splitlines()
        found += [
            f"{path}:{n}: {fault}" for n, line in enumerate(lines, 1) for fault in faults(line)
        ]
    assert found == []


@pytest.mark.parametrize(
    "words",
    [
        ("", "root", "venv"),
        ("see ", "work", "notes.md"),
        ("..", "shared", "style.md"),
        ("--extra-index" + "-url=https:", "", "example.org", "simple"),
        ("https:", "", "pypi" + ".org", "simple"),
        ("https:", "", "repo1" + ".maven.org", "maven2"),
    ],
)
def test_what_is_planted_is_found(words: tuple[str, ...]) -> None:
    assert [*faults("/".join(words))]


@pytest.mark.parametrize("text", ["docs/work/flow.md", "`/v1/households/`", "~/roots/", "PyPI"])
def test_what_is_harmless_is_not_found(text: str) -> None:
    assert [*faults(text)] == []


def test_an_identity_number_that_a_person_may_have_is_found() -> None:
    body = "441624" + "19800101" + "001"
    number = body + check_digit(body)
    wrong = body + ("1" if number[17] != "1" else "2")
    sample = TEST_PREFIX + body[6:]
    for text in (number, f"'{number}',", f"证件号码{number}。", f"{number}11", f"{number}1101"):
        assert [*faults(text)], text
    for text in (wrong, sample + check_digit(sample), f"a{number}", f"{number}1"):
        assert not [*faults(text)], text


def test_an_entry_too_many_is_found() -> None:
    assert visible(["a/b.py", "a/c.py", ".ci/run", "README.md"]) == {"a", "README.md"}

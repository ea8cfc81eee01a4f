"""What the pages name is there: files, links, tests, services, targets of make."""

import re
import tomllib
from pathlib import Path, PurePath
from pkgutil import resolve_name

import pytest

from local.ports import DEVELOPMENT
from tests.documents.pages import PAGES, READ_FIRST, blocks, links, prose, quoted, text_of
from tests.laws.files import ROOT, files

FILES = files()
FOLDERS = {f"{folder}/" for path in FILES for folder in map(str, PurePath(path).parents)}
SUFFIXES = (".py", ".toml", ".md", ".yml", ".json", ".sql", ".in", ".txt", ".csv", "/")
OURS = re.compile(
    r"(?:common|contracts|identification|visits|audit|local|samples)(?:\.[A-Za-z_]\w*)+"
)
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def is_there(path: str) -> bool:
    """Whether a file or folder ends like this; `…` stands for any folders."""
    ending = re.compile(rf"(?:.*/)?{re.escape(path).replace('…', '.*')}")
    return any(ending.fullmatch(known) for known in (*FILES, *FOLDERS))


def named(page: str) -> list[str]:
    """The files and folders that a page names, placeholders and routes left out."""
    words = (word for word in quoted(page) if re.fullmatch(r"[\w.…/-]+", word))
    return [
        word
        for word in words
        if word.endswith(SUFFIXES)
        and not word.startswith(("/", "."))
        and not word.endswith("endpoints.json")
    ]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made on the web."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_are_there(page: str) -> None:
    # `employment` is the service that is added in docs/adding-a-service.md, a copy of `visits`.
    paths = [path.replace("employment", "visits") for path in named(page)]
    assert [path for path in paths if not is_there(path)] == []


@pytest.mark.parametrize("page", PAGES)
def test_tests_that_are_named_are_there(page: str) -> None:
    code = "\n".join((ROOT / path).read_text("utf-8") for path in FILES if "test_" in path)
    tests = re.findall(r"`(test_\w+)`", prose(page))
    assert [test for test in tests if f"def {test}(" not in code] == []


@pytest.mark.parametrize("page", PAGES)
def test_python_that_is_named_is_there(page: str) -> None:
    """Modules and what is in them, as `common.eventstore.record`."""
    for name in quoted(page):
        if OURS.fullmatch(name):
            assert resolve_name(name) is not None


@pytest.mark.parametrize("page", PAGES)
def test_make_has_every_target_that_is_named(page: str) -> None:
    commands = "\n".join([*quoted(page), *(block.text for block in blocks(page, "sh"))])
    words = " ".join(re.findall(r"\bmake ([^#`\n)]*)", commands)).split()
    targets = {word for word in words if not word.startswith("-") and "=" not in word}
    assert targets <= TARGETS


@pytest.mark.parametrize("page", PAGES)
def test_a_table_has_a_head_and_as_many_cells_in_each_row(page: str) -> None:
    """A blank line in the middle of one makes text of the rest."""
    for table in re.findall(r"(?:^\|.*\|$\n?)+", prose(page), re.MULTILINE):
        head, rule, *_ = rows = [re.sub(r"`[^`]*`", "", row) for row in table.splitlines()]
        assert re.fullmatch(r"(?:\| ?:?-+:? ?)+\|", rule), head
        assert {row.count("|") - row.count("\\|") for row in rows} == {head.count("|")}, head


@pytest.mark.parametrize("page", PAGES)
def test_import_contracts_that_are_named_are_there(page: str) -> None:
    laws = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    quotes = re.findall(r'mport contracts? "([^"]+)"(?: and "([^"]+)")?', prose(page))
    named = {name for both in quotes for name in both if name}
    assert named <= {contract["name"] for contract in laws["contracts"]}


def test_make_is_named_at_all() -> None:
    assert {"run", "test", "clean", "token", "clients", "check"} <= TARGETS
    assert "make run" in blocks("README.md", "sh")[0].text


def test_what_is_not_there_is_noticed() -> None:
    assert is_there("libs/contracts/…/identification.py")
    assert is_there("domain/episode.py")
    assert not is_there("domain/utils.py")
    assert not is_there("isode.py")
    assert len(named("README.md")) > 10


def test_the_table_of_services_is_the_services() -> None:
    rows = re.findall(
        r"^\| \[`(\w+)`\]\((\S+)\) \|.*\| (\d+) \|$", text_of("README.md"), re.MULTILINE
    )
    services = sorted({PurePath(path).parts[1] for path in FILES if path.startswith("services/")})
    assert sorted(name for name, _, _ in rows) == services
    for name, link, port in rows:
        assert link == f"services/{name}/README.md"
        assert int(port) == DEVELOPMENT[name]


def test_the_planned_services_have_a_port_and_no_code() -> None:
    planned = re.search(r"^(.*?) are planned", prose("README.md"), re.MULTILINE | re.DOTALL)
    assert planned
    names = re.findall(r"`(\w+)`", planned[1].rpartition("\n\n")[2])
    services = {PurePath(path).parts[1] for path in FILES if path.startswith("services/")}
    assert services.isdisjoint(names)
    assert services | set(names) == set(DEVELOPMENT) - {
        "postgres",
        "kafka",
        "kafka_controller",
        "issuer",
    }


@pytest.mark.parametrize("page", READ_FIRST)
def test_addresses_are_those_of_make_run(page: str) -> None:
    ports = {int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", text_of(page))}
    assert ports <= set(DEVELOPMENT.values())

"""What the pages tell people to ask, set or watch is what the code offers."""

import re
from collections.abc import Iterator
from functools import cache
from pkgutil import resolve_name
from typing import Any

import pytest

from tests.deployment.cluster import MONITORED
from tests.deployment.facts import SERVICES, variables
from tests.documents.offered import COMMON, alarms, app, figures, plain, routes, scopes, topics
from tests.documents.pages import PAGES, quoted, text_of
from tests.laws.files import ROOT, files
from visits.reactions import HEARD

OPERATIONS, RELIABILITY = "docs/operations.md", "docs/reliability.md"
REQUEST = re.compile(r"(?:(GET|POST|PUT|DELETE) )?([/…][^\s?]*)(?:\?\S*)?")
# What can only be a name of ours: an event, a class, a code, a setting, a field.
NAME = re.compile(r"(?:[A-Z][a-z]+){2,}|[A-Z]+(?:[_-][A-Z]+)+|[a-z]+(?:[_-][a-z]+)+")
OTHERS = {  # PostgreSQL's
    *("pg_snapshot_xmin", "pg_dump", "pg_restore", "pg_wal"),
    *("commit_delay", "archive_command", "archive_timeout"),
}
# Examples that are not in the code, and what others' files were made with.
ELSEWHERE = {
    "docs/adding-an-event.md",
    "docs/adding-a-service.md",
    "tests/deployment/schemas/README.md",
}
ROUTES = frozenset(route for service in SERVICES for route in routes(service))


def table(page: str, *header: str) -> list[list[str]]:
    """The rows of the tables of a page that begin with these headings."""
    found = []
    for lines in re.findall(r"(?:^\|.*\|\n)+", text_of(page), re.MULTILINE):
        head, _, *rows = (
            [cell.strip() for cell in ln[1:-2].split("|")] for ln in lines.splitlines(True)
        )
        found += rows if tuple(head[: len(header)]) == header else []
    return found


def words(cell: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def like(path: str) -> str:
    """A pattern of the paths that are meant."""
    return re.escape(path).replace("…", ".*")


def asked(cells: str) -> Iterator[tuple[str, set[tuple[str, str]]]]:
    """The requests that cells of a table name, each with the routes that it may mean.

    `POST /v1/a/{id}/b`, `/c`: the second is beside or below the first. `…` is any beginning or end.
    """
    method, steps = "GET", [""]
    for word in words(cells):
        if not (request := REQUEST.fullmatch(word)):
            continue
        path = plain(request[2])
        if request[1]:
            method, steps = request[1], path.split("/")
        before = "|".join(like("/".join(steps[:n])) for n in range(len(steps) + 1))
        way = re.compile(rf"(?:(?:{before})(?:/{{}})?)?{like(path)}")
        yield word, {route for route in ROUTES if route[0] == method and way.fullmatch(route[1])}


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_of_a_service_is_on_its_page_and_no_other(service: str) -> None:
    page, own = f"services/{service}/README.md", routes(service)
    rows = [*table(page, "Route"), *table(page, "Ask")]
    assert [word for row in rows for word, found in asked(row[0]) if not found & own] == []
    named = {route for row in rows for _, found in asked(" ".join(row)) for route in found}
    assert [r for r in own - named if r[1].startswith("/v1/") and r[1] not in COMMON] == []


@pytest.mark.parametrize("page", PAGES)
def test_what_may_be_requested_is_answered(page: str) -> None:
    wanted = [word for word in quoted(page) if re.match(r"(?:GET|POST|PUT|DELETE) |/v1/", word)]
    for word in wanted:
        request = REQUEST.fullmatch(word)
        assert request, word
        ways = re.compile(like(plain(request[2])))
        assert any(
            ways.fullmatch(path) and request[1] in (None, method) for method, path in ROUTES
        ), word


@pytest.mark.parametrize("page", PAGES)
def test_topics_that_are_named_are_there(page: str) -> None:
    named = re.findall(r"\bshouwang(?:\.[a-z<>*]+)+\.v1\b", text_of(page))
    assert {re.sub(r"<service>|\*", "visits", name) for name in named} <= topics()


def test_what_visits_hears_is_on_its_page() -> None:
    rows = table("services/visits/README.md", "Event", "Effect")
    assert {word for row in rows for word in words(row[0])} == set(HEARD.types)


def test_a_program_that_a_refusal_names_is_handed_out() -> None:
    """`witness.py`, and not some other program's way of doing it."""
    texts = [text.zh for service in SERVICES for text in app(service).state.texts.values()]
    programs = {found for text in texts for found in re.findall(r"\w+\.py(?: [a-z]+)?", text)}
    assert programs
    assert {("GET", f"/{program}") for program in programs} <= ROUTES


@pytest.mark.parametrize("page", PAGES)
def test_programs_that_are_named_can_be_run_with_such_options(page: str) -> None:
    """`python -m audit.fsck --kafka`, in the prose or in a block."""
    ours = "|".join((*SERVICES, "common", "local", "samples", "tests"))
    for module, behind in re.findall(rf"-m ((?:{ours})\b[\w.]*)([^`\n#>|]*)", text_of(page)):
        way = module.replace(".", "/")
        sources = [
            text
            for path, text in code().items()
            if f"/{path}".endswith((f"/{way}.py", f"/{way}/__main__.py"))
        ]
        assert any('__name__ == "__main__"' in text for text in sources), module
        for option in re.findall(r"--[a-z]+", behind):
            assert f'"{option}"' in everything(), f"{module} {option}"


@pytest.mark.parametrize("page", PAGES)
def test_scopes_that_are_named_are_asked_for(page: str) -> None:
    assert {word for word in quoted(page) if re.fullmatch("[a-z]+:[a-z]+", word)} <= scopes()


@pytest.mark.parametrize("page", PAGES)
def test_figures_and_alarms_that_are_named_are_there(page: str) -> None:
    """A name that ends in `_` is how several begin."""
    text = text_of(page)
    for name in re.findall(r"\bshouwang_[a-z_]+\b", text):
        several = name.endswith("_") and any(figure.startswith(name) for figure in figures())
        assert several or name in figures() | MONITORED, name
    assert set(re.findall(r"\bShouwang[A-Z]\w+", text)) <= set(alarms())


def test_for_every_alarm_it_is_said_what_to_do() -> None:
    assert [words(alarm) for alarm, _ in table(OPERATIONS, "Alarm")] == [
        [name] for name in alarms()
    ]


def test_every_setting_is_told_of_with_its_default_and_no_other() -> None:
    told = {words(row[0])[0]: (row[1], row[2].strip("`")) for row in table(OPERATIONS, "Setting")}
    assert told == {
        name: (_of(name), _default(name)) for name in sorted(set().union(*map(variables, SERVICES)))
    }


def _of(name: str) -> str:
    reading = [service for service in SERVICES if name in variables(service)]
    return "all" if reading == SERVICES else ", ".join(reading)


def _default(name: str) -> str:
    field = next(variables(service)[name] for service in SERVICES if name in variables(service))
    default: Any = field.default
    if field.is_required():
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default or "none")


@pytest.mark.parametrize("page", PAGES)
def test_names_of_the_code_are_in_the_code(page: str) -> None:
    named = {word for word in quoted(page) if NAME.fullmatch(word)} - OTHERS
    assert page in ELSEWHERE or named <= names_in_the_code()


@cache
def code() -> dict[str, str]:
    """What is no page, by its path."""
    kinds = (".py", ".sql", ".toml", ".yaml", ".yml", ".html", ".js")
    return {path: (ROOT / path).read_text("utf-8") for path in files() if path.endswith(kinds)}


@cache
def everything() -> str:
    """All of it, in one."""
    return "\n".join(code().values())


@cache
def names_in_the_code() -> set[str]:
    """Every word of it, and the settings, whose names are made."""
    joined = re.findall(r"[A-Za-z]+(?:-[A-Za-z]+)+", everything())
    return {*re.findall(r"\w+", everything()), *joined}.union(*map(variables, SERVICES))


def test_what_each_guard_is_made_of_is_where_it_is_said() -> None:
    rows = table(RELIABILITY, "Guard", "Where")
    assert len(rows) > 20
    for _, where, *_ in rows:
        for name in words(where):
            assert name == "schema.sql" or resolve_name(f"common.{name}") is not None


def test_what_is_not_offered_is_noticed() -> None:
    assert [found for _, found in asked("`GET /v1/nothing`")] == [set()]
    assert [found for _, found in asked("`POST /v1/visits`, `/nothing`")][1] == set()
    assert [found for _, found in asked("`POST …/{id}/voiding`")] == [
        {("POST", "/v1/visits/{}/voiding"), ("POST", "/v1/screenings/{}/voiding")}
    ]

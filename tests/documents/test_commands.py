"""Every command of README and docs is run as it stands, against a running system."""

import json
import re
import sys
from asyncio import timeout
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from local.clients import CLIENTS
from tests.documents.pages import READ_FIRST, Block, all_blocks, blocks, text_of
from tests.documents.terminal import Terminal
from tests.integration.county import County

# `make run` and the like have tests of their own (deploy/local/tests), or are what runs this.
ONLY_MAKE = re.compile(r"(?:make [a-z ]+(?:#.*)?\n)+")
COMMANDS = [
    block
    for page in READ_FIRST
    for block in blocks(page, "sh")
    if not ONLY_MAKE.fullmatch(block.text)
]
DEPARTMENTS, INTEGRATORS = "docs/departments.md", "docs/integrators.md"
CASEWORK = "docs/casework.md"
UNIQUE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}")  # ids, never twice the same


def with_variables(block: Block) -> str:
    """The block, after the assignments that the page has made before it."""
    before = (one.text for one in blocks(block.page, "sh") if one.line < block.line)
    assigned = [found for text in before for found in re.findall(r"^[A-Z]+=.*$", text, re.M)]
    return "\n".join([*assigned, block.text])


def answer_of(block: Block) -> Block | None:
    """The JSON that the page shows right after a command."""
    later = [one for one in all_blocks(block.page) if one.line > block.line]
    end = block.line + block.text.count("\n")
    shown = later[0] if later and later[0].language == "json" else None
    return shown if shown and shown.line <= end + 3 else None


def comparable(answer: str) -> Any:
    """JSON with every id replaced by the same word."""
    return json.loads(UNIQUE.sub("unique", answer))


def test_there_are_commands_to_run() -> None:
    assert {block.page for block in COMMANDS} == {"README.md", DEPARTMENTS, CASEWORK}
    assert [block for block in COMMANDS if answer_of(block)]


@pytest.mark.parametrize("block", COMMANDS, ids=str)
async def test_a_command_works_as_it_stands(terminal: Terminal, block: Block) -> None:
    printed = await terminal.types(with_variables(block))
    if shown := answer_of(block):
        assert comparable(printed) == comparable(shown.text)


@pytest.mark.parametrize(
    "text",
    [
        "curl -s http://127.0.0.1:8101/v1/households",  # without a token
        "curl -s http://127.0.0.1:8101/v1/nothing | cat",
        "TOKEN=$(make -s token CLIENT=nobody)",
        "make nothing",
    ],
)
async def test_a_command_that_does_not_work_would_be_noticed(terminal: Terminal, text: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(text)):
        await terminal.types(text)


async def test_make_clients_tells_of_every_client(terminal: Terminal) -> None:
    assert set(CLIENTS) <= set((await terminal.types("make clients")).split())


async def test_the_supervisors_page_asks_for_a_token_and_opens(
    terminal: Terminal, county: County
) -> None:
    (address,) = re.findall(r"<(http://[^>]+)>", text_of("README.md"))
    page = terminal.addressed(address)
    asked = await county.http.get(page)
    assert (asked.status_code, 'name="token"' in asked.text) == (401, True)
    printed = await terminal.types("make -s token CLIENT=supervisor")
    async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as browser:
        form = {"token": printed, "next": "/"}
        opened = await browser.post(f"{page}session", data=form, headers={"Origin": page[:-1]})
    assert (opened.status_code, 'name="token"' in opened.text) == (200, False)


@pytest.mark.parametrize(
    "path",
    [
        "/health/live",
        "/health/ready",
        "/metrics",
        "/openapi.json",
        "/asyncapi.json",
        "/docs",
    ],
)
async def test_every_service_answers_what_readme_says(county: County, path: str) -> None:
    assert f"`{path}`" in text_of("README.md")
    for url in county.system.endpoints.services.values():
        assert (await county.http.get(url + path)).status_code == 200


async def test_an_error_looks_as_departments_are_told(terminal: Terminal) -> None:
    (post,) = (block for block in COMMANDS if "ce-id: demo-2" in block.text)
    wrong = with_variables(post).replace("990000196102080010", "990000196102080011")
    refused = await terminal.types(re.sub(r"\bcurl -si\b", "command curl -s", wrong))
    (_, shown) = blocks(DEPARTMENTS, "json")
    assert comparable(refused) == comparable(shown.text)


@pytest.mark.parametrize("page", [DEPARTMENTS, CASEWORK])
async def test_the_codes_that_clients_are_told_are_those_of_the_service(
    terminal: Terminal, county: County, page: str
) -> None:
    table = re.findall(r"^\| (\d{3}) \| (.*) \|$", text_of(page), re.MULTILINE)
    told = {
        (code, int(status))
        for status, cell in table
        for code in re.findall(r"`([a-z-]+)`", re.sub(r"\([^)]*\)", "", cell))
    }
    url = terminal.county.system.endpoints.services["identification"]
    texts: dict[str, dict[str, Any]] = (await county.http.get(f"{url}/problems")).json()
    assert len(told) > 10
    assert told <= {(code, text["status"]) for code, text in texts.items()}


async def test_the_integrators_example_reads_the_whole_log(
    terminal: Terminal, county: County, tmp_path: Path
) -> None:
    """It verifies every hash and every version itself, and would end with a traceback."""
    (example,) = blocks(INTEGRATORS, "python")
    program = tmp_path / "example.py"
    program.write_text(terminal.addressed(example.text), "utf-8")
    expected = await recorded(county)
    running = await create_subprocess_exec(
        sys.executable, "-u", str(program), env=terminal.environment, stdout=PIPE, stderr=PIPE
    )
    assert running.stdout is not None
    try:
        async with timeout(60):
            lines = [(await running.stdout.readline()).decode() for _ in range(expected)]
    finally:
        if running.returncode is None:
            running.terminate()
        _, complaints = await running.communicate()
    assert all(lines), complaints.decode()
    types = {line.split()[1] for line in lines}
    assert "cn.shouwang.identification.HouseholdRegistered.v1" in types


async def recorded(county: County) -> int:
    """How many events identification has recorded."""
    database = await asyncpg.connect(county.system.endpoints.databases["identification"])
    try:
        return int(await database.fetchval("select count(*) from es.events"))
    finally:
        await database.close()

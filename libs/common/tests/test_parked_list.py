"""The list of what is parked: by pages, each record once, whatever becomes of it meanwhile."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from common.consumer import Consumer
from common.kafka import LogReader
from common.settings import Settings
from common.testing import TALLIES, Heard, Issuer, Reader, history
from libs.common.tests.bare import client_of, operated

PARKED = 7


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def reader(pool: asyncpg.Pool, heard: Heard) -> Reader:
    return Reader(pool, TALLIES.service, heard.handle)


@pytest.fixture
async def client(
    settings: Settings, pool: asyncpg.Pool, reader: Reader, tokens: Issuer
) -> AsyncIterator[httpx.AsyncClient]:
    """Who manages what is parked."""
    consumer = Consumer(reader.inbox, "one", pool, lambda: LogReader("nowhere:1", "none", []))
    async with client_of(operated(settings, pool, consumer)) as made:
        made.headers.update(tokens.bearer("county-office", "parked:manage"))
        yield made


@pytest.fixture
async def keys(reader: Reader, heard: Heard) -> list[str]:
    """Of the households that are parked, the oldest first."""
    made = [history(1) for _ in range(PARKED)]
    heard.failing = {(events[0].stream, 1) for events in made}
    for (event,) in made:
        await reader.hears(event, singly=True)
    return [event.key for (event,) in made]


async def pages(client: httpx.AsyncClient, query: str) -> AsyncIterator[list[str]]:
    """The keys of each page."""
    url: str | None = f"/v1/parked{query}"
    while url:
        answer = await client.get(url)
        assert answer.status_code == 200
        yield [row["key"] for row in answer.json()]
        url = answer.links["next"]["url"] if "next" in answer.links else None


@pytest.mark.parametrize(
    ("query", "sizes"), [("", [7]), ("?limit=3", [3, 3, 1]), ("?limit=7", [7, 0])]
)
async def test_pages_lead_on_from_the_oldest(
    client: httpx.AsyncClient, keys: list[str], query: str, sizes: list[int]
) -> None:
    found = [page async for page in pages(client, query)]
    assert [len(page) for page in found] == sizes
    assert [key for page in found for key in page] == keys


async def test_what_is_tried_in_vain_between_two_pages_is_not_listed_again(
    client: httpx.AsyncClient, keys: list[str]
) -> None:
    """Else who tries what a page lists before going on would never come to an end."""
    seen: list[str] = []
    async for page in pages(client, "?limit=2"):
        assert len(seen) <= PARKED
        for key in page:
            answer = await client.post(f"/v1/parked/{key}/retry")
            assert answer.json() == {"still_parked": 1}
        seen += page
    assert seen == keys


async def test_what_a_rebuild_has_parked_is_not_listed(
    client: httpx.AsyncClient, keys: list[str], pool: asyncpg.Pool
) -> None:
    """It cannot be tried or given up, and is parked here too if it is parked at all."""
    await pool.execute("update es.parked set consumer = 'audit.next' where key = $1", keys[0])
    assert [page async for page in pages(client, "")] == [keys[1:]]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("key=x", 400, "unknown-filter"),
        ("limit=0", 422, "invalid"),
        ("limit=501", 422, "invalid"),
        ("cursor=x", 422, "invalid"),
        ("cursor=-1", 422, "invalid"),
        (f"cursor={2**63}", 422, "invalid"),
    ],
)
async def test_what_the_list_does_not_know_is_refused(
    client: httpx.AsyncClient, query: str, status: int, code: str
) -> None:
    answer = await client.get(f"/v1/parked?{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)

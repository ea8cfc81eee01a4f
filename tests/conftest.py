"""One system for the stories and the pages, as it runs for a developer: every service a process."""

from collections.abc import AsyncIterator

import httpx
import pytest

from local.fixtures import servers_for_tests
from local.ports import free_ports
from local.system import system
from tests.integration.county import County


@pytest.fixture(scope="session")
async def county(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[County]:
    """The county at work, on servers of its own: a test here may stop and drop what it likes."""
    home = tmp_path_factory.mktemp("system")
    async with (
        servers_for_tests(home) as servers,
        system(home, free_ports(), servers) as running,
        httpx.AsyncClient(timeout=30) as http,
    ):
        yield County(running, home, http)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The story of one household begins with an empty register; then the others, then the pages'."""
    items.sort(
        key=lambda item: (
            "documents" in item.path.parts,
            "integration" in item.path.parts and item.path.name != "test_one_household.py",
        )
    )

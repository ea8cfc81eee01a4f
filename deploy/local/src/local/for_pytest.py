"""A pytest plugin (`-p local.for_pytest`): the servers that every suite runs on."""

from collections.abc import AsyncIterator

import pytest

from local.fixtures import servers_for_tests
from local.servers import Servers


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """A real Kafka and a real PostgreSQL for the whole run: given, else containers, else ours."""
    async with servers_for_tests(tmp_path_factory.mktemp("servers")) as given:
        yield given

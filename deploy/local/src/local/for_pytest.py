"""A pytest plugin (`-p local.for_pytest`): the servers that every suite runs on.

A worker of a service that dies ends its process: here that is pytest. The test that runs at that moment
fails instead, with what was logged, and the others still have their say.
"""

import signal
from collections.abc import AsyncIterator
from types import FrameType

import pytest

from local.fixtures import servers_for_tests
from local.servers import Servers


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """A real Kafka and a real PostgreSQL for the whole run: given, else containers, else ours."""
    async with servers_for_tests(tmp_path_factory.mktemp("servers")) as given:
        yield given


class Terminated(Exception):
    """A worker of a service in this process has died (`worker_died` is in the log), or somebody ended us."""


def pytest_configure() -> None:
    """The first time that we are asked to end is an error of the test that runs; the second time we do."""

    def ended(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise Terminated

    signal.signal(signal.SIGTERM, ended)

"""Servers for tests: given by the environment, else from Docker, else started on this machine.

@pytest.fixture(scope="session")
async def servers(tmp_path_factory):
    async with servers_for_tests(tmp_path_factory.mktemp("servers")) as given:
        yield given
"""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from docker.errors import DockerException  # type: ignore[import-untyped] # it ships no types
from testcontainers.community.kafka import KafkaContainer
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.docker_client import DockerClient

from local.ports import free_ports
from local.servers import Servers, given_kafka, given_postgres, servers
from local.setup import forget_state

POSTGRES_IMAGE = "postgres:18.6-trixie"
KAFKA_IMAGE = "confluentinc/cp-kafka:7.9.0"  # the image that testcontainers knows how to start


@asynccontextmanager
async def servers_for_tests(home: Path) -> AsyncIterator[Servers]:
    """Both servers until the block ends, on free ports, beside a running `make run`."""
    if not (given_kafka() and given_postgres()) and await asyncio.to_thread(docker_answers):
        containers = in_docker()
        try:
            yield await asyncio.to_thread(containers.__enter__)
        finally:
            await asyncio.to_thread(containers.__exit__, None, None, None)
    else:
        try:
            async with servers(home, free_ports(), durable=False) as started:
                yield started
        finally:
            forget_state(home)


def docker_answers() -> bool:
    """Whether there is a Docker engine that this user may use.

    Docker's client leaves its socket open when none answers; it is collected here, quietly, and not
    in the middle of some test.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            return bool(DockerClient().client.ping())
        except DockerException:
            return False
        finally:
            gc.collect()


@contextmanager
def in_docker() -> Iterator[Servers]:
    """The servers as containers, except those that the environment gives."""
    with ExitStack() as stack:
        kafka, postgres = given_kafka(), given_postgres()
        if not postgres:
            database = stack.enter_context(PostgresContainer(POSTGRES_IMAGE, driver=None))
            postgres = database.get_connection_url()
        if not kafka:
            broker = stack.enter_context(KafkaContainer(KAFKA_IMAGE).with_kraft())
            kafka = broker.get_bootstrap_server()
        yield Servers(kafka, postgres)

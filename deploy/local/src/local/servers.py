"""Kafka and PostgreSQL: those that the environment names, or real ones on this machine.

    async with servers(home, free_ports(), durable=False) as given:
        ...  # given.kafka, given.postgres

`KAFKA_BOOTSTRAP_SERVERS` and `DATABASE_URL` (of a superuser) each take the place of a server.
"""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from local import kafka, postgres
from local.programs import Kept, Tell, kept
from local.steps import step


@dataclass(frozen=True)
class Servers:
    """Where they are; `kept` are those that we started."""

    kafka: str
    postgres: str
    kept: tuple[Kept, ...] = ()


def given_kafka() -> str | None:
    """The bootstrap address that the environment names, if any."""
    return os.environ.get("KAFKA_BOOTSTRAP_SERVERS")


def given_postgres() -> str | None:
    """The superuser's URL that the environment names, if any."""
    return os.environ.get("DATABASE_URL")


def ports_needed() -> list[str]:
    """The names of the ports on which servers will be started."""
    mine = [] if given_postgres() else ["postgres"]
    return mine if given_kafka() else [*mine, "kafka", "kafka_controller"]


@asynccontextmanager
async def servers(
    home: Path, ports: Mapping[str, int], *, durable: bool = True, tell: Tell = print
) -> AsyncIterator[Servers]:
    """Both servers, ready, until the block ends. Their files are in `home` and are kept.

    Raises `local.steps.Trouble`, with what to do about it.
    """
    address, url, logs = given_kafka(), given_postgres(), home / "logs"
    programs = []
    if not url:
        with step("Preparing PostgreSQL"):
            program, url = postgres.program(home, logs, ports["postgres"], durable=durable)
        programs.append(program)
    if not address:
        kafka.fetch_jars()
        with step("Preparing Kafka"):
            listen = ports["kafka"], ports["kafka_controller"]
            program, address = kafka.program(home, logs, *listen)
        programs.append(program)
    async with AsyncExitStack() as stack:
        started = [await stack.enter_async_context(kept(one, tell)) for one in programs]
        for one in started:
            with step(f"Starting {one.program.name}"):
                await one.until_ready()
        yield Servers(address, url, tuple(started))

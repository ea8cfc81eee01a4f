"""The whole system on given servers: databases, topics, token issuer, services.

async with servers(home, ports) as given, system(home, ports, given) as running:
    ...  # running.endpoints, running.parts["visits"].process
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from local import postgres, services
from local.clients import CLIENTS
from local.kept import kept as kept_secrets
from local.ports import LOOPBACK
from local.programs import Kept, Tell, finished, kept
from local.servers import Servers
from local.steps import step


@dataclass(frozen=True)
class Endpoints:
    """What tools read from `.local/endpoints.json`: URLs by service, Kafka's `host:port`."""

    services: dict[str, str]
    issuer: str
    kafka: str
    databases: dict[str, str]  # URL of the service's own role


@dataclass(frozen=True)
class System:
    """A system at work and the programs that it consists of, by name, servers included."""

    endpoints: Endpoints
    parts: dict[str, Kept]

    def as_json(self) -> dict[str, object]:
        """The content of `endpoints.json`."""
        return asdict(self.endpoints)


@asynccontextmanager
async def system(
    home: Path,
    ports: Mapping[str, int],
    given: Servers,
    *,
    names: Sequence[str] | None = None,
    tell: Tell = print,
) -> AsyncIterator[System]:
    """Issuer and services (all that there are, or `names`), ready, until the block ends.

    Raises `local.steps.Trouble`, with what to do about it.
    """
    names = services.names() if names is None else names
    logs, issuer = home / "logs", f"http://{LOOPBACK}:{ports['issuer']}"
    logs.mkdir(parents=True, exist_ok=True)
    with step("Preparing databases and topics"):
        databases = await provide(given, names, home, logs / "setup.log")
    endpoints = Endpoints(
        services={name: f"http://{LOOPBACK}:{ports[name]}" for name in names},
        issuer=issuer,
        kafka=given.kafka,
        databases=databases,
    )
    programs = [
        services.program("issuer", "local.issuer", issuer_settings(issuer, ports, home), logs)
    ]
    for name in names:
        settings = services.environment(
            name, ports[name], databases[name], given.kafka, issuer, home, endpoints.services
        )
        programs.append(services.program(name, name, settings, logs))
    async with AsyncExitStack() as stack:
        parts = {one.program.name: one for one in given.kept}
        # All start at once and wait for one another themselves.
        for program in programs:
            parts[program.name] = await stack.enter_async_context(kept(program, tell))
        for program in programs:
            with step(f"Starting {program.name}"):
                await parts[program.name].until_ready()
        yield System(endpoints, parts)


async def provide(given: Servers, names: Sequence[str], home: Path, log: Path) -> dict[str, str]:
    """Roles, databases, tables and topics, by the programs that do it in production too.

    Gives the URL of each service's role.
    """
    roles = [role for name in names for role in (name, f"{name}_owner")]
    passwords = kept_secrets(home / "passwords.json", roles)
    urls: dict[str, str] = {}
    for name in names:
        urls |= await postgres.provide(given.postgres, name, passwords)
    ours = {**services.without_proxy(), "KAFKA_BOOTSTRAP_SERVERS": given.kafka}
    topics = (sys.executable, "-m", "common.topics")
    work = [finished(topics, log, "The topics could not be created.", ours)]
    for name in names:
        owner = {**ours, "OWNER_DATABASE_URL": urls[f"{name}_owner"], "SERVICE_ROLE": name}
        migrate = (sys.executable, "-m", "common.migrate", name)
        work.append(finished(migrate, log, f"The tables of {name} could not be laid.", owner))
    await asyncio.gather(*work)
    return {name: urls[name] for name in names}


def issuer_settings(issuer: str, ports: Mapping[str, int], home: Path) -> dict[str, str]:
    """The environment of the issuer; the clients' secrets are made if need be."""
    secrets = home / "clients.json"
    kept_secrets(secrets, CLIENTS)
    return {
        **services.without_proxy(),
        "HOST": LOOPBACK,
        "PORT": str(ports["issuer"]),
        "ISSUER": issuer,
        "SIGNING_KEY": str(home / "issuer.pem"),
        "CLIENT_SECRETS": str(secrets),
    }

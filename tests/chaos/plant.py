"""The system under test: the processes and servers that `deploy/local` knows, each of them killable.

Every service reaches Postgres and Kafka over lines of our own (`tests.chaos.line`), one for each
service and server, so that a network fault hits exactly whom it should.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx

from common.topics import PARTITIONS, events_topic
from local import kafka, postgres, services
from local.ports import LOOPBACK, free_ports, is_free
from local.programs import Program
from local.servers import Servers
from local.setup import forget_state
from local.system import issuer_settings, provide
from tests.chaos.line import Line
from tests.chaos.topics import Topics
from tests.chaos.unit import Unit
from tests.chaos.waiting import say, until

NAMES = ("identification", "visits", "audit")
FOREIGN = "employment"  # its topic is there, its service is not: cases speak in its name
PUBLISHED = [events_topic(service) for service in ("identification", "visits", FOREIGN)]
HEARS = {
    "identification": PUBLISHED[:1],
    "visits": PUBLISHED[:1],
    "audit": PUBLISHED,
}
ANSWER = 5.0  # seconds that a client waits for an answer


@dataclass
class Plant:
    """Everything that a case may break. `postgres` is the superuser's URL, past every line."""

    home: Path
    ports: dict[str, int]
    postgres: str
    kafka: str
    databases: dict[str, str] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    lines: dict[tuple[str, str], Line] = field(default_factory=dict)
    topics: Topics = field(default_factory=lambda: Topics(""))
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=ANSWER))
    _tokens: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Unit:
        return self.units[name]

    def url(self, name: str) -> str:
        """Where a service answers, or a further replica of it."""
        environment = self.units[name].program.environment
        assert environment
        return f"http://{LOOPBACK}:{environment['PORT']}"

    async def connect(self, service: str) -> asyncpg.Connection:
        """A superuser's session in a service's database, past every line."""
        parts = urlsplit(self.postgres)
        return await asyncpg.connect(urlunsplit(parts._replace(path=f"/{service}")), timeout=10)

    async def fetchval(self, service: str, query: str, *arguments: object) -> Any:
        """One value, as superuser."""
        connection = await self.connect(service)
        try:
            return await connection.fetchval(query, *arguments)
        finally:
            await connection.close()

    async def token(self, client: str) -> str:
        """A bearer token of the issuer; it lasts longer than a run."""
        if client not in self._tokens:
            secrets = json.loads((self.home / "clients.json").read_text("utf-8"))
            answer = await self.http.post(
                f"http://{LOOPBACK}:{self.ports['issuer']}/token",
                data={"grant_type": "client_credentials"},
                auth=(client, secrets[client]),
            )
            self._tokens[client] = answer.raise_for_status().json()["access_token"]
        return self._tokens[client]

    async def call(
        self, client: str, method: str, unit: str, path: str, **options: Any
    ) -> httpx.Response:
        """One request; raises what httpx raises."""
        headers = {"Authorization": f"Bearer {await self.token(client)}"}
        headers |= options.pop("headers", {})
        return await self.http.request(method, self.url(unit) + path, headers=headers, **options)

    async def lags(self) -> int:
        """Tickets that wait, and records that a consumer has not yet taken, stopped or not."""
        waiting = 0
        ends = await self.topics.ends(PUBLISHED, PARTITIONS)
        for service in NAMES:
            connection = await self.connect(service)
            try:
                waiting += await connection.fetchval("select count(*) from es.outbox")
                rows = await connection.fetch(
                    "select topic, partition, next from es.offsets where consumer = $1", service
                )
            finally:
                await connection.close()
            taken = {(row["topic"], row["partition"]): row["next"] for row in rows}
            waiting += sum(
                abs(ends[topic, p] - taken.get((topic, p), 0))
                for topic in HEARS[service]
                for p in range(PARTITIONS)
            )
        return waiting

    async def settled(self, within: float = 90.0) -> float:
        """Wait until everything that is recorded has had its effect everywhere."""

        async def nothing() -> bool:
            return await self.lags() == 0

        return await until(nothing, "all that was recorded is everywhere", within, 0.2)

    async def whole(self) -> None:
        """Everything up and ready, every line joined."""
        for line in self.lines.values():
            line.join()
        for unit in self.units.values():
            unit.wanted.set()
            if unit.is_up:
                unit.resume()  # one that a case left frozen
        for name in [name for name in self.units if name.endswith("-2")]:
            await self.remove(name)
        for unit in self.units.values():
            await unit.ready()

    async def add(self, name: str, *, module: str | None = None, **changes: str) -> Unit:
        """Start a service, or (`visits-2`) a further replica of one; not ready yet.

        `module` runs something else in its place, and `changes` add to its environment.
        """
        service = name.removesuffix("-2")
        environment = services.environment(
            service,
            self._port(name),
            await self._over_line(service, self.databases[service]),
            await self._kafka_over_line(service),
            f"http://{LOOPBACK}:{self.ports['issuer']}",
            self.home,
        )
        environment |= {"INSTANCE": name, **changes}
        program = services.program(name, module or service, environment, self.home / "logs")
        return self._launch(program)

    async def remove(self, name: str) -> None:
        """Stop a program and forget it."""
        unit = self.units.pop(name)
        unit.wanted.clear()
        await unit.stop()

    def _launch(self, program: Program) -> Unit:
        program.log.parent.mkdir(parents=True, exist_ok=True)
        unit = Unit(program, say)
        unit.launch()
        self.units[program.name] = unit
        return unit

    def _port(self, name: str) -> int:
        if name not in self.ports:
            self.ports[name] = next(p for p in range(32_000, 32_700) if is_free(p))
        return self.ports[name]

    async def _over_line(self, service: str, url: str) -> str:
        parts = urlsplit(url)
        line = await self._line(service, "postgres", parts.port or 0)
        near = parts.netloc.replace(f":{parts.port}", f":{line.port}")
        return urlunsplit(parts._replace(netloc=near))

    async def _kafka_over_line(self, service: str) -> str:
        line = await self._line(service, "kafka", int(self.kafka.rpartition(":")[2]))
        return f"{LOOPBACK}:{line.port}"

    async def _line(self, service: str, server: str, port: int) -> Line:
        if (service, server) not in self.lines:
            line = Line(port)
            await line.open()
            self.lines[service, server] = line
        return self.lines[service, server]

    async def start(self) -> None:
        """Servers, databases, topics, issuer, services."""
        logs = self.home / "logs"
        kafka.fetch_jars()
        database, self.postgres = postgres.program(self.home, logs, self.ports["postgres"])
        listen = self.ports["kafka"], self.ports["kafka_controller"]
        broker, self.kafka = kafka.program(self.home, logs, *listen)
        self.topics = Topics(self.kafka)
        for program in (database, broker):
            self._launch(program)
        await asyncio.gather(self["postgres"].ready(), self["kafka"].ready())
        given = Servers(self.kafka, self.postgres)
        self.databases = await provide(given, NAMES, self.home, logs / "setup.log")
        issuer = f"http://{LOOPBACK}:{self.ports['issuer']}"
        settings = issuer_settings(issuer, self.ports, self.home)
        self._launch(services.program("issuer", "local.issuer", settings, logs))
        for name in NAMES:
            await self.add(name)
        for unit in self.units.values():
            await unit.ready()

    async def stop(self) -> None:
        """Everything, the servers last."""
        await self.http.aclose()
        await self.topics.close()
        for name in reversed(list(self.units)):
            unit = self.units[name]
            if unit.is_up:
                unit.resume()  # one that a case left frozen
            await self.remove(name)
        for line in self.lines.values():
            await line.close()

    async def run(self, service: str, *arguments: str) -> tuple[int, str]:
        """Run Python in a service's environment, past every line; its exit code and output."""
        process = await self.start_python(service, *arguments)
        printed, _ = await process.communicate()
        return process.returncode or 0, printed.decode()

    async def start_python(self, service: str, *arguments: str) -> asyncio.subprocess.Process:
        """The same, begun; its output is in a pipe."""
        environment = services.environment(
            service,
            self.ports[service],
            self.databases[service],
            self.kafka,
            f"http://{LOOPBACK}:{self.ports['issuer']}",
            self.home,
        )
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )


@asynccontextmanager
async def planted(home: Path) -> AsyncIterator[Plant]:
    """A plant at work until the block ends; its files go with it."""
    plant = Plant(home, free_ports(), "", "")
    try:
        await plant.start()
        yield plant
    finally:
        await plant.stop()
        forget_state(home)

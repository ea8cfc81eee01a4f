"""Whoever acts in the stories: a client with a token, and the services' addresses."""

import json
import sys
from asyncio.subprocess import PIPE, STDOUT, create_subprocess_exec
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from common.ids import new_id
from common.testing.answers import Check, told_in
from local import services
from local.system import System


@dataclass
class County:
    """Calls the running services as one of the development clients."""

    system: System
    home: Path
    http: httpx.AsyncClient
    _tokens: dict[str, str] = field(default_factory=dict, repr=False)
    _told: dict[str, Check] = field(default_factory=dict, repr=False)

    async def token(self, client: str) -> str:
        """A bearer token of the issuer."""
        if client not in self._tokens:
            secrets = json.loads((self.home / "clients.json").read_text("utf-8"))
            answer = await self.http.post(
                f"{self.system.endpoints.issuer}/token",
                data={"grant_type": "client_credentials"},
                auth=(client, secrets[client]),
            )
            self._tokens[client] = answer.raise_for_status().json()["access_token"]
        return self._tokens[client]

    async def call(
        self, client: str, method: str, service: str, path: str, **options: Any
    ) -> httpx.Response:
        """One request; `options` as httpx takes them. What is answered is as the OpenAPI document tells."""
        headers = {"Authorization": f"Bearer {await self.token(client)}"}
        headers |= options.pop("headers", {})
        url = self.system.endpoints.services[service]
        answer = await self.http.request(method, url + path, headers=headers, **options)
        if service not in self._told:
            document = (await self.http.get(f"{url}/openapi.json")).raise_for_status().json()
            self._told[service] = told_in(lambda: document)
        await self._told[service](answer)
        return answer

    async def get(self, client: str, service: str, path: str) -> Any:
        """The JSON of a GET that must succeed."""
        answer = await self.call(client, "GET", service, path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def step(self, client: str, path: str, body: dict[str, Any]) -> httpx.Response:
        """One step of an episode, with a key of its own."""
        key = {"Idempotency-Key": str(new_id())}
        return await self.call(client, "POST", "identification", path, json=body, headers=key)

    async def fact(self, event: dict[str, Any]) -> httpx.Response:
        """医保 posts one CloudEvent."""
        media = {"Content-Type": "application/cloudevents+json"}
        return await self.call(
            "yibao",
            "POST",
            "identification",
            "/v1/events",
            content=json.dumps(event),
            headers=media,
        )

    async def set_clocks(self, moment: str | None) -> None:
        """The date on which everybody acts."""
        for service in ("identification", "visits"):
            answer = await self.call(
                "county-office", "PUT", service, "/v1/clock", json={"now": moment}
            )
            assert answer.status_code == 200, answer.text

    async def run(self, service: str, *arguments: str) -> str:
        """What Python prints, run with these arguments in a service's environment; it must succeed."""
        there = self.system.endpoints
        port = int(there.services[service].rpartition(":")[2])
        database, kafka = there.databases[service], there.kafka
        settings = services.environment(service, port, database, kafka, there.issuer, self.home)
        program = await create_subprocess_exec(
            sys.executable, *arguments, env=settings, stdout=PIPE, stderr=STDOUT
        )
        printed, _ = await program.communicate()
        assert program.returncode == 0, printed.decode()
        return printed.decode()

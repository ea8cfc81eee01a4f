"""The services: which there are, and the environment in which each runs.

`python -m local.services audit -m audit.rebuild` runs Python in the environment that a service of
the running system has.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from common.note import signer_of
from local.kept import kept, key
from local.places import ENDPOINTS, ROOT, STATE
from local.ports import DEVELOPMENT, LOOPBACK
from local.programs import Program
from local.steps import Trouble, trouble_told

KEYS = ("VAULT_KEY", "BLIND_INDEX_KEY")
LOG_KEYS = ("LOG_KEY",)
STATEMENT_KEYS = "statement-keys.json"  # of each service, by its name


def names() -> list[str]:
    """The services that this checkout has, in the order of their ports."""
    return [name for name in DEVELOPMENT if (ROOT / "services" / name / "pyproject.toml").exists()]


def environment(
    service: str,
    port: int,
    database_url: str,
    kafka: str,
    issuer: str,
    home: Path,
    others: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The environment of a service: ours, and its settings. Keys are made once, in `home`.

    `others` are the addresses of the services beside it.
    """
    found = {
        **without_proxy(),
        "HOST": LOOPBACK,
        "PORT": str(port),
        "DATABASE_URL": database_url,
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "ISSUER": issuer,
        "JWKS_URL": f"{issuer}/jwks",
        "PROFILE": "development",
        "INSTANCE": service,
        "STATEMENT_KEY": kept(home / STATEMENT_KEYS, [service], key)[service],
    }
    if service == "identification":
        found |= kept(home / "keys.json", KEYS, key)
        found["POLICY_FILE"] = str(ROOT / "policies" / "heping-2024.toml")
    if service == "audit":
        found |= kept(home / "log-key.json", LOG_KEYS, key)
        keys = kept(home / STATEMENT_KEYS, names(), key)
        found["STATEMENT_KEYS"] = " ".join(signer_of(name, keys[name]).vkey for name in names())
        if others and "identification" in others:
            found["IDENTIFICATION_URL"] = others["identification"]
    return found


def without_proxy() -> dict[str, str]:
    """Our environment, with no proxy between programs of this machine."""
    direct = ",".join(filter(None, [os.environ.get("NO_PROXY"), LOOPBACK]))
    return {**os.environ, "NO_PROXY": direct, "no_proxy": direct}


def program(name: str, module: str, settings: Mapping[str, str], logs: Path) -> Program:
    """A program of ours that serves HTTP and says at `/health/ready` whether it is ready."""
    url = f"http://{LOOPBACK}:{settings['PORT']}/health/ready"

    async def ready() -> str | None:
        try:
            async with httpx.AsyncClient(trust_env=False, verify=False, timeout=5) as client:
                answer = await client.get(url)
        except httpx.HTTPError as error:
            return f"{type(error).__name__} at {url}"
        return None if answer.status_code == 200 else f"{url} says {answer.text[:1000]}"

    command = (sys.executable, "-m", module)
    return Program(name, command, logs / f"{name}.log", ready, settings)


def main() -> None:
    """Become Python with the rest of the command line, in a service's environment."""
    with trouble_told():
        if not ENDPOINTS.exists():
            raise Trouble("Nothing is running here. Start it first: make run")
        service, *arguments = sys.argv[1:] or [""]
        running = json.loads(ENDPOINTS.read_text("utf-8"))
        if service not in running["services"]:
            unnamed = service[:1] in ("", "-")  # make rebuild without SERVICE=
            asked = "Which service?" if unnamed else f"No service {service!r} is running."
            raise Trouble(f"{asked} There are: {', '.join(running['services'])}")
        port = running["services"][service].rpartition(":")[2]
        database, kafka = running["databases"][service], running["kafka"]
        settings = environment(service, int(port), database, kafka, running["issuer"], STATE)
    os.execve(sys.executable, [sys.executable, *arguments], settings)


if __name__ == "__main__":
    main()

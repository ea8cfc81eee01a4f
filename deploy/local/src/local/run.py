"""`make run`: everything on this machine, until Ctrl-C. State stays."""

import asyncio
import json
import signal
import sys
import time

import asyncpg

from local.kept import private_write
from local.places import ENDPOINTS, STATE
from local.ports import development_ports, must_be_free
from local.programs import finished
from local.servers import ports_needed, servers
from local.services import names, without_proxy
from local.steps import only_one, step, trouble_told
from local.system import System, system

RUNNING = (
    "Shouwang already runs from this checkout (process {pid}). "
    "Use it, or stop it with Ctrl-C in its terminal."
)
# Endpoints for the loader alone. Left over from a load that was broken off, it asks for another.
LOADING = STATE / "endpoints.loading.json"


async def run() -> None:
    """Start everything, tell how to use it, wait for Ctrl-C, stop everything. Raises `Trouble`."""
    task, loop, started = asyncio.current_task(), asyncio.get_running_loop(), time.monotonic()
    assert task is not None

    def stop() -> None:
        if not task.cancelling():  # a second Ctrl-C must not break off the stopping
            task.cancel()
            print("\nStopping …", flush=True)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    ENDPOINTS.unlink(missing_ok=True)  # of one that was killed
    ports = development_ports()
    must_be_free(ports, [*ports_needed(), "issuer", *names()])
    try:
        async with (
            servers(STATE, ports, tell=_tell) as given,
            system(STATE, ports, given, tell=_tell) as running,
        ):
            await load_samples(running)
            private_write(ENDPOINTS, json.dumps(running.as_json(), indent=2) + "\n")
            print(welcome(running, time.monotonic() - started), flush=True)
            watches = [part.watch for part in running.parts.values()]
            given_up, _ = await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
            await given_up.pop()
    except asyncio.CancelledError:
        print(f"Stopped. What was recorded is kept in {STATE}.", flush=True)
    finally:
        ENDPOINTS.unlink(missing_ok=True)


async def load_samples(running: System) -> None:
    """Load the sample town, if nothing has been recorded yet. Raises `Trouble`."""
    database = running.endpoints.databases.get("identification")
    if database is None or not (LOADING.exists() or await _is_empty(database)):
        return
    private_write(LOADING, json.dumps(running.as_json()))
    command = (sys.executable, "-m", "samples.load", "--cases", "--endpoints", str(LOADING))
    with step("Loading the sample data"):
        advice = "The sample data could not be loaded. `make run` will try again."
        await finished(command, STATE / "logs" / "samples.log", advice, without_proxy())
    LOADING.unlink()


# The service publishes its policy parameters by itself at its first start.
_NO_HOUSEHOLD = "select not exists (select from es.events where type = 'HouseholdRegistered')"


async def _is_empty(database_url: str) -> bool:
    connection = await asyncpg.connect(database_url)
    try:
        return bool(await connection.fetchval(_NO_HOUSEHOLD))
    finally:
        await connection.close()


def welcome(running: System, seconds: float) -> str:
    """What a newcomer reads when everything is ready."""
    here = running.endpoints
    rows = {"issuer": here.issuer, "kafka": here.kafka, **here.services}
    lines = [
        f"\nReady in {seconds:.1f} s.\n",
        *(f"  {name:<16}{url}" for name, url in rows.items()),
    ]
    lines += [
        "",
        *([f"  Supervisors' page: {here.services['audit']}/"] if "audit" in here.services else []),
        "  Each service has /docs, /openapi.json, /health/ready and /metrics.",
        f"  The logs:        {STATE / 'logs'}",
        "  A token:         make -s token CLIENT=yibao        (who there is: make clients)",
    ]
    tries = [
        _curl(here.services, "identification", "/v1/households?limit=3", "county-office"),
        _curl(here.services, "identification", "/v1/fact-types", "yibao"),
        _curl(here.services, "audit", "/v1/households?limit=3", "supervisor"),
    ]
    lines += ["  Try:", *(f"    {command}" for command in tries if command)]
    return "\n".join([*lines, "", "  Ctrl-C stops everything."])


def _curl(urls: dict[str, str], service: str, path: str, client: str) -> str | None:
    if service not in urls:
        return None
    bearer = f'-H "Authorization: Bearer $(make -s token CLIENT={client})"'
    return f"curl -s {bearer} '{urls[service]}{path}'"


def _tell(line: str) -> None:
    print(f"\n  {line}", flush=True)


def main() -> None:
    """Run, unless this checkout already runs."""
    with trouble_told(), only_one(STATE / "run.lock", RUNNING):
        asyncio.run(run())


if __name__ == "__main__":
    main()

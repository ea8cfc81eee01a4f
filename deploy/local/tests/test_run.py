"""`make run` as a person meets it: real servers, real services, real signals."""

import re
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from deploy.local.tests.running import Run, until
from local.places import ROOT
from local.services import names


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    one = Run(tmp_path_factory.mktemp("state"))
    try:
        one.start()
        yield one
    finally:
        if one.process and one.ended() is None:
            one.stop()


def token(run: Run, client: str) -> str:
    made = run.make("make", "-s", "token", f"CLIENT={client}")
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def asked(run: Run, service: str, path: str, client: str) -> Any:
    """What a service answers to a client; None if it does not, or refuses."""
    headers = {"authorization": f"Bearer {token(run, client)}"}
    url = run.endpoints["services"][service] + path
    try:
        answer = httpx.get(url, headers=headers, trust_env=False)
    except httpx.TransportError:
        return None
    return answer.json() if answer.status_code == 200 else None


def households(run: Run) -> set[str]:
    """The register, as the county's office sees it."""
    found = asked(run, "identification", "/v1/households?limit=100", "county-office") or []
    return {household["register_number"] for household in found}


def test_endpoints_are_as_tools_expect_and_only_their_owner_may_read_them(run: Run) -> None:
    found = run.endpoints
    assert set(found) == {"services", "issuer", "kafka", "databases"}
    assert list(found["services"]) == list(found["databases"]) == names()
    assert all(url.startswith("http://127.0.0.1:") for url in found["services"].values())
    for name, url in found["databases"].items():
        assert url.startswith(f"postgresql://{name}:")
        assert url.endswith(f"/{name}")
    keys = ("keys.json", "log-key.json", "statement-keys.json", "issuer.pem")
    for file in ("endpoints.json", "clients.json", "passwords.json", *keys):
        assert stat.S_IMODE((run.state / file).stat().st_mode) == 0o600, file


@pytest.mark.parametrize("path", ["live", "ready"])
def test_every_service_answers(run: Run, path: str) -> None:
    for url in run.endpoints["services"].values():
        assert httpx.get(f"{url}/health/{path}", trust_env=False).status_code == 200


def test_a_token_is_printed_and_nothing_else(run: Run) -> None:
    made = run.make("make", "-s", "token", "CLIENT=yibao")
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", made.stdout)
    assert made.stderr == ""


def test_a_token_for_nobody_says_who_there_is(run: Run) -> None:
    made = run.make("make", "-s", "token", "CLIENT=nobody")
    assert made.returncode != 0
    assert made.stdout == ""
    assert "village-jucun" in made.stderr


def test_the_commands_that_it_prints_work(run: Run) -> None:
    commands = [line for line in run.said().splitlines() if line.strip().startswith("curl")]
    assert len(commands) == 3
    for command in commands:
        answered = run.make("bash", "-c", command)
        assert answered.stdout.startswith(("[{", "{")), answered
        assert '"status":4' not in answered.stdout


def test_the_sample_town_is_there_and_audit_tells_of_it(run: Run) -> None:
    assert len(households(run)) == 50
    until(lambda: (asked(run, "audit", "/v1/households", "supervisor") or {}).get("items"))


def test_the_sample_town_has_cases_at_every_stage(run: Run) -> None:
    """As `samples.cases` took the steps: the supervisors' pages have something to show."""
    found = asked(run, "identification", "/v1/households?limit=100", "county-office")
    stage = {one["register_number"]: one["stage"] for one in found}
    told = {
        "PZ-0002": "ELIMINATED",
        "PZ-0003": "MONITORED",
        "PZ-0005": "MONITORED",
        "PZ-0007": "NONE",  # rejected
        "PZ-0012": "PUBLICISED",
        "PZ-0015": "MONITORED",
        "PZ-0016": "VERIFYING",
        "PZ-0018": "CLUE_OPEN",
    }
    assert told.items() <= stage.items()


def test_audit_knows_the_key_of_every_service(run: Run) -> None:
    services = run.endpoints["services"]
    told = httpx.get(f"{services['audit']}/v1/log/keys", trust_env=False).json()["producers"]
    names = [key.partition("+")[0].rpartition("/")[2] for key in told]
    assert sorted(names) == sorted(services)


def test_a_second_run_says_that_there_is_one(run: Run) -> None:
    second = run.make("make", "run")
    assert second.returncode != 0
    assert "already runs from this checkout" in second.stderr
    assert run.ended() is None


def test_a_rebuild_has_the_environment_of_its_service(run: Run) -> None:
    read = "import os; print(os.environ['DATABASE_URL'])"
    program = [str(ROOT / ".local/venv/bin/python"), "-m", "local.services"]
    made = run.make(*program, "audit", "-c", read)
    assert made.stdout.strip() == run.endpoints["databases"]["audit"]
    assert "There are: identification" in run.make(*program, "nothing").stderr
    assert "Which service? There are: identification" in run.make(*program, "-m").stderr


def test_it_says_where_the_supervisors_page_is(run: Run) -> None:
    (page,) = re.findall(r"page: +(http\S+)", run.said())
    asks = httpx.get(page, trust_env=False)
    assert (asks.status_code, 'name="token"' in asks.text) == (401, True)


@pytest.mark.parametrize("name", ["visits", "postgres", "kafka"])
def test_what_is_killed_comes_back(run: Run, name: str) -> None:
    killed = run.children()[name]
    killed.kill()
    started = time.monotonic()
    until(lambda: run.children().get(name, killed).pid != killed.pid)
    ready = [f"{url}/health/ready" for url in run.endpoints["services"].values()]
    until(lambda: all(answers(url) for url in ready))
    assert time.monotonic() - started < 30
    assert f"{name} was ended by SIGKILL" in run.said()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_all_that_it_started_and_nothing_is_forgotten(
    run: Run, number: signal.Signals
) -> None:
    until(lambda: households(run))
    before, programs = households(run), run.children()
    assert set(programs) == {"postgres", "kafka", "local.issuer", *names()}
    assert run.stop(number) == 0
    assert not any(child.is_running() for child in programs.values())
    assert not (run.state / "endpoints.json").exists()
    run.start()
    assert "Loading the sample data" not in run.said()
    assert households(run) == before


def test_nothing_is_left_if_it_is_killed_itself(run: Run) -> None:
    programs = list(run.children().values())
    assert run.stop(signal.SIGKILL) == -signal.SIGKILL
    _, alive = psutil.wait_procs(programs, timeout=30)
    assert not alive
    run.start()


def test_a_service_that_cannot_start_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    broken = Run(tmp_path)
    broken.environment["BODY_LIMIT_BYTES"] = "plenty"
    with pytest.raises(AssertionError, match="body_limit_bytes"):
        broken.start()
    assert broken.ended() == 1
    assert "identification ended with code 1" in broken.said()
    assert str(tmp_path / "logs" / "identification.log") in broken.said()

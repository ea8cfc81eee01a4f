"""The one `Dockerfile`: what it copies is there, and what it starts can start."""

import json
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.deployment.facts import ROOT, SERVICES, pinned

TEXT = (ROOT / "Dockerfile").read_text("utf-8")


def instructions() -> Iterator[tuple[str, str]]:
    """Each instruction and its arguments; comments are gone, lines that go on are joined."""
    lines = (line for line in TEXT.splitlines() if line.strip() and not line.startswith("#"))
    for line in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
        word, _, rest = line.partition(" ")
        yield word, rest


def arguments(word: str) -> list[str]:
    return [rest for found, rest in instructions() if found == word]


def test_everything_that_it_copies_is_there_for_every_service() -> None:
    for copied in arguments("COPY"):
        source, target = copied.split()
        assert source == target, "the image has the same layout as the repository"
        for service in SERVICES:
            assert (ROOT / source.replace("${SERVICE}", service)).exists(), source


def test_the_engine_is_sent_all_that_is_copied_and_nothing_secret() -> None:
    patterns = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    sent = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    assert "*" in patterns
    for copied in arguments("COPY"):
        source = copied.split()[0]
        assert any(source == root or source.startswith(f"{root}/") for root in sent), source
    assert not any(fnmatch(hidden, root) for hidden in (".local", ".git") for root in sent)


def test_an_image_holds_one_service_and_cannot_import_its_neighbours() -> None:
    of_services = [copied.split()[0] for copied in arguments("COPY") if "services" in copied]
    assert of_services == ["services/${SERVICE}"]


def test_what_is_installed_is_pinned_with_hashes_or_is_our_own() -> None:
    seen = set()
    for run in arguments("RUN"):
        for command in re.findall(r"pip install[^&|;]*", run):
            ours = {"--no-deps", "--no-build-isolation"} <= set(command.split())
            seen.add(ours)
            paths = [word for word in command.split()[2:] if not word.startswith("-")]
            if ours:
                assert all(path.startswith(("libs/", "services/", "deploy/")) for path in paths)
            else:
                assert "--require-hashes -r requirements/runtime.txt" in command
    assert seen == {True, False}


def test_what_builds_our_packages_is_among_the_pinned() -> None:
    for project in [*ROOT.glob("libs/*/pyproject.toml"), *ROOT.glob("services/*/pyproject.toml")]:
        for needed in tomllib.loads(project.read_text("utf-8"))["build-system"]["requires"]:
            assert pinned(needed, "runtime.txt")


def test_every_base_image_is_pinned_and_the_last_stage_is_a_service() -> None:
    stages: list[str] = []
    for source in arguments("FROM"):
        base, _, stage = source.partition(" AS ")
        assert base in stages or re.search(r":\d+\.\d+\.\d+-", base), f"{base} is not pinned"
        stages.append(stage)
    assert stages[-1] == "service"


def test_the_python_is_the_one_that_the_requirements_were_resolved_for() -> None:
    assert arguments("FROM")[0].startswith("python:3.11.")


def test_no_stage_that_starts_something_runs_as_root() -> None:
    user = "root"
    for word, rest in instructions():
        if word == "FROM":
            user = "root"
        elif word == "USER":
            user = rest
        elif word == "CMD":
            assert user.isdecimal(), "Kubernetes can only tell a number from root"
            assert int(user) > 0


def test_a_service_is_started_as_a_module_that_it_has() -> None:
    assert json.loads(arguments("CMD")[-1]) == ["sh", "-c", 'exec python -m "$SERVICE"']
    for service in SERVICES:
        assert (ROOT / f"services/{service}/src/{service}/__main__.py").is_file()


class Healthy(BaseHTTPRequestHandler):
    """Answers 200 at /health/live and 404 anywhere else."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health/live" else 404)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Healthy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_its_health_check_tells_life_from_death(port: int) -> None:
    (check,) = arguments("HEALTHCHECK")
    _, *command = json.loads(check[check.index("CMD") + len("CMD") :])

    def verdict(at: int) -> int:
        asked = subprocess.run(
            [sys.executable, *command], env={"PORT": str(at)}, capture_output=True, check=False
        )
        return asked.returncode

    assert verdict(port) == 0
    assert verdict(9) != 0

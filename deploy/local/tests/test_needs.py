"""What is missing or in the way is said in words that tell what to do."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local import kafka
from local.places import ROOT
from local.ports import LOOPBACK, development_ports, free_ports, is_free, must_be_free
from local.postgres import provide
from local.steps import Trouble, only_one, trouble_told


def test_a_port_that_is_taken_is_named_with_its_holder_and_a_way_out() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        taken = rf"Port {port} for kafka is taken by .* \(process {os.getpid()}\)(.|\n)*KAFKA_PORT="
        with pytest.raises(Trouble, match=taken):
            must_be_free({"kafka": port, "audit": free_ports()["audit"]}, ["kafka", "audit"])


def test_ports_that_are_taken_are_chosen_anew_by_one_command() -> None:
    with socket.create_server((LOOPBACK, 0)) as one, socket.create_server((LOOPBACK, 0)) as two:
        ports = {"kafka": one.getsockname()[1], "audit": two.getsockname()[1]}
        chosen = f"KAFKA_PORT={ports['kafka'] + 1000} AUDIT_PORT={ports['audit'] + 1000} make run"
        with pytest.raises(Trouble, match=chosen):
            must_be_free(ports, ports)


def test_a_port_can_be_chosen_and_must_be_one() -> None:
    assert development_ports({"AUDIT_PORT": "9107"})["audit"] == 9107
    assert development_ports({"AUDIT_PORT": ""})["audit"] == 8107
    for nonsense in ("0", "65536", "many", "-1"):
        with pytest.raises(Trouble, match="AUDIT_PORT"):
            development_ports({"AUDIT_PORT": nonsense})


def test_free_ports_are_free_and_different() -> None:
    ports = free_ports()
    assert len(set(ports.values())) == len(ports)
    assert all(is_free(port) for port in ports.values())


def test_a_missing_java_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Trouble, match=r"Java 17 or newer is needed(.|\n)*apt install"):
        kafka.java()


def test_an_old_java_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text(
        "#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n", encoding="utf-8"
    )
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(Trouble, match=r"bin/java is openjdk version \"11"):
        kafka.java()


def test_a_lock_names_its_holder_and_goes_with_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with (
        only_one(lock, "taken by {pid}"),
        pytest.raises(Trouble, match=f"taken by {os.getpid()}"),
        only_one(lock, "taken by {pid}"),
    ):
        pass
    with only_one(lock, "taken by {pid}"):
        pass


def test_trouble_ends_a_program_without_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="Stop it first"), trouble_told():
        raise Trouble("Stop it first")
    with pytest.raises(SystemExit, match="Is the disk full"), trouble_told():
        (tmp_path / "no" / "such").write_text("", encoding="utf-8")


async def test_a_database_server_that_is_not_there_is_named() -> None:
    url = f"postgresql://postgres@{LOOPBACK}:{free_ports()['postgres']}/postgres"
    with pytest.raises(Trouble, match="DATABASE_URL"):
        await provide(url, "visits", {})


def test_setting_up_again_does_nothing_and_takes_no_time() -> None:
    again = subprocess.run(
        [sys.executable, "-m", "local.setup"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    )
    assert again.stdout == again.stderr == ""

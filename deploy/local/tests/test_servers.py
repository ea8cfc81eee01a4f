"""Servers of one's own, given ones, and PostgreSQL under root without user namespaces."""

import os
from pathlib import Path

import asyncpg
import pytest

from local import postgres
from local.fixtures import docker_answers, servers_for_tests
from local.kept import kept, key, password
from local.ports import LOOPBACK, free_ports
from local.programs import kept as kept_running
from local.servers import Servers, ports_needed
from local.setup import forget_state


async def test_given_servers_are_used_and_none_is_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka.test:9092")
    monkeypatch.setenv("DATABASE_URL", "postgresql://postgres@postgres.test/postgres")
    assert ports_needed() == []
    async with servers_for_tests(tmp_path) as given:
        assert given == Servers("kafka.test:9092", "postgresql://postgres@postgres.test/postgres")
    assert not os.listdir(tmp_path)


def test_without_an_engine_docker_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"tcp://{LOOPBACK}:{free_ports()['kafka']}")
    assert not docker_answers()


def test_secrets_are_made_once(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    first = kept(file, ["a"], password)
    both = kept(file, ["a", "b"], key)
    assert both["a"] == first["a"] != both["b"]
    assert kept(file, ["a"]) == both


async def test_a_role_sees_its_own_database_and_no_other(servers: Servers) -> None:
    names = ("alpha", "beta")
    passwords = {role: password() for name in names for role in (name, f"{name}_owner")}
    urls: dict[str, str] = {}
    for _ in range(2):  # again changes nothing
        for name in names:
            urls |= await postgres.provide(servers.postgres, name, passwords)
    mine = await asyncpg.connect(urls["alpha"])
    assert await mine.fetchval("select current_database()") == "alpha"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await mine.execute("create table public.mine ()")
    await mine.close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(urls["alpha"].removesuffix("alpha") + "beta")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(urls["alpha"].replace(passwords["alpha"], "wrong"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
async def test_root_can_run_it_where_user_namespaces_are_forbidden(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(postgres, "NAMESPACE", ("false",))
    os.chmod(tmp_path, 0o700)  # as CI's folder is
    try:
        program, url = postgres.program(tmp_path, tmp_path / "logs", free_ports()["postgres"])
        async with kept_running(program, print) as server:
            await server.until_ready()
            await (await asyncpg.connect(url)).close()
        elsewhere = postgres.place(tmp_path).data
        assert os.path.isdir(elsewhere)
        assert not str(elsewhere).startswith(str(tmp_path))
    finally:
        forget_state(tmp_path)
    assert not os.path.exists(elsewhere)

"""Another key for the vault: what was sealed before is opened, and sealed anew (ADR 0028)."""

import asyncio
import os
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag

from common.ids import new_id
from common.testing import database
from identification import masked
from identification import reseal as program
from identification import vault as vaults
from identification.reseal import Found, replace, reseal
from identification.seals import Personal, Vault, new_salt

OLD, NEW, INDEX = (b64encode(letter * 32).decode() for letter in (b"o", b"n", b"i"))
BEFORE, NEXT = Vault(OLD, INDEX, NEW), Vault(NEW, INDEX, OLD)


def said(_: str) -> None:
    """Nobody listens."""


def personal(n: int) -> Personal:
    return Personal(f"村民{n}", f"99000019700101{n:03d}X", "聚村一组")


@pytest.fixture
async def url(servers: Any) -> AsyncIterator[str]:
    """A database of its own."""
    async with database(servers.postgres, "vault") as made:
        yield made.url


@pytest.fixture
async def pool(url: str) -> AsyncIterator[asyncpg.Pool]:
    """An empty vault."""
    async with asyncpg.create_pool(url, min_size=1, max_size=2) as opened:
        await opened.execute(vaults.TABLES + masked.TABLES)
        yield opened


async def filled(pool: asyncpg.Pool, vault: Vault, *numbers: int) -> dict[UUID, Personal]:
    people = {new_id(): personal(n) for n in numbers}
    rows = [vault.seal(id_, new_id(), one, new_salt()) for id_, one in people.items()]
    async with pool.acquire() as connection:
        await vaults.keep(connection, rows)
    return people


async def opened(pool: asyncpg.Pool, vault: Vault) -> dict[UUID, Personal]:
    rows = await pool.fetch("select person_id, sealed from vault.person")
    return {row["person_id"]: vault.open(row["person_id"], row["sealed"]) for row in rows}


async def test_every_record_is_sealed_with_the_new_key_and_says_the_same(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "BATCH", 3)
    people = await filled(pool, BEFORE, *range(7))
    unchanged = "select person_id, salt, blind_index from vault.person order by person_id"
    kept = await pool.fetch(unchanged)
    assert await opened(pool, NEXT) == people, "the step before: both keys open"
    assert await reseal(pool, NEXT, said, check=True) == Found(7, 7, 0)
    assert await opened(pool, Vault(OLD, INDEX)) == people, "to check changes nothing"
    assert await reseal(pool, NEXT, said) == Found(7, 7, 0)
    assert await reseal(pool, NEXT, said) == Found(7, 0, 0)
    assert await opened(pool, Vault(NEW, INDEX)) == people
    assert await pool.fetch(unchanged) == kept
    with pytest.raises(InvalidTag):
        await opened(pool, Vault(OLD, INDEX))


async def test_what_is_written_meanwhile_stays(pool: asyncpg.Pool) -> None:
    (person,) = await filled(pool, BEFORE, 0)
    read = await pool.fetchval("select sealed from vault.person")
    anew = NEXT.anew(person, read)
    assert anew
    moved = Personal("村民0", personal(0).identity_number, "聚村二组")
    async with pool.acquire() as connection:
        await vaults.rewrite(connection, [NEXT.seal(person, new_id(), moved, new_salt(), read)])
    await replace(pool, [(person, read, anew)])
    assert await opened(pool, Vault(NEW, INDEX)) == {person: moved}


async def test_a_record_that_no_key_opens_is_named_and_left(pool: asyncpg.Pool) -> None:
    people = await filled(pool, BEFORE, 0, 1)
    lost = next(iter(people))
    await pool.execute("update vault.person set sealed = 'short' where person_id = $1", lost)
    lines: list[str] = []
    assert await reseal(pool, NEXT, lines.append) == Found(2, 1, 1)
    assert lines == [f"no key opens the record of {lost}"]
    assert await pool.fetchval("select sealed from vault.person where person_id = $1", lost) == (
        b"short"
    )


async def test_under_a_key_that_was_forgotten_not_everybody_is_named(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(pool, BEFORE, 0, 1, 2)
    monkeypatch.setattr(program, "SHOWN", 2)
    lines: list[str] = []
    assert await reseal(pool, Vault(NEW, INDEX), lines.append) == Found(3, 0, 3)
    assert len(lines) == 2


async def test_the_program_is_run_in_the_environment_of_the_service(
    pool: asyncpg.Pool, url: str
) -> None:
    await filled(pool, BEFORE, 0, 1, 2)
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "VAULT_KEY": NEW,
        "VAULT_KEYS_ALSO": OLD,
        "BLIND_INDEX_KEY": INDEX,
    }

    async def run(*asked: str, **more: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "identification.reseal", *asked),
            env={**environment, **more},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return process.returncode, out.decode()

    assert await run("--check") == (1, "3 records: 3 are under another key, 0 open with no key\n")
    clean = "3 records: 0 are under another key, 0 open with no key\n"
    assert await run() == (0, "3 records: 3 sealed anew\n" + clean)
    assert await run("--check", VAULT_KEYS_ALSO="") == (0, clean)
    await filled(pool, BEFORE, 3)  # by a process that was forgotten
    assert (await run("--check"))[0] == 1
    code, told = await run(VAULT_KEYS_ALSO="c2hvcnQ=")
    assert code == 1
    assert "VAULT_KEYS_ALSO must be 32 bytes in base64" in told

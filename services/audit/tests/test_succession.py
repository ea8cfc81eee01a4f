"""A new key of the log: what was signed stays verifiable, and neither key signs the other's checkpoints."""

import asyncio
import base64
import os
import sys
from asyncio import create_subprocess_exec, subprocess
from collections.abc import Awaitable, Callable, Sequence
from itertools import permutations
from pathlib import Path

import asyncpg
import httpx
import msgspec
import pytest
from fastapi import FastAPI

from audit import verify
from audit.fsck import fsck
from audit.log.growth import Inconsistent
from audit.log.keeper import LOCK, Keeper
from audit.log.note import succession
from audit.log.publishing import Published, take_back
from audit.main import NAME
from audit.succession import put_back, succeed
from audit.verify import INVALID, USAGE, VERIFIED, Bad, Dossier, Key, key_of, signers, successors
from audit.witness import Witness
from common.kafka import Place, Record
from common.note import Signer
from common.testing import NOON, Database, envelope, eventually, history, household
from common.topics import CHECKPOINTS
from contracts.envelope import Envelope
from services.audit.tests.test_counting import WAITS
from services.audit.tests.test_witness import answers

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]
OLD = Signer("shouwang.test/audit", bytes(range(32)))
NEW = Signer(OLD.name, bytes([9]) * 32)
THIRD = Signer(OLD.name, bytes([10]) * 32)
FOURTH = Signer(OLD.name, bytes([11]) * 32)
ME = household(1)


def names(keys: Sequence[Key]) -> set[tuple[bytes, int, int | None]]:
    return {(key.id, key.after, key.until) for key in keys}


def test_a_chain_of_keys_is_followed_from_any_of_them_in_any_order() -> None:
    """The log tells the oldest note first: whoever has the newest key goes against the order."""
    old, new, third, fourth = (key_of(signer.vkey) for signer in (OLD, NEW, THIRD, FOURTH))
    notes = [succession(OLD, NEW, 5), succession(NEW, THIRD, 8), succession(THIRD, FOURTH, 9)]
    whole = {(old.id, 0, 5), (new.id, 5, 8), (third.id, 8, 9), (fourth.id, 9, None)}
    for trusted in (old, new, third, fourth):
        for given in permutations(notes):
            assert names(successors([trusted], list(given))) == whole
    stranger = Signer(OLD.name, bytes(32))
    assert names(successors([key_of(stranger.vkey)], notes)) == {
        (key_of(stranger.vkey).id, 0, None)
    }


def test_a_key_needs_the_signatures_of_both() -> None:
    whole = succession(OLD, NEW, 5)
    text, _, lines = whole.rpartition("\n\n")
    for line in lines.splitlines():
        assert names(successors([key_of(OLD.vkey)], [f"{text}\n\n{line}\n"])) == {
            (key_of(OLD.vkey).id, 0, None)
        }
    with pytest.raises(Bad, match="forged"):
        successors([key_of(OLD.vkey)], [whole.replace("\n5\n", "\n6\n")])


def test_a_key_is_followed_by_one_of_the_same_log_and_by_a_note_of_that_form_only() -> None:
    other = Signer("another.test/audit", bytes([9]) * 32)
    text = succession(OLD, NEW, 5).rpartition("\n\n")[0].replace("succession/1", "succession/2")
    for note in (succession(OLD, other, 5), NEW.also_sign(OLD.sign(f"{text}\n"))):
        assert names(successors([key_of(OLD.vkey)], [note])) == {(key_of(OLD.vkey).id, 0, None)}


@pytest.mark.parametrize("size", [0, 5, 6, 1_000])
def test_a_stolen_old_key_gives_itself_neither_another_follower_nor_more_time(size: int) -> None:
    """Whoever stole it signs whatever note it likes with it, in whatever order a file has them."""
    old, new, thief = (key_of(signer.vkey) for signer in (OLD, NEW, THIRD))
    real = succession(OLD, NEW, 5)
    for evil in (succession(OLD, THIRD, size), succession(THIRD, OLD, size)):
        for given in ([real, evil], [evil, real], [evil, real, evil]):
            keys = successors([new], given)
            note = THIRD.sign(f"{OLD.name}\n6\n{'A' * 43}=\n")
            assert signers(note, keys) == []
            assert next(k for k in keys if k.same(old)).until == 5
            assert all(k.until is not None and k.until <= 5 for k in keys if k.same(thief))


def test_a_key_that_followed_one_follows_no_other() -> None:
    """Whoever stole it, once it is succeeded itself, puts no key of its own before it."""
    notes = [succession(OLD, NEW, 5), succession(NEW, FOURTH, 8), succession(THIRD, NEW, 6)]
    old, new, fourth = (key_of(signer.vkey).id for signer in (OLD, NEW, FOURTH))
    whole = {(old, 0, 5), (new, 5, 8), (fourth, 8, None)}
    assert names(successors([key_of(OLD.vkey)], notes)) == whole


@pytest.fixture
async def kept(app: FastAPI, pool: asyncpg.Pool, hear: Hear) -> str:
    """A checkpoint of the old key, one of the new key behind it, and the app with the new key."""
    await hear(history(3, household_id=ME))
    old = Keeper(pool, OLD)
    made = await old.keep(NOON)
    assert made
    async with pool.acquire() as connection:
        await succeed(connection, OLD, NEW)
    await hear([envelope(household_id=ME)])
    with pytest.raises(Inconsistent, match="for another key of the log to sign"):
        await old.keep(NOON)
    app.state.keeper = Keeper(pool, NEW)
    assert await app.state.keeper.keep(NOON)
    return made.note


@pytest.mark.parametrize("trusted", [OLD, NEW])
async def test_who_trusts_either_key_verifies_the_new_checkpoint_and_the_one_that_was_kept(
    client: httpx.AsyncClient, kept: str, trusted: Signer, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    """And so does a witness, who goes on from the last checkpoint of the old one."""
    raw = (await client.get(f"/v1/households/{ME}/dossier", params={"kept": 1})).json()
    assert verify.verify(Dossier(raw, [key_of(trusted.vkey)], [], kept))[0] == VERIFIED
    told = (await client.get("/v1/log/keys")).json()
    assert (told["key"], told["successions"]) == (NEW.vkey, raw["successions"])
    async with pool.acquire() as connection:
        assert await fsck(connection, NAME, trusted.vkey) == []
    witness = Witness("city.example", bytes(32), tmp_path / "seen")
    witness.memory.write_text(kept, "utf-8")
    told = await answers(client, 1, 2)
    cosigned = witness.look(told.__getitem__, [key_of(trusted.vkey)], int(NOON.timestamp()))
    assert signers(cosigned, [key_of(NEW.vkey), key_of(witness.vkey)]) == [NEW.name, witness.name]
    raw["successions"] = []
    code = verify.verify(Dossier(raw, [key_of(trusted.vkey)], [], kept))[0]
    assert code == (INVALID if trusted is OLD else USAGE)


async def test_a_file_from_before_is_verified_by_the_verifier_of_the_new_key(
    app: FastAPI, client: httpx.AsyncClient, pool: asyncpg.Pool, hear: Hear, tmp_path: Path
) -> None:
    """It has no note: whoever keeps it, and downloads the verifier anew, would read that it is unsigned."""
    await hear(history(3, household_id=ME))
    app.state.keeper = Keeper(pool, OLD)
    assert await app.state.keeper.keep(NOON)
    before = tmp_path / "before.json"
    before.write_bytes((await client.get(f"/v1/households/{ME}/dossier")).content)
    async with pool.acquire() as connection:
        await succeed(connection, OLD, NEW)
    app.state.keeper = Keeper(pool, NEW)
    (tmp_path / "verify.py").write_text((await client.get("/verify.py")).text, "utf-8")
    process = await create_subprocess_exec(
        *(sys.executable, "verify.py", before.name), cwd=tmp_path, stdout=subprocess.PIPE
    )
    told, _ = await process.communicate()
    assert process.returncode == VERIFIED, told.decode()


async def test_a_key_counts_for_its_own_checkpoints_only(kept: str, pool: asyncpg.Pool) -> None:
    """Also if the old one was stolen: that is what a new one is for."""
    keys = successors([key_of(NEW.vkey)], [succession(OLD, NEW, 1)])
    for signer, size, counts in ((OLD, 1, True), (OLD, 2, False), (NEW, 1, False), (NEW, 2, True)):
        note = signer.sign(f"{OLD.name}\n{size}\n{'A' * 43}=\n")
        assert bool(signers(note, keys)) is counts


async def test_a_log_that_lost_its_database_takes_back_what_its_old_key_signed(
    kept: str, pool: asyncpg.Pool
) -> None:
    state = await pool.fetchval("select state from log.checkpoints where size = 1")
    await pool.execute("truncate log.checkpoints; delete from log.tiles where tree = 0")
    with pytest.raises(Inconsistent, match="for another key of the log to sign"):
        await Keeper(pool, NEW).keep(NOON)
    no_checkpoint = Published(succession(OLD, NEW, 1), "")  # everybody has it, and may put it there
    values = [msgspec.json.encode(each) for each in (no_checkpoint, Published(kept, state))]
    records = [Record(Place(CHECKPOINTS, 0), n, None, [], v) for n, v in enumerate(values)]
    await take_back(Keeper(pool, NEW), records)
    assert await pool.fetchval("select note from log.checkpoints") == kept


async def test_a_key_is_succeeded_once_and_by_another(kept: str, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        for old, new, why in (
            (OLD, THIRD, "already"),
            (NEW, NEW, "is LOG"),
            (NEW, OLD, "followed"),
            (THIRD, FOURTH, "not the key that signed"),
        ):
            with pytest.raises(ValueError, match=why):
                await succeed(connection, old, new)
        note = await connection.fetchval("delete from log.successions returning note")
        with pytest.raises(ValueError, match="not a note"):
            await put_back(connection, note.rpartition("\n\n")[0] + "\n\n")
        await put_back(connection, note)
        assert await connection.fetchval("select size from log.successions") == 1


async def test_a_key_is_succeeded_after_the_checkpoint_that_is_being_signed(
    pool: asyncpg.Pool,
) -> None:
    """Or neither key had signed it."""
    note = OLD.sign(f"{OLD.name}\n1\n{'A' * 43}=\n")
    async with pool.acquire() as keeper, pool.acquire() as other:
        async with keeper.transaction():
            await keeper.execute("select pg_advisory_xact_lock($1)", LOCK)
            succeeding = asyncio.create_task(succeed(other, OLD, NEW))
            await eventually(lambda: pool.fetchval(WAITS, LOCK))
            await keeper.execute(
                "insert into log.checkpoints (size, state, note, made_at) values (1, '', $1, $2)",
                *(note, NOON),
            )
        await succeeding
    assert await pool.fetchval("select size from log.successions") == 1


async def test_the_command_prints_the_note_and_says_what_it_needs(
    db: Database, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    def key(byte: int) -> str:
        return base64.b64encode(bytes([byte]) * 32).decode()

    environment = {**os.environ, "DATABASE_URL": db.url, "LOG_KEY": key(1)}

    async def ran(*arguments: str, **more: str) -> tuple[int | None, str]:
        process = await create_subprocess_exec(
            *(sys.executable, "-m", "audit.succession", *arguments),
            env=environment | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        told, _ = await process.communicate()
        return process.returncode, told.decode()

    assert (await ran())[1].startswith("NEXT_LOG_KEY is not set")
    code, note = await ran(NEXT_LOG_KEY=key(2), LOG_ORIGIN="county.test/audit")
    assert note.split("\n")[1].startswith("county.test/audit+")
    assert (code, note) == (0, await pool.fetchval("select note from log.successions"))
    assert (await ran(NEXT_LOG_KEY=key(3)))[0] == 1
    await pool.execute("delete from log.successions")
    (tmp_path / "note").write_text(note, "utf-8")
    assert await ran("--note", str(tmp_path / "note")) == (0, note)
    code, why = await ran("--note", str(tmp_path / "note"))  # it is there already
    assert (code, why.partition(":")[0]) == (1, "The key of the log is as it was")

"""The whole log is derived again, and what does not hold is named."""

import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import pytest

from audit.fsck import fsck
from audit.log.keeper import Keeper
from audit.main import NAME
from common.note import Signer
from common.testing import NOON, Database, history, household
from contracts.envelope import Envelope
from services.audit.tests.conftest import LOG_KEY, SIGNER

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]


@pytest.fixture
async def log(pool: asyncpg.Pool, hear: Hear) -> asyncpg.Pool:
    """A log of two checkpoints, one record that is parked, and one that is not signed yet."""
    events = history(8, household_id=household(1), stream="household-1")
    gapped = history(3, household_id=household(2), stream="household-2")
    keeper = Keeper(pool, SIGNER)
    await hear([*events[:5], gapped[0], gapped[2]])
    assert await keeper.keep(NOON)
    await hear([*events[5:7], *history(2, service="visits", household_id=household(1))])
    assert await keeper.keep(NOON)
    await hear(events[7:])
    return pool


async def found(pool: asyncpg.Pool, key: str = SIGNER.vkey) -> list[str]:
    async with pool.acquire() as connection:
        return await fsck(connection, NAME, key)


async def test_an_untouched_log_holds(log: asyncpg.Pool) -> None:
    assert await found(log) == []


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (
            "update read.timeline set data = '{\"n\": 9}' where version = 3 and key ~ '1$'",
            "identification/0#2: the record was changed (Anything household-1 v3)",
        ),
        (
            "delete from read.timeline where version = 3 and key ~ '1$'",
            "identification/0#2: the record is gone",
        ),
        ("delete from es.parked", "identification/0#6: the record is gone"),
        ("delete from log.leaves where index = 4", "identification/0: leaf 4 is gone"),
        ("delete from log.leaves where tree > 12", "visits/0: not the 2 leaves that were signed"),
        (
            "update log.leaves set hash = sha256('x') where index = 4",
            "identification/0: not the 9 leaves that were signed",
        ),
        (
            "update log.leaves set key = 'x' where index = 4",
            "heads: not the households, or not their records, that were signed",
        ),
        (
            "update log.checkpoints set state = state || ' ' where size = 1",
            "checkpoint 1 does not go on from the one before",
        ),
        (
            "delete from log.checkpoints where size = 1",
            "checkpoint 2 does not go on from the one before",
        ),
    ],
)
async def test_what_was_changed_is_named(log: asyncpg.Pool, harm: str, said: str) -> None:
    await log.execute(harm)
    assert said in await found(log)


async def test_another_key_did_not_sign_it(log: asyncpg.Pool) -> None:
    other = Signer(SIGNER.name, bytes(32)).vkey
    assert await found(log, other) == ["checkpoint 1 is not signed by this key"]


async def test_every_checkpoint_is_to_be_signed_and_not_the_last_alone(log: asyncpg.Pool) -> None:
    await log.execute("update log.checkpoints set note = replace(note, '— ', '— x') where size = 1")
    assert await found(log) == ["checkpoint 1 is not signed by this key"]


async def test_the_command_says_against_which_key_it_checked(
    log: asyncpg.Pool, db: Database
) -> None:
    """In the environment of audit that of its own key; elsewhere the one that it is given, or none."""
    other = Signer(SIGNER.name, bytes(32)).vkey
    own = {"LOG_KEY": LOG_KEY, "LOG_ORIGIN": SIGNER.name}
    held = "2 checkpoints hold, and every tree; "
    by_own = f"{held}each is signed by {SIGNER.vkey}, or by a key that a note joins to it\n"
    keyless = f"{held}signatures were not checked: neither --key nor LOG_KEY is given\n"
    for environment, options, code, said in (
        (own, (), 0, by_own),
        ({}, ("--key", SIGNER.vkey), 0, by_own),
        ({}, (), 0, keyless),
        (own, ("--key", other), 1, "checkpoint 1 is not signed by this key\n"),
        (own, ("--key", "nonsense"), 2, "neither a verifier key nor a file with one\n"),
        (own | {"LOG_KEY": "nonsense"}, (), 2, "the key of the log: "),
        (own | {"DATABASE_URL": ""}, (), 2, "DATABASE_URL is not set"),
        (own | {"DATABASE_URL": "postgresql://127.0.0.1:1/none"}, (), 2, "Could not look: "),
    ):
        ran = await create_subprocess_exec(
            *(sys.executable, "-m", "audit.fsck", *options),
            env={"DATABASE_URL": db.url} | environment,
            stdout=PIPE,
            stderr=STDOUT,
        )
        told, _ = await ran.communicate()
        assert (ran.returncode, said in told.decode()) == (code, True), told.decode()

"""The whole log is derived again, and what does not hold is named."""

import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import asyncpg
import pytest

from audit.fsck import _main, fsck
from audit.log import stated, store
from audit.log.keeper import Keeper
from audit.main import NAME
from audit.verify import key_of
from common.note import WITNESS, Signer
from common.testing import NOON, Database, history, household
from contracts.envelope import Envelope
from services.audit.tests.conftest import LOG_KEY, PRODUCERS, SIGNER
from services.audit.tests.stating import entries_of, signed, stating

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]
CITY = Signer("witness.test/city", bytes(range(1, 33)), WITNESS)
VISITED = history(2, service="visits", household_id=household(1))
LATER = NOON + timedelta(hours=1)


@pytest.fixture
async def log(pool: asyncpg.Pool, hear: Hear) -> asyncpg.Pool:
    """A log of two checkpoints, the first of them cosigned, one record that is parked, and one that is not
    signed yet; and what visits states."""
    events = history(8, household_id=household(1), stream="household-1")
    gapped = history(3, household_id=household(2), stream="household-2")
    keeper = Keeper(pool, SIGNER)
    await hear([*events[:5], gapped[0], gapped[2]])
    first = await keeper.keep(NOON)
    assert first
    await hear([*events[5:7], *VISITED])
    assert await keeper.keep(NOON)
    await hear(events[7:])
    line = CITY.cosign(first.note, NOON).splitlines()[-1]
    async with pool.acquire() as connection:
        await store.cosign(connection, first.size, {CITY.name: line})
    await state(pool, VISITED)
    return pool


async def state(
    pool: asyncpg.Pool, recorded: Sequence[Envelope], signer: Signer | None = None
) -> None:
    """Keep what a service states of these records."""
    statement = stating(recorded, LATER)
    async with pool.acquire() as connection:
        note = signed(statement, signer)
        await stated.keep(connection, statement, note, 7, entries_of(recorded))


async def found(pool: asyncpg.Pool, key: str = SIGNER.vkey) -> list[str]:
    async with pool.acquire() as connection:
        services = [key_of(key) for key in PRODUCERS.split()]
        return await fsck(connection, NAME, key, [key_of(CITY.vkey)], services)


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
        (
            "delete from log.checkpoints where size = 1",
            "checkpoint 1 is gone, and was cosigned",
        ),
        (
            "update log.checkpoints set state = replace(state, 'state/1', 'x') where size = 2",
            "checkpoint 2: not a state",
        ),
        (
            "update log.cosignatures set line = overlay(line placing 'AAAA' from length(line) - 20)",
            f"checkpoint 1: the cosignature of {CITY.name}: the signature of {CITY.name} is forged",
        ),
        (
            "update log.cosignatures set size = 2",
            f"checkpoint 2: the cosignature of {CITY.name}: the signature of {CITY.name} is forged",
        ),
        (
            "update log.cosignatures set name = 'witness.test/town'",
            "checkpoint 1: the cosignature of witness.test/town is in another name",
        ),
        (
            "update log.statements set note = replace(note, ' 2 ', ' 3 ')",
            "statement of visits: the signature of shouwang.cn/visits is forged",
        ),
        (
            "update log.statements set until = until + interval '1 s'",
            "statement of visits: it is kept as another than it is",
        ),
        (
            "update log.stated set entry = replace(entry, ' 2 ', ' 3 ')",
            "statement of visits: the streams do not end where it signed",
        ),
        (
            "delete from log.stated",
            "statement of visits: the streams do not end where it signed",
        ),
        (
            "delete from log.statements",
            "statement of visits: it is gone, and where the streams end that it signed is there",
        ),
        (
            "update log.leaves set recorded_at = recorded_at + interval '1 day' where tree > 12",
            "statement of visits: what it recorded in 2024-06 is not what the log has",
        ),
    ],
)
async def test_what_was_changed_is_named(log: asyncpg.Pool, harm: str, said: str) -> None:
    await log.execute(harm)
    assert said in await found(log)


async def test_what_another_key_signed_in_the_name_of_a_service_is_named(
    log: asyncpg.Pool,
) -> None:
    await log.execute("delete from log.statements")
    await state(log, VISITED, Signer("shouwang.cn/visits", bytes(32)))
    assert await found(log) == ["statement of visits: it is not signed by a key of visits"]


async def test_what_its_service_did_not_record_is_named(log: asyncpg.Pool) -> None:
    await log.execute("delete from log.statements")
    await log.execute("delete from log.stated")
    await state(log, VISITED[:1])
    assert await found(log) == [
        "statement of visits: what it recorded in 2024-06 is not what the log has",
        f"statement of visits: it did not record {VISITED[1].stream} v2 ({household(1)})",
    ]


async def test_what_was_signed_is_not_sought_on_the_topics_where_it_cannot_be_read(
    log: asyncpg.Pool, db: Database
) -> None:
    await log.execute("update log.checkpoints set state = replace(state, 'state/1', 'x')")
    named, _ = await _main(db.url, None, [], [], "127.0.0.1:1")
    assert "checkpoint 2: not a state" in named


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
    others = {"LOG_WITNESSES": CITY.vkey, "STATEMENT_KEYS": PRODUCERS}
    held = "2 checkpoints hold, and every tree; "
    by_own = f"{held}each is signed by {SIGNER.vkey}, or by a key that a note joins to it\n"
    keyless = f"""{held}signatures were not checked: neither --key nor LOG_KEY is given
cosignatures were not checked: LOG_WITNESSES is not given
statements agree with the log; signatures were not checked: STATEMENT_KEYS is not given
"""
    by_others = f"""cosignatures of {CITY.name} hold; others were not checked
statements agree with the log, and are signed by {", ".join(k.split("+")[0] for k in PRODUCERS.split())}
"""
    for environment, options, code, said in (
        (own, (), 0, by_own),
        (own | others, (), 0, by_own + by_others),
        ({}, ("--key", SIGNER.vkey), 0, by_own),
        ({}, (), 0, keyless),
        (own, ("--key", other), 1, "checkpoint 1 is not signed by this key\n"),
        (own, ("--key", "nonsense"), 2, "neither a verifier key nor a file with one\n"),
        (own | {"LOG_KEY": "nonsense"}, (), 2, "the key of the log: "),
        (own | {"LOG_WITNESSES": "nonsense"}, (), 2, "the keys of witnesses and services: "),
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

"""Give the log a new key: `python -m audit.succession`, in the environment of audit.

A note that both keys sign says from how many checkpoints on the new one signs; the old one stops at
once. Readers who trust either key trust the other through that note, each for its own checkpoints. Needs
DATABASE_URL, LOG_KEY and NEXT_LOG_KEY; prints the note. Then start audit with LOG_KEY as the new one.
`--note FILE` puts a note back that the database has lost.
"""

import argparse
import asyncio
import base64
import os
import sys
from pathlib import Path

import asyncpg

from audit.log import store
from audit.log.keeper import LOCK
from audit.log.note import succession
from audit.settings import ORIGIN
from audit.verify import key_of, signers, successors
from common.intents import Connection
from common.note import Signer


async def succeed(connection: Connection, old: Signer, new: Signer) -> str:
    """The note, kept: `new` signs in place of `old` from the next checkpoint on.

    Raises `ValueError` if `old` does not sign, or not any more, or `new` does or did.
    """
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
        last = await store.latest(connection)
        size = last.size if last else 0
        known = successors([key_of(old.vkey)], await store.successions(connection))
        if any(key.same(key_of(old.vkey)) and key.until is not None for key in known):
            raise ValueError("LOG_KEY has been succeeded already")
        if any(key.same(key_of(new.vkey)) for key in known):
            raise ValueError("NEXT_LOG_KEY is LOG_KEY, or a key that it followed")
        if last and not signers(last.note, known):  # its note would never go away again
            raise ValueError("LOG_KEY is not the key that signed the last checkpoint")
        note = succession(old, new, size)
        await connection.execute(_KEPT, size, note)
        return note


async def put_back(connection: Connection, note: str) -> None:
    """Keep a note that was made before. Raises `ValueError` unless both keys signed it."""
    _, old, _, size, *_ = note.split("\n")
    if len(successors([key_of(old)], [note])) != 2:
        raise ValueError("not a note by which one key of a log follows another")
    await connection.execute(_KEPT, int(size), note)


_KEPT = "insert into log.successions (size, note) values ($1, $2)"


async def _main(url: str, note: str | None) -> str:
    connection = await asyncpg.connect(url)
    try:
        if note is None:
            return await succeed(connection, _signer("LOG_KEY"), _signer("NEXT_LOG_KEY"))
        await put_back(connection, note)
        return note
    finally:
        await connection.close()


def main() -> None:
    """Make the note, or put one back, and print it."""
    asking = argparse.ArgumentParser(prog="python -m audit.succession", description=__doc__)
    asking.add_argument("--note", type=Path, help="a note to put back")
    asked = asking.parse_args()
    try:
        note = asked.note.read_text("utf-8") if asked.note else None
        sys.stdout.write(asyncio.run(_main(_setting("DATABASE_URL"), note)))
    except (ValueError, OSError, asyncpg.PostgresError) as error:
        sys.exit(f"The key of the log is as it was: {error}")


def _signer(name: str) -> Signer:
    seed = base64.b64decode(_setting(name), validate=True)
    return Signer(os.environ.get("LOG_ORIGIN", ORIGIN), seed)


def _setting(name: str) -> str:
    return os.environ.get(name) or sys.exit(f"{name} is not set: see python -m audit.succession -h")


if __name__ == "__main__":
    main()

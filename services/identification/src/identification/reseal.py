"""Every record of the vault under `VAULT_KEY`: `python -m identification.reseal`.

For a key that is replaced (ADR 0028): run in the environment of identification, once each of its processes
seals with the new key and opens with the old one. It may be ended and begun again, beside a service that
works. `--check` changes nothing. Exits 0 when, looked through again, nothing is sealed with another key,
1 otherwise.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from cryptography.exceptions import InvalidTag

from common.settings import given
from identification.seals import Vault

BATCH = 1_000
TELL = 1.0  # seconds between words of progress
SHOWN = 20  # of the records that no key opens, how many are named

Say = Callable[[str], None]


@dataclass
class Found:
    """What became of the records: sealed anew (or to be), and those that no key opens."""

    records: int = 0
    anew: int = 0
    unopened: int = 0


async def reseal(pool: asyncpg.Pool, vault: Vault, say: Say, *, check: bool = False) -> Found:
    """Seal every record with the key of `vault` that is sealed with another one. A batch is a transaction.

    What is written meanwhile stays as it was written. A record that no key opens stays as it is.
    """
    total = await pool.fetchval("select count(*) from vault.person")
    found, last, told = Found(), UUID(int=0), time.monotonic()
    while rows := await pool.fetch(_NEXT, last, BATCH):
        last = rows[-1]["person_id"]
        anew: list[tuple[UUID, bytes, bytes]] = []
        for person_id, sealed in rows:
            try:
                if fresh := vault.anew(person_id, sealed):
                    anew.append((person_id, sealed, fresh))
            except (InvalidTag, ValueError):
                found.unopened += 1
                if found.unopened <= SHOWN:
                    say(f"no key opens the record of {person_id}")
        found.records += len(rows)
        found.anew += len(anew)
        if anew and not check:
            await replace(pool, anew)
        if time.monotonic() - told > TELL:
            told = time.monotonic()
            say(f"{found.records:,} of {total:,} records")
    return found


async def replace(pool: asyncpg.Pool, anew: Sequence[tuple[UUID, bytes, bytes]]) -> None:
    """Person, record as it was read, and sealed anew: what somebody has written meanwhile stays."""
    await pool.execute(_ANEW, *zip(*anew, strict=True))


# What is written behind us is sealed with the new key.
_NEXT = """
select person_id, sealed from vault.person where person_id > $1 order by person_id limit $2
"""
_ANEW = """
update vault.person p set sealed = n.anew
from unnest($1::uuid[], $2::bytea[], $3::bytea[]) as n (person_id, sealed, anew)
where p.person_id = n.person_id and p.sealed = n.sealed
"""


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _main(url: str, vault: Vault, check: bool) -> bool:
    """Whether nothing is left: a process that seals with the old key may have written meanwhile."""
    pool = await asyncpg.create_pool(url, min_size=1, max_size=1, timeout=10)
    try:
        if not check:
            done = await reseal(pool, vault, _say)
            _say(f"{done.records:,} records: {done.anew:,} sealed anew")
        left = await reseal(pool, vault, _say, check=True)
    finally:
        await pool.close()
    _say(
        f"{left.records:,} records: {left.anew:,} are under another key, "
        f"{left.unopened:,} open with no key"
        + (": is the one that sealed them in VAULT_KEYS_ALSO?" if left.unopened else "")
    )
    return not (left.anew or left.unopened)


def main() -> None:
    """Seal, and say what was there."""
    asking = argparse.ArgumentParser(prog="python -m identification.reseal", description=__doc__)
    asking.add_argument("--check", action="store_true", help="count only")
    check = asking.parse_args().check
    keys = given("VAULT_KEY"), given("BLIND_INDEX_KEY"), os.environ.get("VAULT_KEYS_ALSO", "")
    try:
        vault = Vault(*keys)
    except ValueError as error:
        sys.exit(str(error))
    sys.exit(0 if asyncio.run(_main(given("DATABASE_URL"), vault, check)) else 1)


if __name__ == "__main__":
    main()

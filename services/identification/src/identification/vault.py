"""The vault: the only place of names, identity numbers and addresses.

Each person's record is sealed with AES-256-GCM (associated data: the person's id, so that records
cannot be swapped), found by a blind index (HMAC-SHA-256 of the identity number), and committed to
in events by `sha256(salt ‖ record)`. Deleting row and salt erases the person; the log and every
proof stay whole.
"""

import hmac
import json
import os
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from common.intents import Connection

NONCE = 12

TABLES = """
create schema if not exists vault;
create table if not exists vault.person (
    person_id    uuid primary key,
    household_id uuid  not null,
    blind_index  bytea not null,
    salt         bytea not null,
    sealed       bytea not null,
    key_version  smallint not null default 1,
    constraint one_household_per_person unique (blind_index)
);
create index if not exists person_household on vault.person (household_id);
"""


@dataclass(frozen=True)
class Personal:
    """What identifies a person. `address` is the household's."""

    name: str
    identity_number: str
    address: str


@dataclass(frozen=True)
class Sealed:
    """A row of the vault."""

    person_id: UUID
    household_id: UUID
    blind_index: bytes
    salt: bytes
    sealed: bytes


@dataclass(frozen=True)
class Known:
    """A person found by identity number: who, in which household, in which area."""

    person_id: UUID
    household_id: UUID
    region: str


class Vault:
    """Seals and finds. Both keys are 32 bytes, base64; raises `ValueError` if they are not."""

    def __init__(self, key: str, index_key: str) -> None:
        keys = b64decode(key), b64decode(index_key)
        if any(len(k) != 32 for k in keys):
            raise ValueError("VAULT_KEY and BLIND_INDEX_KEY must be 32 bytes in base64 each")
        self._aead = AESGCM(keys[0])
        self._index_key = keys[1]

    def blind_index(self, identity_number: str) -> bytes:
        """Equal numbers have equal indexes; without the key nothing else can be learnt."""
        return hmac.digest(
            self._index_key, b"identity-number:" + identity_number.encode(), "sha256"
        )

    def seal(self, person_id: UUID, household_id: UUID, personal: Personal, salt: bytes) -> Sealed:
        """The row to keep."""
        nonce = os.urandom(NONCE)
        sealed = nonce + self._aead.encrypt(nonce, _record(personal), person_id.bytes)
        index = self.blind_index(personal.identity_number)
        return Sealed(person_id, household_id, index, salt, sealed)

    def open(self, person_id: UUID, sealed: bytes) -> Personal:
        """The record. Raises `cryptography.exceptions.InvalidTag` if it was changed or swapped."""
        record = self._aead.decrypt(sealed[:NONCE], sealed[NONCE:], person_id.bytes)
        return Personal(**json.loads(record))


def commitment(personal: Personal, salt: bytes) -> str:
    """Hex sha256 over salt and record: proves the record without telling it."""
    return sha256(b"shouwang/person/1" + salt + _record(personal)).hexdigest()


def new_salt() -> bytes:
    """32 bytes of chance."""
    return os.urandom(32)


def _record(personal: Personal) -> bytes:
    return json.dumps(asdict(personal), ensure_ascii=False, sort_keys=True).encode()


async def salts(connection: Connection, persons: Sequence[UUID]) -> dict[UUID, bytes]:
    """The salts of persons already in the vault, so that registering again commits to the same."""
    rows = await connection.fetch(
        "select person_id, salt from vault.person where person_id = any($1::uuid[])", persons
    )
    return {row["person_id"]: row["salt"] for row in rows}


async def find(connection: Connection, indexes: Sequence[bytes]) -> dict[bytes, Known]:
    """Persons by blind index, in one query; those nobody knows are absent."""
    rows = await connection.fetch(
        """
        select p.blind_index, p.person_id, p.household_id, h.region
        from vault.person p join read.household h using (household_id)
        where p.blind_index = any($1::bytea[])
        """,
        indexes,
    )
    return {
        row["blind_index"]: Known(row["person_id"], row["household_id"], row["region"])
        for row in rows
    }


async def keep(connection: Connection, rows: Sequence[Sealed]) -> None:
    """Put persons into the vault. Raises `UniqueViolationError` for a person of another household."""
    await connection.execute(
        """
        insert into vault.person (person_id, household_id, blind_index, salt, sealed)
        select * from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[])
        """,
        [row.person_id for row in rows],
        [row.household_id for row in rows],
        [row.blind_index for row in rows],
        [row.salt for row in rows],
        [row.sealed for row in rows],
    )

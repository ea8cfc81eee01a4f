"""How a person's record is sealed, found and committed to.

AES-256-GCM (associated data: the person's id, so that records cannot be swapped); the blind index is the
HMAC-SHA-256 of the identity number; events commit to `sha256(salt ‖ record)`.
"""

import json
import os
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from identification.identity import of_person

NONCE = 12


@dataclass(frozen=True)
class Personal:
    """What identifies a person. `address` is the household's; a newborn's number may be empty."""

    name: str
    identity_number: str
    address: str


@dataclass(frozen=True)
class Sealed:
    """A row of the vault. `was` is the sealed record that it was made from, as that was read: the one it
    replaces, or of somebody who joins, the one with the address of the household."""

    person_id: UUID
    household_id: UUID
    blind_index: bytes
    salt: bytes
    sealed: bytes
    was: bytes = b""


class Vault:
    """Seals and finds. Every key is 32 bytes, base64; raises `ValueError` if one is not.

    `also` are other keys that records were sealed with, or will be, with a space between (ADR 0028).
    """

    def __init__(self, key: str, index_key: str, also: str = "") -> None:
        index, *keys = (b64decode(k) for k in (index_key, key, *also.split()))
        if any(len(k) != 32 for k in (index, *keys)):
            raise ValueError(
                "VAULT_KEY, BLIND_INDEX_KEY and each of VAULT_KEYS_ALSO must be 32 bytes in base64"
            )
        self._aead, *self._others = (AESGCM(k) for k in keys)
        self._index = HMAC(index, SHA256())
        self._index.update(b"identity-number:")

    def blind_index(self, identity_number: str) -> bytes:
        """Equal persons have equal indexes, by identity card or disability card; without the key
        nothing else can be learnt. HMAC-SHA-256 from a copy, which does not prepare the key again."""
        index = self._index.copy()
        index.update(of_person(identity_number).encode())
        return index.finalize()

    def seal(
        self, person_id: UUID, household_id: UUID, personal: Personal, salt: bytes, was: bytes = b""
    ) -> Sealed:
        """The row to keep, in place of the sealed record `was` if there is one."""
        sealed = self._sealed(person_id, _record(personal))
        number = personal.identity_number
        index = self.blind_index(number) if number else self._without_number(person_id)
        return Sealed(person_id, household_id, index, salt, sealed, was)

    def instead(
        self, person_id: UUID, household_id: UUID, personal: Personal, was: bytes
    ) -> tuple[Sealed, str]:
        """The row to keep in place of the sealed record `was`, under a salt of its own, and the commitment
        to it."""
        salt = new_salt()
        return self.seal(person_id, household_id, personal, salt, was), commitment(personal, salt)

    def _without_number(self, person_id: UUID) -> bytes:
        """An index that no number has, and no other person."""
        index = self._index.copy()
        index.update(b"none:" + person_id.bytes)
        return index.finalize()

    def _sealed(self, person_id: UUID, record: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._aead.encrypt(nonce, record, person_id.bytes)

    def open(self, person_id: UUID, sealed: bytes) -> Personal:
        """The record. Raises `cryptography.exceptions.InvalidTag` if it was changed or swapped, or sealed
        with a key that is not here."""
        return Personal(**json.loads(self._opened(person_id, sealed, [self._aead, *self._others])))

    def anew(self, person_id: UUID, sealed: bytes) -> bytes | None:
        """A record sealed with another key, under this one; `None` if it is. Raises as `open` does."""
        try:
            self._opened(person_id, sealed, [self._aead])
        except InvalidTag:
            return self._sealed(person_id, self._opened(person_id, sealed, self._others))
        return None

    def _opened(self, person_id: UUID, sealed: bytes, keys: Sequence[AESGCM]) -> bytes:
        for key in keys:
            try:
                return key.decrypt(sealed[:NONCE], sealed[NONCE:], person_id.bytes)
            except InvalidTag:
                continue
        raise InvalidTag


def commitment(personal: Personal, salt: bytes) -> str:
    """Hex sha256 over salt and record: proves the record without telling it."""
    return sha256(b"shouwang/person/1" + salt + _record(personal)).hexdigest()


def new_salt() -> bytes:
    """32 bytes of chance."""
    return os.urandom(32)


def _record(personal: Personal) -> bytes:
    return json.dumps(asdict(personal), ensure_ascii=False, sort_keys=True).encode()

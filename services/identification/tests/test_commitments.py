"""What stands in events for a person can neither be guessed nor recognised in another place."""

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import pytest

from identification.seals import Personal, Vault, commitment, new_salt

SOMEBODY = Personal("张三", "990000198001010017", "彭寨镇")


def test_T15_no_salt_is_used_twice_and_none_can_be_guessed() -> None:
    salts = {new_salt() for _ in range(1_000)}
    assert len(salts) == 1_000
    assert {len(salt) for salt in salts} == {32}


def test_T15_the_same_person_is_not_recognised_under_another_salt() -> None:
    assert commitment(SOMEBODY, bytes(32)) != commitment(SOMEBODY, bytes([1]) * 32)
    known = (SOMEBODY.identity_number, SOMEBODY.name)
    assert commitment(SOMEBODY, new_salt()) not in {sha256(k.encode()).hexdigest() for k in known}


def test_the_commitment_to_a_record_is_the_same_for_ever() -> None:
    """Or nobody could prove any more what an event of years ago spoke of."""
    record = '{"address": "彭寨镇", "identity_number": "990000198001010017", "name": "张三"}'
    expected = sha256(b"shouwang/person/1" + bytes(32) + record.encode()).hexdigest()
    assert commitment(SOMEBODY, bytes(32)) == expected


def test_the_commitment_is_to_all_that_the_vault_has_of_the_person() -> None:
    salt = new_salt()
    for other in ({"name": "李四"}, {"identity_number": "1"}, {"address": "阳明镇"}):
        assert commitment(replace(SOMEBODY, **other), salt) != commitment(SOMEBODY, salt)


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("size", [16, 33])
def test_no_key_is_shorter_or_longer_than_it_should_be(place: int, size: int) -> None:
    """A cipher takes shorter ones too, and would be the weaker without a word."""
    keys = [b64encode(bytes(32)).decode() for _ in range(3)]
    Vault(*keys)
    keys[place] = b64encode(bytes(size)).decode()
    with pytest.raises(ValueError, match="must be 32 bytes"):
        Vault(*keys)

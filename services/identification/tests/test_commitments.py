"""What stands in events for a person can neither be guessed nor recognised in another place."""

from dataclasses import replace
from hashlib import sha256

from identification.seals import Personal, commitment, new_salt

SOMEBODY = Personal("张三", "990000198001010017", "彭寨镇")


def test_T15_no_salt_is_used_twice_and_none_can_be_guessed() -> None:
    salts = {new_salt() for _ in range(1_000)}
    assert len(salts) == 1_000
    assert {len(salt) for salt in salts} == {32}


def test_T15_the_same_person_is_not_recognised_under_another_salt() -> None:
    assert commitment(SOMEBODY, bytes(32)) != commitment(SOMEBODY, bytes([1]) * 32)
    known = (SOMEBODY.identity_number, SOMEBODY.name)
    assert commitment(SOMEBODY, new_salt()) not in {sha256(k.encode()).hexdigest() for k in known}


def test_the_commitment_is_to_all_that_the_vault_has_of_the_person() -> None:
    salt = new_salt()
    for other in ({"name": "李四"}, {"identity_number": "1"}, {"address": "阳明镇"}):
        assert commitment(replace(SOMEBODY, **other), salt) != commitment(SOMEBODY, salt)

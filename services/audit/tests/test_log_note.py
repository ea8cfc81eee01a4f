"""Signed notes, checkpoints and the heads map, against published examples and naive twins."""

import base64
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import verify
from audit.log.heads import HeadsMap, entry
from audit.log.note import checkpoint, state
from audit.log.tree import EMPTY
from audit.verify import Bad, Head, head_of, included, key_of, leaf_hash, signers, state_of
from common.note import WITNESS, Signer
from common.testing import NOON

SIGNER = Signer("shouwang.example/audit", bytes(range(32)))
TEXT = checkpoint(Head(SIGNER.name, 7, sha256(b"x").digest()))

# The example of c2sp.org/signed-note.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2"
    "ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# RFC 8032, 7.1, tests 1 to 3: secret key, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize("vector", RFC_8032)
def test_the_published_signatures_are_valid_and_one_bit_off_is_not(
    vector: tuple[str, str, str, str],
) -> None:
    _, public, message, signature = (bytes.fromhex(part) for part in vector)
    for valid in (verify.ed25519_in_python, verify.ed25519):
        assert valid(public, message, signature)
        for at in (0, 40):
            forged = signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
            assert not valid(public, message, forged)
        assert not valid(public, message + b".", signature)


@pytest.mark.parametrize("vector", RFC_8032)
def test_a_signature_has_one_form(vector: tuple[str, str, str, str]) -> None:
    """Or whoever has one makes another of it, without the key (RFC 8032, 5.1.7)."""
    _, public, message, signature = (bytes.fromhex(part) for part in vector)
    factor = int.from_bytes(signature[32:], "little")
    for twin in (factor + verify.L, verify.L - factor):
        forged = signature[:32] + twin.to_bytes(32, "little")
        for valid in (verify.ed25519_in_python, verify.ed25519):
            assert not valid(public, message, forged)


def test_a_point_has_one_form() -> None:
    beyond, nothing = verify.P, 1 | 1 << 255  # zero once more; minus zero
    for number in (beyond, beyond + 1, nothing):
        assert verify._point(number.to_bytes(32, "little")) is None


def test_a_key_ends_where_the_message_begins() -> None:
    signature = SIGNER._private.sign(b"\0message")
    public = key_of(SIGNER.vkey).public
    for valid in (verify.ed25519_in_python, verify.ed25519):
        assert valid(public, b"\0message", signature)
        assert not valid(public + b"\0", b"message", signature)


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(), st.binary(min_size=64, max_size=64))
def test_both_ways_of_verifying_agree(seed: bytes, message: bytes, other: bytes) -> None:
    signer = Signer("x", seed)
    public = key_of(signer.vkey).public
    signature = signer._private.sign(message)
    assert verify.ed25519_in_python(public, message, signature)
    assert not verify.ed25519_in_python(public, message, other)
    assert verify.ed25519_in_python(seed, message, other) == verify.ed25519(seed, message, other)


@pytest.mark.parametrize(
    "refusal", [UnsupportedAlgorithm("FIPS"), RuntimeError("of another build")]
)
def test_a_signature_is_checked_in_python_where_the_package_will_not_do_it(
    monkeypatch: pytest.MonkeyPatch, refusal: Exception
) -> None:
    def refused(_: bytes) -> None:
        raise refusal

    monkeypatch.setattr(Ed25519PublicKey, "from_public_bytes", refused)
    assert signers(NOTE, [key_of(VKEY)]) == ["example.com/foo"]
    with pytest.raises(Bad, match="forged"):
        signers(NOTE.replace("an example", "another"), [key_of(VKEY)])


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_or_signature_of_another_length_is_invalid(length: int) -> None:
    assert not verify.ed25519_in_python(bytes(length), b"", bytes(64))
    assert not verify.ed25519_in_python(bytes(32), b"", bytes(length))


def test_the_example_of_the_specification_is_verified() -> None:
    assert signers(NOTE, [key_of(VKEY)]) == ["example.com/foo"]


def test_a_note_is_signed_by_whoever_signed_it_and_by_nobody_else() -> None:
    note = SIGNER.sign(TEXT)
    other = Signer(SIGNER.name, bytes(32))
    assert signers(note, [key_of(SIGNER.vkey)]) == [SIGNER.name]
    assert signers(note, [key_of(other.vkey)]) == []
    assert signers(TEXT, [key_of(SIGNER.vkey)]) == []


def test_a_changed_text_under_a_known_key_is_a_forgery() -> None:
    forged = SIGNER.sign(TEXT).replace("\n7\n", "\n8\n")
    with pytest.raises(Bad, match="forged"):
        signers(forged, [key_of(SIGNER.vkey)])


def test_a_witness_adds_its_line_and_the_logs_stays_valid() -> None:
    witness = Signer("witness.example", bytes(31) + b"w", WITNESS)
    note = witness.cosign(SIGNER.sign(TEXT), datetime(2024, 6, 3, tzinfo=UTC))
    keys = [key_of(SIGNER.vkey), key_of(witness.vkey)]
    assert signers(note, keys) == [SIGNER.name, "witness.example"]
    later = base64.b64decode(note.split()[-1])
    moved = base64.b64encode(later[:11] + b"\1" + later[12:]).decode()
    with pytest.raises(Bad, match=r"witness\.example is forged"):
        signers(note.replace(note.split()[-1], moved), keys)


def vkey(kind: int, length: int) -> str:
    """A key of a kind and length, with the id that it would have."""
    material = bytes([kind, *bytes(length)])
    number = sha256(b"a\n" + material).digest()[:4].hex()
    return f"a+{number}+{base64.b64encode(material).decode()}"


@pytest.mark.parametrize(
    "key",
    [
        *("", "a+b", "a+00000000+AQ==", VKEY.replace("530d", "530e")),
        *(vkey(2, 32), vkey(1, 31), vkey(1, 33)),
    ],
)
def test_what_is_not_a_verifier_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        key_of(key)


def test_a_log_has_a_name_without_spaces_or_plus_and_a_seed_of_32_bytes() -> None:
    for name, seed in [("", bytes(32)), ("a b", bytes(32)), ("a+b", bytes(32)), ("a", bytes(31))]:
        with pytest.raises(ValueError, match=r".+"):
            Signer(name, seed)


def test_a_checkpoint_and_a_state_are_read_as_they_were_written() -> None:
    assert head_of(SIGNER.sign(TEXT)) == Head(SIGNER.name, 7, sha256(b"x").digest())
    trees = {"visits/3": (5, b"v" * 32), "heads": (2, b"h" * 32), "assets/11": (1, b"a" * 32)}
    text = state(NOON, trees)
    assert state_of(text) == trees
    with pytest.raises(ValueError, match="not a state"):
        state_of(text.replace("state/1", "state/2"))
    assert text.splitlines()[:3] == [
        "shouwang/state/1",
        "2024-06-03T04:00:00.000000Z",
        f"assets/11 1 {base64.b64encode(b'a' * 32).decode()}",
    ]


@pytest.mark.parametrize(
    "said",
    [
        *("", "x", "\n7\nAAAA", "x\n07\nAAAA", "x\n+7\nAAAA", "x\n 7\nAAAA", "x\n\uff17\nAAAA"),
        *(f"x\n{2**63}\nAAAA", "x\n-1\nAAAA", "x\n7\nAA!A"),
        *("x\n7\nAAAA\nmeanings ", "x\n7\nAAAA\nmeanings 7", "x\n7\nAAAA\nmeanings 7 AAAA x"),
    ],
)
def test_what_is_no_checkpoint_is_refused(said: str) -> None:
    assert head_of("x\n7\nAAAA\n").size == 7
    with pytest.raises(ValueError, match=r".+"):
        head_of(f"{said}\n")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.text("ab\u00e9\u6237", min_size=1), max_size=40), st.text("ab\u6237", min_size=1)
)
def test_the_heads_map_proves_what_is_in_it_and_what_is_not(keys: list[str], asked: str) -> None:
    heads = HeadsMap()
    for key in keys:
        heads.put([entry(key, {"visits/1": (1, sha256(key.encode()).digest())})])
    at_once = HeadsMap()
    at_once.put([entry(k, {"visits/1": (1, sha256(k.encode()).digest())}) for k in keys])
    assert heads.root() == at_once.root()
    assert len(heads) == len(set(keys))
    shown = heads.find(asked)
    assert (shown is None) is (asked not in keys)
    gap, beside = heads.around(asked)
    for one in [shown] if shown else beside:
        leaf = leaf_hash(one.entry.encode())
        assert included(one.index, len(heads), leaf, one.proof, heads.root())
    if shown is None:
        below = [key for key in set(keys) if key.encode() < asked.encode()]
        assert gap == len(below)


def test_an_entry_that_changes_changes_the_root() -> None:
    heads = HeadsMap()
    assert heads.root() == EMPTY
    heads.put([entry("a", {"visits/1": (1, bytes(32))})])
    before = heads.root()
    heads.put([entry("a", {"visits/1": (2, bytes(32)), "assets/1": (1, bytes(32))})])
    assert heads.root() != before
    (shown,) = [heads.find("a")]
    assert shown
    assert shown.entry == f"a\nassets/1 1 {bytes(32).hex()}\nvisits/1 2 {bytes(32).hex()}\n"

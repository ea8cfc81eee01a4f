"""What somebody may do to a household's file, and that each is found, with the first bad record.

The attacks are those that an insider can make: on the dossier, on the database that it is made
from, and with the log's own key.
"""

import copy
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from msgspec.structs import replace

from audit import verify
from audit.access.looks import STAFF
from audit.log.append import Logged
from audit.log.keeper import Keeper
from audit.main import NAME
from audit.read_model import taking
from audit.verify import DIVERGED, INCOMPLETE, INVALID, USAGE, VERIFIED, WITNESSED, Dossier, key_of
from common.incoming import incoming
from common.note import WITNESS, Signer
from common.testing import NOON, Issuer, envelope, history, household, record_of
from common.topics import events_topic
from contracts.envelope import Envelope, chained

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]
Change = Callable[[Any], None]

SIGNER = Signer("shouwang.test/audit", bytes(range(32)))
WITNESSES = [Signer("city.example/witness", bytes([7]) * 32, WITNESS)]
ME, OTHER = household(1), household(2)
URL = f"/v1/households/{ME}/dossier"


def judged(
    raw: Any, kept: str | None = None, *, keys: Sequence[Signer] = (SIGNER,)
) -> tuple[int, str]:
    """The exit code, and what decides it, in English."""
    witnesses = [key_of(w.vkey) for w in WITNESSES]
    dossier = Dossier(copy.deepcopy(raw), [key_of(k.vkey) for k in keys], witnesses, kept)
    code, why, _ = verify.verify(dossier)
    return code, why[3] if why else ""


def events_of_household(number: int, length: int) -> list[Envelope]:
    """A stream of `length` events, each with a payload of its own."""
    made: list[Envelope] = []
    for n in range(length):
        data = json.dumps({"n": n, "policy": "GD.C4.2024"}).encode()
        one = envelope(
            data,
            prev=made[-1] if made else None,
            household_id=household(number),
            stream=f"household-{number}",
            policy_version="heping-2024",
        )
        made.append(one)
    return made


@pytest.fixture
async def mine(hear: Hear) -> list[Envelope]:
    """Six events of the household, among those of others; nothing is signed yet."""
    mine = events_of_household(1, 6)
    await hear([*events_of_household(2, 3), *mine, *events_of_household(3, 4)])
    await hear(history(2, service="visits", household_id=ME))
    return mine


@pytest.fixture
async def raw(app: FastAPI, client: httpx.AsyncClient, mine: list[Envelope]) -> Any:
    """The household's dossier as it was downloaded."""
    await sign(app)
    return (await client.get(URL)).json()


async def sign(app: FastAPI) -> str:
    """Sign what has come."""
    keeper: Keeper = app.state.keeper
    made = await keeper.keep(NOON)
    assert made
    return made.note


def event(raw: Any, n: int) -> Any:
    """Record `n` of identification, from 1."""
    return [e for e in raw["events"] if e["tree"].startswith("identification")][n - 1]


def remove(raw: Any, n: int) -> None:
    raw["events"].remove(event(raw, n))


def swap(raw: Any, n: int) -> None:
    one, two = event(raw, n), event(raw, n + 1)
    one["index"], two["index"] = two["index"], one["index"]
    one["proof"], two["proof"] = two["proof"], one["proof"]


def edit(raw: Any, n: int, field: str, old: str, new: str) -> None:
    one = event(raw, n)
    assert old in one[field]
    one[field] = one[field].replace(old, new)


def reseal(one: Any) -> None:
    """Make the hash of a record fit its content."""
    content = bytes.fromhex(one["prev_hash"]), one["header"].encode(), one["data"].encode()
    one["hash"] = verify.event_hash(*content).hex()


def edit_and_reseal(raw: Any, n: int) -> None:
    edit(raw, n, "data", '"n": 2', '"n": 9')
    reseal(event(raw, n))


def insert(raw: Any, n: int) -> None:
    """A record of the past that nobody recorded, with the proof of its neighbour."""
    forged = copy.deepcopy(event(raw, n))
    forged["header"] = forged["header"].replace('"3"', '"4"')
    reseal(forged)
    raw["events"].append(forged)


def resend(raw: Any, n: int) -> None:
    forged = copy.deepcopy(event(raw, n))
    forged["data"] = '{"n": 9}'
    reseal(forged)
    raw["events"].append(forged)


def unsigned(raw: Any) -> None:
    raw["checkpoint"] = raw["checkpoint"].rpartition("\n\n")[0] + "\n"


def withheld(raw: Any, n: int) -> None:
    for field in ("prev_hash", "header", "data"):
        del event(raw, n)[field]


def other_state(raw: Any) -> None:
    raw["state"] = raw["state"].replace("heads", "hands")


ATTACKS: list[tuple[str, Change, int, str]] = [
    ("T1 the payload is edited", lambda r: edit(r, 3, "data", "2,", "9,"), INVALID, "3 "),
    ("T1 the occurrence is edited", lambda r: edit(r, 3, "header", "2024", "2023"), INVALID, "3 "),
    ("T2 a value is edited, and its hash with it", lambda r: edit_and_reseal(r, 3), INVALID, "3 "),
    ("T3 one in the middle is left out", lambda r: remove(r, 3), INCOMPLETE, "household-1 v3"),
    ("T3 the content of one is withheld", lambda r: withheld(r, 3), INCOMPLETE, "record 3 "),
    ("T4 the tail is cut off", lambda r: remove(r, 6), INCOMPLETE, "5 of 6"),
    ("T4 the head is cut off", lambda r: remove(r, 1), INCOMPLETE, "household-1 v1"),
    ("T5 two are swapped", lambda r: swap(r, 3), INVALID, "record 4 "),
    ("T6 one is inserted, back-dated", lambda r: insert(r, 3), INVALID, "v4"),
    ("T7 it is shown as another household's", lambda r: r.update(key=str(OTHER)), INVALID, "1 "),
    ("T8 the same id with other content", lambda r: resend(r, 3), INVALID, "v3"),
    (
        "T9 the producer is forged",
        lambda r: edit(r, 3, "header", "identif", "govern"),
        INVALID,
        "3 ",
    ),
    ("T13 no signature", unsigned, INVALID, "no key that you trust"),
    ("T13 another state than was signed", other_state, INVALID, "not the one that was signed"),
    (
        "T17 the policy version is swapped",
        lambda r: edit(r, 3, "header", "heping-2024", "heping-2025"),
        INVALID,
        "3 ",
    ),
]


def test_the_untouched_dossier_is_verified(raw: Any) -> None:
    assert judged(raw) == (VERIFIED, "")
    assert len(raw["events"]) == 8


@pytest.mark.parametrize(
    ("attack", "code", "named"), [a[1:] for a in ATTACKS], ids=[a[0] for a in ATTACKS]
)
def test_T1_to_T9_T13_T17_are_found(raw: Any, attack: Change, code: int, named: str) -> None:
    attack(raw)
    found, why = judged(raw)
    assert found == code
    assert named in why


@pytest.mark.parametrize(
    ("harm", "code", "named"),
    [
        ("update read.timeline set data = '{\"n\": 9}' where version = 3", INVALID, "v3"),
        ("update read.timeline set hash = sha256('x') where version = 3", INCOMPLETE, "withheld"),
        ("delete from read.timeline where version = 3", INCOMPLETE, "withheld"),
        ("delete from log.leaves where index = 5", INCOMPLETE, "v3"),
        ("update read.timeline set actor_post = 'MAYOR' where version = 3", INVALID, "v3"),
        ("update log.leaves set index = -index where index = 5", INVALID, "Error"),
    ],
)
async def test_T1_to_T5_made_in_the_database_are_found(
    app: FastAPI,
    client: httpx.AsyncClient,
    pool: asyncpg.Pool,
    mine: list[Envelope],
    harm: str,
    code: int,
    named: str,
) -> None:
    await sign(app)
    harm = harm if "log." in harm else f"{harm} and key = '{ME}' and service = 'identification'"
    assert (await pool.execute(harm)).endswith(" 1")
    answer = await client.get(URL)
    if answer.status_code == 500:
        assert named == "Error"
        return
    found, why = judged(answer.json())
    assert (found, named in why) == (code, True)


async def test_T10_a_log_rewritten_and_signed_again_contradicts_what_was_kept(
    app: FastAPI, client: httpx.AsyncClient, pool: asyncpg.Pool, mine: list[Envelope], hear: Hear
) -> None:
    kept = await sign(app)
    await pool.execute(
        "truncate read.timeline, read.households, log.leaves, log.tiles, log.chains, log.checkpoints;"
        "update log.trees set size = 0, tiled = 0; delete from es.cursors; delete from es.offsets"
    )
    app.state.keeper = Keeper(pool, SIGNER)
    rewritten = [chained(replace(mine[0], data=b'{"n": 9}'), mine[0].prev_hash)]
    for each in mine[1:]:
        rewritten.append(chained(each, rewritten[-1].hash))
    await hear(rewritten)
    await sign(app)
    await hear([envelope()])
    await sign(app)
    forged = (await client.get(URL, params={"kept": 1})).json()
    assert judged(forged)[0] == VERIFIED
    assert judged(forged, kept) == (DIVERGED, "contradicts what you kept (1)")


async def test_T11_two_checkpoints_of_one_size_contradict_each_other(raw: Any) -> None:
    other = raw["checkpoint"].split("\n")
    other[2] = "A" * 43 + "="
    twin = SIGNER.sign("\n".join(other[:3]) + "\n")
    assert judged(raw, twin) == (DIVERGED, "two checkpoints of size 1")
    assert judged(raw, raw["checkpoint"]) == (VERIFIED, "")


async def test_T12_a_checkpoint_from_before_the_one_that_was_kept_is_found(
    app: FastAPI, raw: Any, hear: Hear
) -> None:
    await hear([envelope()])
    kept = await sign(app)
    assert judged(raw, kept) == (DIVERGED, "older than what you kept (2)")


async def test_a_log_that_only_grew_extends_what_was_kept(
    app: FastAPI, client: httpx.AsyncClient, raw: Any, hear: Hear, mine: list[Envelope]
) -> None:
    kept = raw["checkpoint"]
    await hear([envelope(prev=mine[-1], household_id=ME)])
    await sign(app)
    now = (await client.get(URL)).json()
    assert judged(now, kept) == (USAGE, "download the dossier again with ?kept=1")
    now = (await client.get(URL, params={"kept": 1})).json()
    assert judged(now, kept) == (VERIFIED, "")
    tree = next(name for name in now["kept"]["trees"] if name.startswith("identification"))
    now["kept"]["trees"][tree] = []
    assert judged(now, kept)[0] == DIVERGED


async def test_T14_every_step_of_every_proof_counts(raw: Any) -> None:
    for at, record in enumerate(raw["events"]):
        for n in range(len(record["proof"])):
            forged = copy.deepcopy(raw)
            forged["events"][at]["proof"][n] = "A" * 43 + "="
            assert judged(forged)[0] == INVALID
    for n in range(len(raw["heads"]["proof"])):
        forged = copy.deepcopy(raw)
        forged["heads"]["proof"][n] = "A" * 43 + "="
        assert judged(forged) == (INVALID, "the proof of the heads map fails")


async def test_T15_a_salt_that_was_used_twice_is_found(
    app: FastAPI, client: httpx.AsyncClient, hear: Hear
) -> None:
    members = [{"person_id": str(n), "commitment": "c0" * 32} for n in (1, 2)]
    await hear([envelope(json.dumps({"members": members}).encode(), household_id=ME)])
    await sign(app)
    code, why = judged((await client.get(URL)).json())
    assert code == INVALID
    assert "salt reused" in why


async def test_T9_a_record_in_the_tree_of_another_service_is_found(
    app: FastAPI, client: httpx.AsyncClient, pool: asyncpg.Pool
) -> None:
    forged = envelope(b"{}", service="governance", household_id=ME)
    async with pool.acquire() as connection, connection.transaction():
        record = record_of(forged, events_topic("identification"), 0)
        await Logged(NAME, taking()).apply(connection, [incoming(record)])
    await sign(app)
    code, why = judged((await client.get(URL)).json())
    assert code == INVALID
    assert "forged source" in why


async def test_a_fork_is_named_as_what_it_is(
    app: FastAPI, client: httpx.AsyncClient, hear: Hear, mine: list[Envelope]
) -> None:
    last = mine[-1]
    await hear([chained(replace(last, data=b'{"other":1}'), last.prev_hash)])
    await sign(app)
    code, why = judged((await client.get(URL)).json())
    assert code == INVALID
    assert "two contents of one version, a fork" in why


async def test_T16_an_erased_person_leaves_every_proof_as_it_was(
    app: FastAPI, client: httpx.AsyncClient, hear: Hear, mine: list[Envelope]
) -> None:
    await hear([envelope(b'{"person_id":"1"}', prev=mine[-1], type="PersonalDataErased")])
    await sign(app)
    raw = (await client.get(URL)).json()
    dossier = Dossier(raw, [key_of(SIGNER.vkey)], [], None)
    code, _, rows = verify.verify(dossier)
    assert code == VERIFIED
    assert rows[-1][3:] == ("1 erasures, proofs intact", "NOTE")


async def test_T18_without_a_witness_it_says_so_and_with_one_too(raw: Any) -> None:
    assert judged(raw)[0] == VERIFIED
    raw["checkpoint"] = WITNESSES[0].cosign(raw["checkpoint"], NOON)
    assert judged(raw) == (WITNESSED, "")
    raw["checkpoint"] = Signer(WITNESSES[0].name, bytes(32), WITNESS).cosign(
        raw["checkpoint"].rsplit("\u2014 city", 1)[0], NOON
    )
    assert judged(raw)[0] == VERIFIED


async def test_another_logs_key_is_not_trusted(raw: Any) -> None:
    other = Signer(SIGNER.name, bytes(32))
    assert judged(raw, keys=[other])[0] == INVALID


async def test_that_no_such_household_exists_is_proved(client: httpx.AsyncClient, raw: Any) -> None:
    for number in (0, 9):
        absent = (await client.get(URL.replace(str(ME), str(household(number))))).json()
        assert judged(absent) == (VERIFIED, "")
        absent["heads"]["gap"] += 1
        assert judged(absent)[0] == INVALID
    absent = copy.deepcopy(raw)
    absent["events"], absent["heads"] = [], {"gap": 0, "neighbours": []}
    assert judged(absent) == (INVALID, "the proof of the heads map fails")


async def test_the_command_prints_the_table_and_exits_as_it_says(
    client: httpx.AsyncClient, raw: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, keep = tmp_path / "dossier.json", tmp_path / "kept"
    file.write_text(json.dumps(raw), "utf-8")
    base = [str(file), "--key", SIGNER.vkey, "--lang", "en"]
    assert verify.main([*base, "--keep", str(keep)]) == VERIFIED
    said = capsys.readouterr().out
    assert "8 records, 2 streams, no gap" in said
    assert "8/8 inclusion proofs" in said
    assert "VERIFIED, NOT WITNESSED    exit 10" in said
    assert keep.read_text("utf-8") == raw["checkpoint"]
    remove(raw, 3)
    file.write_text(json.dumps(raw), "utf-8")
    assert verify.main([*base, "--kept", str(keep)]) == INCOMPLETE
    assert "INCOMPLETE: identification/household-1 v3 is missing" in capsys.readouterr().out
    for wrong in ([], [str(file)], [*base, "--key", "x"], [str(tmp_path / "none"), *base[1:]]):
        with pytest.raises(SystemExit) as ended:
            verify.main(wrong)
        assert ended.value.code == USAGE
    file.write_text("{}", "utf-8")
    assert verify.main(base) == INVALID


async def test_access_to_a_dossier_is_that_to_its_household(
    client: httpx.AsyncClient, raw: Any, tokens: Issuer
) -> None:
    for given, status in [
        ({"Authorization": ""}, 401),
        (tokens.bearer("supervisor", "audit:read", department=STAFF, region="441624109"), 403),
        (tokens.bearer("supervisor", "audit:read", department=STAFF, region="441624108"), 200),
    ]:
        assert (await client.get(URL, headers=given)).status_code == status
    assert (await client.get(URL, params={"kpt": 1})).status_code == 400
    assert (await client.get(URL, params={"kept": 7})).json()["code"] == "unknown-checkpoint"

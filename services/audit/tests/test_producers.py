"""What a household's file says of a service is what that service signed, or the file says otherwise."""

import copy
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from msgspec.structs import replace

from audit import verify
from audit.api.reconciliation import Told, take
from audit.log import stated
from audit.log.stated import Contradicted, Refused
from audit.main import build
from audit.verify import INCOMPLETE, INVALID, VERIFIED, Dossier, Key, key_of
from common.kafka import Place, Record
from common.note import Signer
from common.testing import NOON, Database, Issuer, envelope, history, household
from common.topics import STATEMENTS
from contracts.envelope import Envelope, chained
from services.audit.tests.conftest import PRODUCERS, SIGNER, Hear, settings_of
from services.audit.tests.stating import entries_of, signed, stating

ME = household(1)
KEYS = [key_of(key) for key in PRODUCERS.split()]
LATER = NOON + timedelta(hours=1)
URL = f"/v1/households/{ME}/dossier"


def row(
    raw: Any, keys: Sequence[Key] = tuple(KEYS), signer: Signer = SIGNER
) -> tuple[int, str, str]:
    """The exit code, what the row of the producers found, and its result."""
    dossier = Dossier(copy.deepcopy(raw), [key_of(signer.vkey)], [], None, list(keys))
    code, _, rows = verify.verify(dossier)
    (found,) = (r for r in rows if r[1] == "producers")
    return code, found[3], found[4]


async def keep(
    pool: asyncpg.Pool, events: Sequence[Envelope], until: datetime = LATER, **changes: str
) -> None:
    """The service that recorded these events states them, and audit keeps it."""
    statement = stating(events, until)
    async with pool.acquire() as connection:
        heads = entries_of(events) | changes
        await stated.keep(connection, statement, signed(statement), 7, heads)


@pytest.fixture
def recorded() -> list[Envelope]:
    """What identification recorded: of five households, four events of ours."""
    mine = history(4, household_id=ME, stream="household-1")
    others = [envelope(household_id=household(n), stream=f"household-{n}") for n in (0, 2, 3, 4)]
    return [*mine, *others, *history(2, household_id=ME, stream="fact-1")]


@pytest.fixture
async def visited(hear: Hear) -> list[Envelope]:
    """What visits recorded, of us and of another."""
    events = [envelope(service="visits", household_id=household(n)) for n in (1, 9)]
    await hear(events)
    return events


async def dossier(app: FastAPI, client: httpx.AsyncClient) -> Any:
    await app.state.keeper.keep(NOON)
    return (await client.get(URL)).json()


async def test_each_service_vouches_for_its_records_by_one_signature(
    app: FastAPI,
    client: httpx.AsyncClient,
    pool: asyncpg.Pool,
    hear: Hear,
    recorded: list[Envelope],
    visited: list[Envelope],
) -> None:
    await hear(recorded)
    raw = await dossier(app, client)
    unsigned = "和平县医疗保障局 7, no signature to check of identification, "
    assert row(raw) == (VERIFIED, f"{unsigned}no signature to check of visits", "NOTE")
    await keep(pool, recorded)
    await keep(pool, visited)
    raw = await dossier(app, client)
    assert row(raw) == (VERIFIED, "和平县医疗保障局 7, signatures valid", "OK")
    assert (
        row(raw, [])[1:]
        == row(raw, KEYS[2:3])[1:]
        == (
            f"{unsigned}no signature to check of visits",
            "NOTE",
        )
    )
    for service in ("identification", "visits"):
        for n in range(len(raw["statements"][service]["heads"]["proof"])):
            forged = copy.deepcopy(raw)
            forged["statements"][service]["heads"]["proof"][n] = "A" * 43 + "="
            assert row(forged)[0] == INVALID


async def test_without_other_keys_those_that_the_verifier_came_with_count(
    app: FastAPI,
    client: httpx.AsyncClient,
    pool: asyncpg.Pool,
    hear: Hear,
    recorded: list[Envelope],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who forgets to name them is not spared the check."""
    await hear(recorded)
    await keep(pool, recorded)
    file = tmp_path / "dossier.json"
    file.write_text(json.dumps(await dossier(app, client)), "utf-8")
    monkeypatch.setattr(verify, "LOG_KEYS", [SIGNER.vkey])
    monkeypatch.setattr(verify, "PRODUCER_KEYS", PRODUCERS.split())
    assert verify.main([str(file)]) == VERIFIED
    other = Signer("shouwang.cn/identification", bytes(32))
    monkeypatch.setattr(verify, "PRODUCER_KEYS", [other.vkey])
    assert verify.main([str(file)]) == INVALID
    assert verify.main([str(file), "--producer", PRODUCERS.split()[0]]) == VERIFIED


async def test_what_came_after_the_statement_is_counted(
    app: FastAPI,
    client: httpx.AsyncClient,
    pool: asyncpg.Pool,
    hear: Hear,
    recorded: list[Envelope],
) -> None:
    later = envelope(prev=recorded[3], recorded_at=LATER)
    begun = envelope(household_id=ME, stream="fact-2", recorded_at=LATER)
    await hear([*recorded, later, begun])
    await keep(pool, recorded)
    raw = await dossier(app, client)
    told = "和平县医疗保障局 8, signatures valid, not yet stated: 2"
    assert row(raw) == (VERIFIED, told, "NOTE")
    await keep(pool, [*recorded, later, begun], LATER + timedelta(hours=1))
    raw = await dossier(app, client)
    assert row(raw)[1:] == ("和平县医疗保障局 8, signatures valid", "OK")


FORGED = [
    ("at the end of a stream", "household-1", 5, []),
    ("in the place of one that came later", "household-1", 4, []),
    ("in a stream of its own", "household-7", 1, []),
    ("for a household that the service does not know", "household-7", 1, [0, 1, 2, 3, 8, 9]),
]


@pytest.mark.parametrize(
    ("stream", "version", "without"), [f[1:] for f in FORGED], ids=[f[0] for f in FORGED]
)
async def test_T9_a_record_that_the_service_did_not_make_is_named(
    app: FastAPI,
    client: httpx.AsyncClient,
    pool: asyncpg.Pool,
    hear: Hear,
    recorded: list[Envelope],
    stream: str,
    version: int,
    without: list[int],
) -> None:
    """With every hash, place and proof right: heard from the topic like any other."""
    true = [event for n, event in enumerate(recorded) if n not in without]
    before = recorded[version - 2].hash if version > 1 else bytes(32)
    forged = replace(envelope(b'{"n":9}', household_id=ME), stream=stream, version=version)
    forged = chained(forged, before)
    await hear([*true[: version - 1], forged, *true[version - 1 :]])
    await keep(pool, true)
    raw = await dossier(app, client)
    code, found, result = row(raw)
    assert (code, result) == (INVALID, "FAIL")
    assert f"{stream} v{version}): identification says that it did not record this" in found
    place = next(e["index"] for e in raw["events"] if e["hash"] == forged.hash.hex())
    assert f"#{place} " in found
    await marked(client, forged)
    async with pool.acquire() as connection:
        named = await stated.contradicted(connection, "identification")
    assert named == [Contradicted(str(ME), stream, version, str(forged.event_id), forged.region)]


async def marked(client: httpx.AsyncClient, forged: Envelope) -> None:
    """The page and the raw records say of this record, and of no other, who does not stand by it."""
    for path, each in (("", '<li class="event'), ("/raw", "<section")):
        top, *records = (await client.get(f"/households/{ME}{path}")).text.split(each)
        assert "1 条记录与记录方签名的声明相矛盾" in top
        (one,) = (record for record in records if "记录方声明未作此记录" in record)
        assert forged.hash.hex() in one


async def test_what_the_service_states_and_the_log_lacks_is_named(
    app: FastAPI,
    client: httpx.AsyncClient,
    pool: asyncpg.Pool,
    hear: Hear,
    recorded: list[Envelope],
) -> None:
    await hear([*recorded[:3], *recorded[4:]])
    await keep(pool, recorded)
    code, found, _ = row(await dossier(app, client))
    assert (code, found) == (INCOMPLETE, "household-1 v4 is missing")


async def test_a_statement_counts_under_the_signature_of_its_own_service_only(
    app: FastAPI,
    client: httpx.AsyncClient,
    pool: asyncpg.Pool,
    hear: Hear,
    recorded: list[Envelope],
) -> None:
    await hear(recorded)
    await keep(pool, recorded)
    raw = await dossier(app, client)
    statement = stating(recorded, LATER)
    other = Signer("shouwang.cn/identification", bytes(32))
    for note in (
        signed(statement, other),
        raw["statements"]["identification"]["note"].replace("2024-06-03T05", "2024-06-03T06"),
        signed(statement, Signer("shouwang.cn/visits", bytes(range(32, 64)))),
    ):
        raw["statements"]["identification"]["note"] = note
        assert row(raw)[0] == INVALID
    raw["statements"]["visits"] = raw["statements"].pop("identification")
    assert row(raw)[0] == INVALID


async def test_only_what_was_signed_is_kept_and_nothing_older(
    pool: asyncpg.Pool, recorded: list[Envelope]
) -> None:
    await keep(pool, recorded[:7])
    with pytest.raises(Refused, match="not those that it signed"):
        await keep(pool, recorded, LATER + timedelta(hours=1), x="x\n")
    await keep(pool, recorded, LATER)
    assert await pool.fetchval("select note from log.statements") == signed(
        stating(recorded[:7], LATER)
    )
    assert await pool.fetchval("select count(*) from log.stated") == 4
    await keep(pool, recorded, LATER + timedelta(hours=1))
    assert await pool.fetchval("select until from log.statements") == LATER + timedelta(hours=1)


def at(key: str, value: str, offset: int = 3) -> Record:
    return Record(Place(STATEMENTS, 0), offset, key.encode(), [], value.encode())


def test_a_statement_is_taken_from_its_service_and_from_nobody_else(
    recorded: list[Envelope],
) -> None:
    statement, told = stating(recorded, LATER), dict[str, Told]()
    for key, note, why in (
        (
            "identification",
            signed(statement, Signer("shouwang.cn/identification", bytes(32))),
            "known",
        ),
        ("identification", signed(statement).replace("05:00", "06:00"), "forged"),
        ("visits", signed(statement), "known"),
        ("identification", statement.text(), "known"),
        ("nobody", signed(statement), "no service"),
    ):
        with pytest.raises(Refused, match=why):
            take(told, at(key, note), KEYS)
    for text in ("statement/1", "05:00:00.000000Z"):
        with pytest.raises(ValueError, match="not a statement"):
            take(told, at("identification", signed(statement).replace(text, "x")), KEYS)
    beyond = signed(statement).replace("2024-06-03T05:00:00.000000Z", "0001-01-01T00:00:00+14:00")
    with pytest.raises(ValueError, match="not a statement"):
        take(told, at("identification", beyond), KEYS)
    for key, entry in (("a\0b", "x\n"), ("one", "a\0b"), ("x" * 256, "x\n")):
        with pytest.raises(Refused, match="named so"):  # or the database would end the worker
            take(told, at(f"identification {key}", entry), KEYS)
    assert all(of.statement is None and not of.later for of in told.values())
    take(told, at("identification one", "one\n"), KEYS)
    take(told, at("identification", signed(statement), 5), KEYS)
    take(told, at("identification two", "two\n"), KEYS)
    of = told["identification"]
    assert (of.statement, of.offset, of.heads, of.later) == (
        statement,
        5,
        {"one": "one\n"},
        {"two": "two\n"},
    )


@pytest.mark.parametrize(
    "note", ["nothing", "a\0b", signed(stating(history(1), LATER), Signer("x", bytes(32)))]
)
def test_what_was_told_before_a_statement_that_is_not_taken_is_of_no_other(note: str) -> None:
    """As of a copy of a service, which has another key, another store, and the same name."""
    told: dict[str, Told] = {}
    take(told, at("identification one", "one of the copy\n"), KEYS)
    with pytest.raises((Refused, ValueError)):
        take(told, at("identification", note), KEYS)
    take(told, at("identification two", "two\n"), KEYS)
    take(told, at("identification", signed(stating(history(2), LATER))), KEYS)
    assert told["identification"].heads == {"two": "two\n"}


async def test_a_service_that_signs_with_a_new_key_vouches_for_its_records_all_the_same(
    app: FastAPI,
    client: httpx.AsyncClient,
    pool: asyncpg.Pool,
    hear: Hear,
    recorded: list[Envelope],
) -> None:
    """Both keys are known until its next statement; who goes on with the old one alone is told."""
    new = Signer("shouwang.cn/identification", bytes(range(1, 33)))
    both = [*KEYS, key_of(new.vkey)]
    told: dict[str, Told] = {}
    take(told, at("identification", signed(stating(recorded, LATER))), both)
    await hear(recorded)
    await keep(pool, recorded)
    good = (VERIFIED, "和平县医疗保障局 6, signatures valid", "OK")
    assert row(await dossier(app, client), both) == good
    next_one = stating(recorded, LATER + timedelta(hours=1))
    with pytest.raises(Refused, match="known"):
        take(told, at("identification", signed(next_one, new)), KEYS)
    take(told, at("identification", signed(next_one, new)), both)
    assert told["identification"].statement == next_one
    async with pool.acquire() as connection:
        await stated.keep(connection, next_one, signed(next_one, new), 8, entries_of(recorded))
    raw = await dossier(app, client)
    assert row(raw, both) == row(raw, [key_of(new.vkey)]) == good
    assert row(raw)[:2] == (INVALID, "no known key of identification signed")


def test_in_production_audit_does_not_start_without_the_keys_of_the_services(
    db: Database, tokens: Issuer
) -> None:
    settings = settings_of(db, tokens).model_copy(update={"statement_keys": " "})
    build(settings)  # nobody has to sign anything for a look at it
    with pytest.raises(ValueError, match="STATEMENT_KEYS is empty, so that no service vouches"):
        build(settings.model_copy(update={"profile": "production"}))

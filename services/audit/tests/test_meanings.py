"""What events mean is signed with the checkpoint: no file tells other words, or another state."""

import asyncio
import copy
import json
from collections.abc import Callable, Iterable
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from audit import verify
from audit.fsck import fsck
from audit.log import store
from audit.log.keeper import Keeper
from audit.log.store import Checkpoint
from audit.main import NAME
from audit.meaning import vocabulary
from audit.meaning.vocabulary import Vocabulary
from audit.verify import DIVERGED, INVALID, VERIFIED, Dossier, head_of, key_of
from common.kafka import KafkaError, Log, LogScan, Message, Place, Record
from common.testing import NOON, envelope, eventually, household
from common.topics import CATALOGUE
from services.audit.tests.conftest import SIGNER, Hear

ME = household(1)
URL = f"/v1/households/{ME}/dossier"
REGISTERED = "identification.HouseholdRegistered.v1"
UNHEARD = "assets.Unheard.v1"
SAID = {
    "service": "assets",
    "type": "Unheard",
    "label": {"zh": "新事", "en": "news"},
    "sentence": {"zh": "新事", "en": "news"},
    "meaning": {"makes": {"news": True}},
}


@pytest.fixture
async def raw(app: FastAPI, client: httpx.AsyncClient, hear: Hear) -> Any:
    """The file of a household with a type that was declared, and one that nobody declared."""
    body = json.dumps({"category": "GENERAL", "region": "441624108201", "members": []}).encode()
    await hear([envelope(body, type="HouseholdRegistered", household_id=ME)])
    await hear([envelope(service="assets", type="Unheard", household_id=ME)])
    assert await app.state.keeper.keep(NOON)
    return (await client.get(URL)).json()


def judged(raw: Any, kept: str | None = None) -> tuple[int, str, tuple[str, str]]:
    """The exit code, what decides it, and what the row of the meanings says, in English."""
    dossier = Dossier(copy.deepcopy(raw), [key_of(SIGNER.vkey)], [], kept)
    code, why, rows = verify.verify(dossier)
    (row,) = (r for r in rows if r[1] == "meanings")
    return code, why[3] if why else "", (row[3], row[4])


def test_what_the_records_mean_is_signed(raw: Any) -> None:
    assert judged(raw) == (VERIFIED, "", ("2 types of records, as signed", "OK"))
    assert raw["shown"]["category"] == "GENERAL"
    assert raw["meanings"][REGISTERED]["label"]["zh"] == "登记农户"
    assert set(raw["meanings"][UNHEARD]) == {"gap", "neighbours"}


def _label(raw: Any) -> None:
    raw["meanings"][REGISTERED]["label"]["zh"] = "注销"


def _state(raw: Any) -> None:
    """The state fits the meaning that was forged for it."""
    raw["meanings"][REGISTERED]["meaning"]["makes"] = {"stage": "ELIMINATED"}
    raw["shown"]["stage"] = "ELIMINATED"


def _step(raw: Any) -> None:
    raw["meanings"][REGISTERED]["proof"][0] = "A" * 43 + "="


def _another(raw: Any) -> None:
    neighbour = raw["meanings"][UNHEARD]["neighbours"][0]
    declared = json.loads(neighbour["entry"].partition("\n")[2])
    raw["meanings"][REGISTERED] = {**declared, **neighbour}


def _nothing(raw: Any) -> None:
    raw["meanings"][REGISTERED] = raw["meanings"][UNHEARD]


def _made_up(raw: Any) -> None:
    raw["meanings"][UNHEARD]["label"] = {"zh": "新事", "en": "news"}


def _left_out(raw: Any) -> None:
    del raw["meanings"]


@pytest.mark.parametrize(
    ("forge", "named"),
    [
        (_label, "HouseholdRegistered"),
        (_state, "HouseholdRegistered"),
        (_step, "HouseholdRegistered"),
        (_another, "HouseholdRegistered"),
        (_nothing, "HouseholdRegistered"),
        (_made_up, "Unheard"),
        (_left_out, "HouseholdRegistered"),
    ],
)
def test_T17_another_meaning_than_was_signed_is_found_and_its_first_record_named(
    raw: Any, forge: Callable[[Any], None], named: str
) -> None:
    forge(raw)
    code, why, row = judged(raw)
    assert (code, row[1]) == (INVALID, "FAIL")
    assert f" {named} " in row[0]
    assert row[0].endswith(" v1): its meaning is not what was signed")
    assert why == row[0]


def _as_before(raw: Any) -> Any:
    """As a log made it that signed no meanings."""
    raw["checkpoint"] = SIGNER.sign("\n".join(raw["checkpoint"].split("\n")[:3]) + "\n")
    for told in raw["meanings"].values():
        told.pop("proof", None)
    return raw


def test_an_older_file_is_verified_and_says_that_nobody_vouches_for_the_words(raw: Any) -> None:
    older = _as_before(raw)
    note = ("not signed: nobody vouches for them", "NOTE")
    assert judged(older) == (VERIFIED, "", note)
    older["checkpoint"] += f"meanings 0 {'A' * 43}=\n"  # below the blank line nothing is signed
    assert judged(older) == (VERIFIED, "", note)


def test_what_was_signed_cannot_be_taken_out_of_the_checkpoint(raw: Any) -> None:
    lines = raw["checkpoint"].split("\n")
    raw["checkpoint"] = "\n".join([*lines[:3], *lines[4:]])
    assert judged(raw)[:2] == (INVALID, "the signature of shouwang.test/audit is forged")


def test_two_checkpoints_of_one_size_with_other_meanings_contradict_each_other(raw: Any) -> None:
    older = _as_before(copy.deepcopy(raw))
    assert judged(raw, older["checkpoint"])[:2] == (DIVERGED, "two checkpoints of size 1")


async def last(pool: asyncpg.Pool) -> Checkpoint:
    async with pool.acquire() as connection:
        found = await store.latest(connection)
    assert found
    return found


async def test_another_declaration_is_signed_although_no_record_came(
    app: FastAPI, client: httpx.AsyncClient, pool: asyncpg.Pool, raw: Any
) -> None:
    keeper, before = app.state.keeper, await last(pool)
    assert await keeper.keep(NOON) is None
    app.state.vocabulary.learn(UNHEARD, json.dumps(SAID).encode())
    assert await keeper.keep(NOON, due=False) is None
    made = await keeper.keep(NOON)
    assert before.head.meanings
    assert made.head.meanings[0] == before.head.meanings[0] + 1
    assert made.trees == before.trees
    assert await keeper.keep(NOON) is None
    now = (await client.get(URL)).json()
    assert judged(now)[0] == VERIFIED
    assert (now["shown"]["news"], now["meanings"][UNHEARD]["label"]["en"]) == (True, "news")


async def test_a_process_that_has_not_read_the_catalogue_yet_takes_nothing_back(
    pool: asyncpg.Pool, hear: Hear, raw: Any
) -> None:
    assert await Keeper(pool, SIGNER).keep(NOON) is None
    await hear([envelope(household_id=household(2))])
    made = await Keeper(pool, SIGNER).keep(NOON)
    assert made
    assert made.head.meanings == head_of(raw["checkpoint"]).meanings


async def test_what_was_declared_before_is_not_signed_while_the_catalogue_is_read(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every start of a service declares its types again, and the broker keeps what it said before. What goes
    by no name at all is passed by."""
    words, asked = Vocabulary(), list[str | None]()

    class Slowly(LogScan):
        async def fetch(self, limit: int, wait: float) -> dict[Place, list[Record]]:
            asked.append(words.declared().get(UNHEARD))
            return await super().fetch(1, wait)

    async def read() -> bool:
        return any(asked)

    monkeypatch.setattr(vocabulary, "LogScan", Slowly)
    log, now = Log(kafka), json.dumps(SAID)
    await log.publish([Message(CATALOGUE, b"\xff", [], now.encode())])
    for said in (now.replace("news", "old"), now):
        await log.publish([Message(CATALOGUE, UNHEARD.encode(), [], said.encode())])
    await log.close()
    reading = asyncio.create_task(vocabulary.follow(kafka, words))
    await eventually(read, within=60)
    reading.cancel()
    await asyncio.wait({reading})
    assert [said for said in asked if said] == [words.declared()[UNHEARD]]
    assert "news" in words.declared()[UNHEARD]


@pytest.mark.parametrize("away", [KafkaError, OSError, TimeoutError])
async def test_the_catalogue_is_read_again_after_whatever_interrupted_it(
    kafka: str, monkeypatch: pytest.MonkeyPatch, away: type[Exception]
) -> None:
    words, interrupted = Vocabulary(), list[Exception]()

    class Away(LogScan):
        async def start(self, places: Iterable[Place]) -> dict[Place, tuple[int, int]]:
            if not interrupted:
                interrupted.append(away())
                raise interrupted[0]
            return await super().start(places)

    monkeypatch.setattr(vocabulary, "LogScan", Away)
    monkeypatch.setattr(vocabulary, "AGAIN", 0.01)
    log = Log(kafka)
    await log.publish([Message(CATALOGUE, UNHEARD.encode(), [], json.dumps(SAID).encode())])
    await log.close()
    reading = asyncio.create_task(vocabulary.follow(kafka, words))
    await eventually(lambda: UNHEARD in words.declared(), within=30)
    assert interrupted
    reading.cancel()
    await asyncio.wait({reading})


async def test_nothing_is_signed_of_an_empty_log(app: FastAPI) -> None:
    assert await app.state.keeper.keep(NOON) is None


async def test_what_is_stored_is_no_file_until_it_is_what_was_signed(
    app: FastAPI, client: httpx.AsyncClient, pool: asyncpg.Pool, raw: Any
) -> None:
    await pool.execute("update log.meanings set entry = replace(entry, '登记农户', '注销农户')")
    assert (await client.get(URL)).json()["code"] == "not-signed-yet"
    async with pool.acquire() as connection:
        said = await fsck(connection, NAME, SIGNER.vkey)
    assert said == ["meanings: not what was signed that events mean"]


@pytest.mark.parametrize("key", ["assets.Other.v1", "assets.Unheard.v2", "assets.Unheard\n.v1"])
def test_a_type_that_goes_by_another_name_than_it_says_is_not_signed(key: str) -> None:
    vocabulary = Vocabulary()
    vocabulary.learn(key, json.dumps(SAID).encode())
    assert vocabulary.declared() == {}
    vocabulary.learn(UNHEARD, json.dumps(SAID).encode())
    assert set(vocabulary.declared()) == {UNHEARD}
    vocabulary.learn(UNHEARD, None)
    assert vocabulary.declared() == {}

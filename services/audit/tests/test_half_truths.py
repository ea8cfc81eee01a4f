"""Files whose parts are true, put together so that they tell less than the log has, or more."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from asyncpg import Pool
from fastapi import FastAPI
from msgspec.structs import replace

from audit import verify
from audit.log.growth import Inconsistent
from audit.log.keeper import Keeper
from audit.verify import DIVERGED, INCOMPLETE, INVALID, VERIFIED, WITNESSED, Dossier, key_of
from common.note import WITNESS, Signer
from common.testing import NOON, envelope, history, household
from contracts.envelope import chained
from services.audit.tests.conftest import SIGNER, Hear

FIRST, ME, LAST = (household(n) for n in (1, 2, 3))  # in the order of the heads map
NO_PROOF = (INVALID, "the proof of the heads map fails")


def judged(raw: Any, kept: str | None = None) -> tuple[int, str]:
    """The exit code, and what decides it, in English."""
    dossier = Dossier(copy.deepcopy(raw), [key_of(SIGNER.vkey)], [], kept)
    code, why, _ = verify.verify(dossier)
    return code, why[3] if why else ""


@pytest.fixture
async def files(app: FastAPI, client: httpx.AsyncClient, hear: Hear) -> tuple[str, Any]:
    """The second checkpoint, and the household's dossier of the third for who kept it."""
    mine = history(6, household_id=ME)
    for n, batch in enumerate(
        (
            [envelope(household_id=FIRST), *mine[:4], envelope(household_id=LAST)],
            [envelope(household_id=LAST)],
            mine[4:],
        )
    ):
        await hear(batch)
        assert await app.state.keeper.keep(NOON + timedelta(days=n))
    kept = (await client.get("/v1/log/checkpoints/2")).json()["checkpoint"]
    answer = await client.get(f"/v1/households/{ME}/dossier", params={"kept": 2})
    return kept, answer.json()


@pytest.mark.parametrize("gap", [-1, 4, 99])
def test_a_gap_that_is_nowhere_proves_no_household_absent(files: tuple[str, Any], gap: int) -> None:
    """Beyond the map there are no neighbours to show."""
    raw = files[1] | {"events": [], "heads": {"gap": gap, "neighbours": []}}
    assert judged(raw) == NO_PROOF


@pytest.mark.parametrize(("beside", "whose"), [(household(0), FIRST), (household(9), LAST)])
async def test_the_household_at_the_end_of_the_map_is_not_absent_beside_itself(
    client: httpx.AsyncClient, files: tuple[str, Any], beside: object, whose: object
) -> None:
    absent = (await client.get(f"/v1/households/{beside}/dossier")).json()
    assert judged(absent) == (VERIFIED, "")
    assert judged(absent | {"key": str(whose)}) == NO_PROOF


def test_a_record_that_is_there_twice_stands_for_no_other(files: tuple[str, Any]) -> None:
    *events, last = files[1]["events"]
    told = (INVALID, f"{last['tree']}: not the records of the head")
    assert judged(files[1] | {"events": [*events, last, last]}) == told
    assert judged(files[1] | {"events": [*events, events[-1]]}) == told


def test_a_household_without_any_of_its_records_is_not_one_that_there_is_not(
    files: tuple[str, Any],
) -> None:
    raw = files[1] | {"events": []}
    tree = files[1]["events"][0]["tree"]
    assert judged(raw) == (INCOMPLETE, f"{tree}: 0 of 6 records; the last one here is -")


async def test_a_household_that_is_taken_out_of_the_map_has_no_records_to_show(
    app: FastAPI, client: httpx.AsyncClient, hear: Hear, files: tuple[str, Any], pool: Pool
) -> None:
    """The log does not sign that. Of one that forgot what it signed, the file is invalid."""
    await pool.execute("delete from log.chains where key = $1", str(ME))
    app.state.keeper = Keeper(pool, SIGNER)
    await hear([envelope()])
    with pytest.raises(Inconsistent, match="heads: not the households"):
        await app.state.keeper.keep(NOON + timedelta(days=9))
    await pool.execute("truncate log.checkpoints; delete from log.tiles where tree = 0")
    assert await app.state.keeper.keep(NOON + timedelta(days=9))
    raw = (await client.get(f"/v1/households/{ME}/dossier")).json()
    assert "gap" in raw["heads"]
    assert judged(raw) == (INVALID, f"{raw['events'][0]['tree']}: not the records of the head")


async def test_a_record_of_the_log_that_does_not_follow_the_one_before_is_named(
    app: FastAPI, client: httpx.AsyncClient, hear: Hear, files: tuple[str, Any]
) -> None:
    """Somebody published it, so that the log has it; audit does not apply it."""
    one, two = history(2, household_id=household(4), stream="another")
    await hear([one, chained(replace(two, data=b'{"other":1}'), bytes([1]) * 32)])
    assert await app.state.keeper.keep(NOON + timedelta(days=9))
    raw = (await client.get(f"/v1/households/{household(4)}/dossier")).json()
    code, why = judged(raw)
    assert (code, why.endswith("identification/another v2): broken chain")) == (INVALID, True), why


async def test_a_commitment_to_the_same_person_may_be_told_again(
    app: FastAPI, client: httpx.AsyncClient, hear: Hear
) -> None:
    """Only two persons under one of them would tell that a salt was used twice."""
    members = [{"person_id": str(n), "commitment": f"c{n}" * 32} for n in (1, 2)]
    one = envelope(json.dumps({"members": members}).encode(), household_id=ME)
    await hear([one, envelope(one.data, prev=one)])
    assert await app.state.keeper.keep(NOON)
    assert judged((await client.get(f"/v1/households/{ME}/dossier")).json()) == (VERIFIED, "")


def _no_consistency(kept: Any) -> None:
    kept["consistency"] = []


def _a_state_without_trees(kept: Any) -> None:
    kept["state"], kept["trees"] = "\n".join(kept["state"].split("\n")[:2]) + "\n", {}


def _no_tree(kept: Any) -> None:
    kept["trees"] = {}


def _no_state_proof(kept: Any) -> None:
    kept["state_proof"] = []


@pytest.mark.parametrize(
    "forge", [_no_consistency, _a_state_without_trees, _no_tree, _no_state_proof]
)
def test_what_was_kept_is_continued_by_a_whole_proof_only(
    files: tuple[str, Any], forge: Callable[[Any], None]
) -> None:
    kept, raw = files
    assert judged(raw, kept) == (VERIFIED, "")
    forge(raw["kept"])
    assert judged(raw, kept) == (DIVERGED, "contradicts what you kept (2)")


def test_what_was_kept_of_another_log_is_not_continued(files: tuple[str, Any]) -> None:
    """Also if one key signed for both."""
    kept, raw = files
    text = kept.rpartition("\n\n")[0].replace(SIGNER.name, "another.test/audit")
    assert judged(raw, SIGNER.sign(f"{text}\n"))[0] == DIVERGED


def test_a_witness_vouches_for_what_it_cosigned_and_for_nothing_later(
    files: tuple[str, Any],
) -> None:
    """Also to who kept what it cosigned then."""
    kept, raw = files
    city = Signer("city.example/witness", bytes([7]) * 32, WITNESS)

    def judged_by_city(kept: str) -> int:
        trusted = [key_of(SIGNER.vkey)], [key_of(city.vkey)]
        return verify.verify(Dossier(copy.deepcopy(raw), *trusted, kept))[0]

    assert judged_by_city(city.cosign(kept, NOON)) == VERIFIED
    assert judged_by_city(city.cosign(raw["checkpoint"], NOON)) == WITNESSED


def test_the_worst_that_was_found_decides(files: tuple[str, Any]) -> None:
    """Invalid before diverged before incomplete: a gap does not cover up a contradiction."""
    kept, raw = files
    del raw["events"][2]
    assert judged(raw, kept)[0] == INCOMPLETE
    _no_tree(raw["kept"])
    assert judged(raw, kept)[0] == DIVERGED
    raw["events"][0]["data"] = '{"n": 9}'
    assert judged(raw, kept)[0] == INVALID

"""A witness remembers, refuses what does not continue, and cosigns what does."""

import asyncio
import json
import stat
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from audit import verify, witness
from audit.log.keeper import Keeper
from audit.verify import DIVERGED, INVALID, VERIFIED, WITNESSED, Bad, Dossier, key_of, signers
from audit.witness import Witness, ed25519_signed
from common.note import WITNESS, Signer
from common.testing import NOON, envelope, history, household
from contracts.envelope import Envelope, chained

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]
Answers = dict[str, bytes]
SIGNER = Signer("shouwang.test/audit", bytes(range(32)))
KEYS = [key_of(SIGNER.vkey)]
NOW = int(NOON.timestamp())
ME = household(1)


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary())
def test_a_signature_in_python_is_that_of_the_library(seed: bytes, message: bytes) -> None:
    assert ed25519_signed(seed, message) == Ed25519PrivateKey.from_private_bytes(seed).sign(message)


@pytest.mark.parametrize(("name", "seed"), [("", 32), ("a b", 32), ("a+b", 32), ("a", 31)])
def test_a_witness_has_a_name_and_a_seed(tmp_path: Path, name: str, seed: int) -> None:
    with pytest.raises(ValueError, match="a name without spaces"):
        Witness(name, bytes(seed), tmp_path / "seen")


@pytest.fixture
def city(tmp_path: Path) -> Witness:
    """The bureau of the city."""
    return Witness("city.example/witness", bytes([7]) * 32, tmp_path / "seen")


async def sign(app: FastAPI) -> int:
    """Sign what has come; the size of the log of checkpoints then."""
    keeper: Keeper = app.state.keeper
    made = await keeper.keep(NOON)
    assert made
    return made.size


async def answers(client: httpx.AsyncClient, *sizes: int) -> Answers:
    """What a witness may ask, that has seen the first of these sizes."""
    paths = ["/v1/log/checkpoint", "/v1/log/keys", *(f"/v1/log/checkpoints/{n}" for n in sizes)]
    if len(sizes) == 2:
        paths.append(f"/v1/log/consistency?from={sizes[0]}&to={sizes[1]}")
    return {path: (await client.get(path)).content for path in paths}


async def judged(client: httpx.AsyncClient, by: Witness, kept: str | None = None) -> int:
    """The verdict on the dossier as it is now, for somebody who trusts this witness."""
    raw = (await client.get(f"/v1/households/{ME}/dossier")).json()
    return verify.verify(Dossier(raw, KEYS, [key_of(by.vkey)], kept))[0]


async def test_what_continues_is_cosigned_and_the_dossier_is_witnessed(
    app: FastAPI, client: httpx.AsyncClient, hear: Hear, city: Witness
) -> None:
    events = history(9, household_id=ME)
    app.state.witnesses = [key_of(city.vkey)]
    for n, start in enumerate((0, 3, 6), 1):
        await hear(events[start : start + 3])
        assert await sign(app) == n
        assert await judged(client, city) == VERIFIED
        seen = [n - 1, n] if n > 1 else [n]
        cosigned = city.look((await answers(client, *seen)).__getitem__, KEYS, NOW)
        assert signers(cosigned, [*KEYS, key_of(city.vkey)]) == [SIGNER.name, city.name]
        assert city.memory.read_text("utf-8") == cosigned
        assert await judged(client, city, cosigned) == WITNESSED  # told by the witness itself
        offered = await client.post("/v1/log/cosignatures", content=cosigned)
        assert offered.status_code == 204
        assert await judged(client, city) == WITNESSED
    again = city.look((await answers(client)).__getitem__, KEYS, NOW + 60)
    assert again.count(city.name) == 1
    assert (await client.get("/v1/log/checkpoint")).text == cosigned


async def test_only_cosignatures_of_known_witnesses_to_our_checkpoints_are_taken(
    app: FastAPI, client: httpx.AsyncClient, hear: Hear, city: Witness, pool: asyncpg.Pool
) -> None:
    await hear([envelope(household_id=ME)])
    await sign(app)
    cosigned = city.look((await answers(client)).__getitem__, KEYS, NOW)
    stranger = await client.post("/v1/log/cosignatures", content=cosigned)
    assert (stranger.status_code, stranger.json()["code"]) == (422, "not-a-cosignature")
    app.state.witnesses = [key_of(city.vkey)]
    text, _, lines = cosigned.rpartition("\n\n")
    forged = cosigned.replace("\n1\n", "\n2\n")
    bad = [forged, text, cosigned + "x" * 20_000, f"{text}\n\n{lines[:-9]}\n"]
    bad.append(f"{text.rpartition(' ')[0]}\n\n{lines}")  # of meanings, the number without the root
    bad.append(text.replace("\n1\n", f"\n{2**63}\n") + "\n\n\u2014 nobody AAAA\n")
    other = SIGNER.sign(
        f"{SIGNER.name}\n1\n{'A' * 43}=\n"
    )  # a checkpoint of that size, and not ours
    bad.append(Signer(city.name, bytes([7]) * 32, WITNESS).cosign(other, NOON))
    for note in ("", "x", *bad):
        assert (await client.post("/v1/log/cosignatures", content=note)).status_code == 422
    assert await pool.fetchval("select count(*) from log.cosignatures") == 0
    del client.headers["authorization"]  # the signature is right enough
    more = f"x\n\u2014 {city.name} AAAA\n"  # what somebody put behind it is not kept
    behind = f"{cosigned[:-1]} and more of it\n"
    inside = f"{cosigned[:-9]}!{cosigned[-9:]}"
    for note in (cosigned, cosigned + more, behind, inside):
        assert (await client.post("/v1/log/cosignatures", content=note)).status_code == 204
    assert (await client.get("/v1/log/checkpoint")).text == cosigned


async def test_T10_T11_T12_what_contradicts_is_refused_and_the_memory_stays(
    app: FastAPI,
    client: httpx.AsyncClient,
    hear: Hear,
    city: Witness,
    pool: asyncpg.Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = history(4, household_id=ME)
    await hear(events[:2])
    await sign(app)
    first = await answers(client, 1)
    await hear(events[2:])
    await sign(app)
    second = await answers(client, 1, 2)
    city.look(second.__getitem__, KEYS, NOW)
    seen = city.memory.read_text("utf-8")

    def refused(told: Answers) -> tuple[int, str]:
        with pytest.raises(Bad) as refusal:
            city.look(told.__getitem__, KEYS, NOW)
        assert city.memory.read_text("utf-8") == seen
        return refusal.value.code, refusal.value.en

    assert refused(first) == (DIVERGED, "older than what was seen (2)")
    other = SIGNER.sign(f"{SIGNER.name}\n2\n{'A' * 43}=\n").encode()
    assert refused({**second, "/v1/log/checkpoint": other})[0] == DIVERGED
    text, _, meanings = second["/v1/log/checkpoint"].decode().partition("meanings ")
    assert meanings
    assert refused({**second, "/v1/log/checkpoint": SIGNER.sign(text).encode()})[0] == DIVERGED
    with monkeypatch.context() as broken:
        broken.setattr(witness, "ed25519_signed", lambda *_: bytes(64))
        assert refused(second)[0] == INVALID
    stranger = Signer(SIGNER.name, bytes(32)).sign(f"{SIGNER.name}\n3\n{'A' * 43}=\n").encode()
    assert refused({**second, "/v1/log/checkpoint": stranger})[0] == INVALID

    await pool.execute(
        "truncate read.timeline, read.households, log.leaves, log.tiles, log.chains, log.checkpoints;"
        "update log.trees set size = 0, tiled = 0; delete from es.cursors; delete from es.offsets"
    )
    app.state.keeper = Keeper(pool, SIGNER)
    await hear([chained(replace(events[0], data=b'{"n": 9}'), events[0].prev_hash)])
    for n in range(3):
        await hear([envelope(household_id=household(7 + n))])
        await sign(app)
    rewritten = await answers(client, 2, 3)
    assert refused(rewritten) == (DIVERGED, "contradicts what was seen (2)")


async def test_a_tree_that_was_rewritten_between_two_states_is_refused(
    app: FastAPI, client: httpx.AsyncClient, hear: Hear, city: Witness
) -> None:
    """The log of checkpoints only grew; what its states say did not."""
    await hear([envelope(household_id=ME)])
    await sign(app)
    city.look((await answers(client)).__getitem__, KEYS, NOW)
    await hear([envelope(household_id=ME), envelope(household_id=ME)])
    await sign(app)
    told = await answers(client, 1, 2)
    path = "/v1/log/consistency?from=1&to=2"
    grown = json.loads(told[path])
    grown["trees"] = {name: [] for name in grown["trees"]}
    told_so = {**told, path: json.dumps(grown).encode()}
    with pytest.raises(Bad, match="contradicts"):
        city.look(told_so.__getitem__, KEYS, NOW)
    path = "/v1/log/checkpoints/2"  # as if nothing had come since, which is consistent
    state = json.loads(told["/v1/log/checkpoints/1"])["state"]
    after = json.dumps({**json.loads(told[path]), "state": state}).encode()
    other = Signer("elsewhere.test/audit", bytes(32))  # of another log, which is a copy of this one
    text = told["/v1/log/checkpoint"].decode().rpartition("\n\n")[0] + "\n"
    copy = other.sign(text.replace(SIGNER.name, other.name)).encode()
    copied = {**told, "/v1/log/checkpoint": copy}
    with pytest.raises(Bad, match="older"):
        city.look(copied.__getitem__, [key_of(other.vkey)], NOW)
    with pytest.raises(Bad, match="contradicts"):
        city.look({**told_so, path: after}.__getitem__, KEYS, NOW)
    city.look(told.__getitem__, KEYS, NOW)


@pytest.fixture
def served() -> Iterator[tuple[str, Answers, list[bytes]]]:
    """A log that answers as it is told to, over HTTP; and what was posted to it."""
    answers: Answers = {}
    posted: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in answers else 404)
            self.end_headers()
            self.wfile.write(answers.get(self.path, b""))

        def do_POST(self) -> None:
            posted.append(self.rfile.read(int(self.headers["content-length"])))
            refusal = answers.get(f"POST {self.path}", b"")
            self.send_response(422 if refusal else 204)
            self.end_headers()
            self.wfile.write(refusal)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", answers, posted
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nhalf of it",
        b"no answer at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000,
        b"HTTP/1.1 500 Error\r\n\r\n" + b"[" * 100_000,
    ],
)
async def test_an_answer_that_is_none_ends_no_watch(city: Witness, answer: bytes) -> None:
    """It is told, and the next look comes in its time."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as log:
        url = f"http://127.0.0.1:{log.sockets[0].getsockname()[1]}"
        code = await asyncio.to_thread(witness._look, city, url, KEYS, True, False)
    assert (code, city.memory.exists()) == (verify.USAGE, False)


@pytest.mark.parametrize("last", [DIVERGED, INVALID])
def test_a_watch_goes_on_until_what_it_sees_is_wrong(
    last: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    codes, slept = iter([verify.USAGE, WITNESSED, last]), list[float]()
    monkeypatch.setattr(witness, "_look", lambda *_: next(codes))
    monkeypatch.setattr("time.sleep", slept.append)
    files = ["--seed", str(tmp_path / "seed"), "--memory", str(tmp_path / "seen")]
    arguments = ["http://log", "--name", "city.example", *files, "--key", SIGNER.vkey]
    with pytest.raises(SystemExit, match=str(verify.USAGE)):  # whose log is it?
        witness.main([*arguments[:-2], "--every", "60"])
    assert witness.main([*arguments, "--every", "60"]) == last
    assert slept == [60, 60]


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        (verify.main, "dossier.json --witness"),
        (witness.main, "http://log --name city.example --seed seed --memory seen --key"),
    ],
)
def test_a_key_that_is_none_is_named(
    program: Callable[[list[str]], int],
    arguments: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        program([*arguments.split(), "city.vkey"])
    assert ended.value.code == verify.USAGE
    assert "'city.vkey' is neither a verifier key nor a file with one" in capsys.readouterr().err


async def test_the_program_runs_alone_beside_the_verifier(
    app: FastAPI,
    client: httpx.AsyncClient,
    hear: Hear,
    served: tuple[str, Answers, list[bytes]],
    tmp_path: Path,
) -> None:
    url, told, posted = served
    for name in ("verify.py", "witness.py"):
        (tmp_path / name).write_text((await client.get(f"/{name}")).text, "utf-8")
    assert (tmp_path / "witness.py").read_text("utf-8") == Path(witness.__file__).read_text("utf-8")
    seed, memory = tmp_path / "seed", tmp_path / "seen"
    alone = [sys.executable, "-E", "-s", "-S", str(tmp_path / "witness.py"), url]
    alone += ["--name", "city.example/witness", "--seed", str(seed), "--memory", str(memory)]

    async def ran() -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            lambda: subprocess.run(
                [*alone, "--offer"], capture_output=True, encoding="utf-8", cwd=tmp_path
            )
        )

    silent = await ran()
    assert (silent.returncode, silent.stdout) == (verify.USAGE, "")
    assert stat.S_IMODE(seed.stat().st_mode) == 0o600
    await hear([envelope(household_id=ME)])
    await sign(app)
    told |= await answers(client, 1)
    done = await ran()
    assert done.returncode == WITNESSED
    vkey = done.stderr.splitlines()[0]
    assert signers(done.stdout, [key_of(vkey)]) == ["city.example/witness"]
    assert (posted, memory.read_text("utf-8")) == ([done.stdout.encode()], done.stdout)
    me = Witness("city.example/witness", bytes.fromhex(seed.read_text("ascii")), memory)
    unoffered = await asyncio.to_thread(witness._look, me, url, KEYS, True, False)
    assert (unoffered, len(posted)) == (WITNESSED, 1)
    why = {"title": "请管理员登记\x1b[1m见证人的公钥", "title_en": "have the key named"}
    for refusal, words in (
        (json.dumps(why).encode(), "422 请管理员登记[1m见证人的公钥"),
        (b"no problem", "422 Unprocessable Entity"),
    ):
        told["POST /v1/log/cosignatures"] = refusal
        refused = await ran()
        assert (refused.returncode, refused.stdout) == (verify.USAGE, "")
        assert refused.stderr.splitlines()[1].endswith(f": {words}")
    told["/v1/log/checkpoint"] = SIGNER.sign(f"{SIGNER.name}\n1\n{'A' * 43}=\n").encode()
    forked = await ran()
    assert (forked.returncode, forked.stdout) == (DIVERGED, "")
    assert "同一大小两个检查点" in forked.stderr

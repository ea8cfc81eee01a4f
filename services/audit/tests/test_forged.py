"""Files that somebody made up: whatever is in them, `verify.py` ends with the code that is due, and what
it prints is its own."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from audit import verify
from audit.log.dossier import dossier
from audit.verify import DIVERGED, INCOMPLETE, INVALID, USAGE, VERIFIED, WITNESSED
from common.note import WITNESS, Signer
from common.testing import NOON, envelope, history, household
from services.audit.tests.conftest import SIGNER, Hear

ME, OTHER = household(1), household(2)
NAME = str(household(0xABC))
WITNESSED_BY = Signer("city.example/witness", bytes([7]) * 32, WITNESS)
KEY = ("--key", SIGNER.vkey)
Run = Callable[..., tuple[int, str]]


@pytest.fixture
async def files(app: FastAPI, client: httpx.AsyncClient, hear: Hear) -> list[Any]:
    """The household's dossier of the first checkpoint, its next one, and another household's."""
    events, others = history(6, household_id=ME), history(2, household_id=OTHER)
    found: list[Any] = []
    for batch, whose, kept in (
        ([*events[:4], *others], ME, {}),
        (events[4:], ME, {"kept": 1}),
        ([envelope(prev=others[-1])], OTHER, {}),
    ):
        await hear(batch)
        assert await app.state.keeper.keep(NOON + timedelta(days=len(found)))
        found.append((await client.get(f"/v1/households/{whose}/dossier", params=kept)).json())
    return found


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The verifier alone, as a supervisor runs it: the exit code, and all that it prints."""
    program, file = tmp_path / "verify.py", tmp_path / "dossier.json"
    program.write_text(Path(verify.__file__).read_text("utf-8"), "utf-8")

    def run(said: Any, *options: str | Path) -> tuple[int, str]:
        if isinstance(said, bytes):
            file.write_bytes(said)
        else:
            file.write_text(said if isinstance(said, str) else json.dumps(said), "utf-8")
        ended = subprocess.run(
            [sys.executable, "-I", program, file, "--lang", "en", *options],
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=60,
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        return ended.returncode, ended.stdout + ended.stderr

    return run


def test_each_exit_code_is_there(files: list[Any], run: Run, tmp_path: Path) -> None:
    first, now, _ = files
    kept, key = tmp_path / "kept", tmp_path / "key"
    key.write_text(f"{SIGNER.vkey}\n", "utf-8")
    witnessed = WITNESSED_BY.cosign(now["checkpoint"], NOON)
    cosigned = {**now, "checkpoint": witnessed}
    assert run(cosigned, *KEY, "--witness", WITNESSED_BY.vkey)[0] == WITNESSED == 0
    assert run(now, "--key", key, "--keep", kept)[0] == VERIFIED == 10
    assert run(first, *KEY, "--kept", kept)[0] == DIVERGED == 30
    kept.write_text(first["checkpoint"], "utf-8")
    assert run(now, *KEY, "--kept", kept)[0] == VERIFIED
    kept.write_text("something else that was kept", "utf-8")
    assert run(now, *KEY, "--kept", kept)[0] == USAGE
    assert run(first | {"key": str(OTHER)}, *KEY)[0] == INVALID == 40
    cut, unkept = {**now, "events": now["events"][:-1]}, tmp_path / "unkept"
    code, said = run(cut, *KEY, "--keep", unkept)
    assert (code, "5 of 6 records" in said, unkept.exists()) == (INCOMPLETE, True, False)
    assert INCOMPLETE == 50
    assert run(now)[0] == USAGE == 64


def test_files_that_an_editor_of_windows_has_saved_are_read(
    files: list[Any], run: Run, tmp_path: Path
) -> None:
    """With a byte order mark, and ends of lines of its own."""
    first, now, _ = files
    kept, key = tmp_path / "kept", tmp_path / "key"
    kept.write_text(first["checkpoint"], "utf-8-sig", newline="\r\n")
    key.write_text(f"{SIGNER.vkey}\n", "utf-8-sig", newline="\r\n")
    said = json.dumps(now, indent=2).replace("\n", "\r\n").encode("utf-8-sig")
    assert run(said, "--key", key, "--kept", kept)[0] == VERIFIED


def _older_end(first: Any, now: Any, other: Any) -> None:
    """The tail cut off, with the end that an older checkpoint told."""
    now["events"], now["heads"] = now["events"][:4], first["heads"]


def _older_file(first: Any, now: Any, other: Any) -> None:
    now |= {name: first[name] for name in ("events", "heads", "state", "state_proof")}


def _proof_of_another(first: Any, now: Any, other: Any) -> None:
    now["events"][2]["proof"] = other["events"][0]["proof"]


def _look_alike(first: Any, now: Any, other: Any) -> None:
    now["key"] = now["key"].replace("0", "\uff10")


def _line_endings(first: Any, now: Any, other: Any) -> None:
    now["checkpoint"] = now["checkpoint"].replace("\n", "\r\n")


def _not_base64(first: Any, now: Any, other: Any) -> None:
    now["events"][2]["proof"][0] = "\u2014" + now["events"][2]["proof"][0]


def _no_number(first: Any, now: Any, other: Any) -> None:
    now["events"][2]["index"] = float("inf")


def _half_a_character(first: Any, now: Any, other: Any) -> None:
    now["key"] = "\ud800"


@pytest.mark.parametrize(
    ("forge", "named"),
    [
        (_older_end, "the proof of the heads map fails"),
        (_older_file, "the state is not the one that was signed"),
        (_proof_of_another, "record 3 "),
        (_look_alike, "record 1 "),
        (_line_endings, "INVALID"),
        (_not_base64, "INVALID"),
        (_no_number, "OverflowError"),
        (_half_a_character, "record 1 "),
    ],
)
def test_what_is_put_together_from_other_files_is_invalid(
    files: list[Any], run: Run, forge: Callable[..., None], named: str
) -> None:
    first, now, other = copy.deepcopy(files)
    forge(first, now, other)
    code, said = run(now, *KEY)
    assert (code, named in said) == (INVALID, True), said


@pytest.mark.parametrize("header", ["x", "5", "{}", "[]", '"text"', f"[{'null,' * 19}null]"])
def test_a_header_that_is_none_is_invalid_and_its_record_named(
    files: list[Any], run: Run, header: str
) -> None:
    files[1]["events"][2]["header"] = header
    code, said = run(files[1], *KEY)
    assert (code, "INVALID: record 3 " in said) == (INVALID, True), said


@pytest.mark.parametrize(
    "name",
    [
        NAME.replace("0192", "\uff10192"),
        NAME.replace("c", "\u0441"),
        NAME.upper(),
        f"{NAME} ",
        f"access-to-household- {NAME}",
        f"{{{NAME}}}",
        f"{NAME}\u200b",
        NAME.replace("-", ""),
        "x",
    ],
)
async def test_no_household_is_proved_absent_by_what_only_looks_like_its_name(
    app: FastAPI, client: httpx.AsyncClient, files: list[Any], run: Run, name: str
) -> None:
    """The log has nothing under any other spelling, and can prove it."""
    raw = await dossier(app.state.keeper, "audit", name, None)
    code, said = run(raw, *KEY)
    assert (code, "INVALID: no household is named like that" in said) == (INVALID, True), said


def test_what_was_kept_and_is_spoiled_says_nothing_of_the_file(
    files: list[Any], run: Run, tmp_path: Path
) -> None:
    note, kept = files[1]["checkpoint"], tmp_path / "kept"
    key = SIGNER.vkey
    succession = SIGNER.sign(f"shouwang/succession/1\n{key}\n{key}\n1\n")
    for spoiled in (note[:-2], note[:-9], note.replace("\n2\n", "\n3\n"), succession):
        kept.write_text(spoiled, "utf-8")
        code, said = run(files[1], *KEY, "--kept", kept, "--witness", WITNESSED_BY.vkey)
        assert (code, "signed what you kept" in said) == (USAGE, True), said


def test_a_place_that_cannot_be_written_to_is_wrong_use(
    files: list[Any], run: Run, tmp_path: Path
) -> None:
    code, said = run(files[1], *KEY, "--keep", tmp_path / "none" / "kept")
    assert (code, "No such file" in said, "VERIFIED" in said) == (USAGE, True, False)


def test_a_name_that_is_there_twice_is_invalid(files: list[Any], run: Run) -> None:
    """One reader would take the first, another the last."""
    said = json.dumps(files[1]).replace('"events":', '"events": [], "events":', 1)
    code, told = run(said, *KEY)
    assert (code, "there twice" in told) == (INVALID, True)


NO_JSON = "dossier.json: no household's dossier, not JSON in UTF-8 这不是农户卷宗"
NO_DOSSIER = "INVALID: this is no household's dossier (shouwang/dossier/1)    exit 40"


@pytest.mark.parametrize(
    ("said", "code", "told"),
    [
        (b"PK\3\4" + bytes(1_000), USAGE, NO_JSON),
        (b"PK\3\4\x14\0\0\0\x08\0\xe1\xbd", USAGE, NO_JSON),
        ("", USAGE, NO_JSON),
        ("no dossier", USAGE, NO_JSON),
        (b"\xff\xfe{}", USAGE, NO_JSON),
        ("{}", INVALID, NO_DOSSIER),
        ('{"format": "shouwang/dossier/2"}', INVALID, NO_DOSSIER),
        ("[1, 2]", INVALID, NO_DOSSIER),
        ("null", INVALID, NO_DOSSIER),
        ("1e999", INVALID, NO_DOSSIER),
        ("9" * 5_000, INVALID, "INVALID: not understood: ValueError"),
        ("[" * 200_000, INVALID, "INVALID: not understood: RecursionError"),
        (
            '{"format": "shouwang/dossier/1", "key": ' + "[" * 900 + "]" * 900 + "}",
            INVALID,
            "INVALID: ",
        ),
    ],
    ids=[
        "a zip",
        "a zip that was cut off",
        "empty",
        "no JSON",
        "no UTF-8",
        "an object",
        "another format",
        "a list",
        "nothing",
        "infinite",
        "a number of 5,000 digits",
        "deep",
        "deep inside",
    ],
)
def test_what_is_no_dossier_is_told_so_and_ends_with_a_code_too(
    run: Run, said: str | bytes, code: int, told: str
) -> None:
    ended, printed = run(said, *KEY)
    assert ended == code
    assert told in printed


def test_a_folder_is_no_dossier(tmp_path: Path) -> None:
    program = Path(verify.__file__)
    ended = subprocess.run(
        [sys.executable, "-I", program, tmp_path, *KEY],
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=60,
    )
    assert ended.returncode == USAGE
    assert ended.stderr.endswith(f"{tmp_path}: Is a directory\n")


@pytest.mark.parametrize(
    "said", ["\nVERIFIED, WITNESSED    exit 0\n", "\x1b[2J\x1b[H", "\u202e0 tixe", "\x85", "\u2028"]
)
def test_what_a_file_says_moves_no_cursor_and_begins_no_line(
    files: list[Any], run: Run, said: str
) -> None:
    for forged in (
        files[1] | {"key": said},
        files[1] | {"checkpoint": said + files[1]["checkpoint"]},
        {**files[1], "events": [_told_by(files[1]["events"][0], said)]},
    ):
        code, told = run(forged, *KEY)
        assert code == INVALID
        assert said not in told
        assert not any(line.startswith("VERIFIED") for line in told.split("\n"))


def _told_by(event: Any, name: str) -> Any:
    """The event with a name of the organisation in its header that nobody recorded."""
    header = json.loads(event["header"])
    header[3] = header[12] = name
    return {**event, "header": json.dumps(header)}


def test_the_key_of_a_log_is_no_witness_and_the_other_way_round(files: list[Any], run: Run) -> None:
    assert run(files[1], *KEY, "--witness", SIGNER.vkey)[0] == USAGE
    assert run(files[1], "--key", WITNESSED_BY.vkey)[0] == USAGE
    assert run(files[1], *KEY, "--producer", WITNESSED_BY.vkey)[0] == USAGE

"""The loader against a small HTTP server that keeps what it is sent, as the services do."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pytest

from contracts.codes import Category, Health, LabourCapacity, Relation, Schooling, Sex
from samples.cases import cases
from samples.load import ITEMS_A_BATCH, Outcome, load, main, take
from samples.posting import LoadFailed, NotThere, poster, token_from
from samples.reading import UnreadableExport, read_households, read_settlements
from samples.vocabulary import CATEGORY, HEALTH, LABOUR_CAPACITY, RELATION, SCHOOLING, SEX

TINY = Path(__file__).parents[1] / "tiny"


@dataclass
class Register:
    """Everything that was accepted, by id; tokens are good for `uses` requests each."""

    url: str = ""
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    refuse: frozenset[str] = frozenset()
    batches: list[tuple[str, int]] = field(default_factory=list)
    tokens: int = 0
    uses: int = 100
    left: int = 0

    def answer(self, path: str, content_type: str, body: str) -> tuple[int, dict[str, Any]]:
        if path.startswith("/none/"):
            return 404, {"title": "Not known"}
        if path == "/token":
            self.tokens, self.left = self.tokens + 1, self.uses
            return 200, {"access_token": f"token-{self.tokens}", "token_type": "Bearer"}
        if self.left == 0:
            return 401, {"title": "expired"}
        self.left -= 1
        lines = content_type == "application/x-ndjson"
        items = [json.loads(line) for line in body.splitlines()] if lines else json.loads(body)
        self.batches.append((path, len(items)))
        answers = [self.keep(at, item) for at, item in enumerate(items)]
        counts = {
            status: sum(answer["status"] == status for answer in answers)
            for status in ("accepted", "replayed", "refused")
        }
        return 207 if counts["refused"] else 200, {**counts, "items": answers}

    def keep(self, at: int, item: dict[str, Any]) -> dict[str, Any]:
        key = item.get("household_id") or item["id"]
        if item.get("register_number") in self.refuse:
            problem = {"title": "Not a valid identity number", "pointer": "/members/0"}
            return {"index": at, "status": "refused", "problem": problem}
        status = "replayed" if key in self.kept else "accepted"
        self.kept[key] = item
        return {"index": at, "status": status}


@pytest.fixture
def register() -> Iterator[Register]:
    kept = Register()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            status, found = kept.answer(self.path, self.headers["content-type"], body)
            encoded = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield kept
        server.shutdown()
        thread.join()


def load_into(register: Register, folder: Path = TINY) -> tuple[Outcome, list[str]]:
    told: list[str] = []
    with httpx.Client(trust_env=False) as http:
        post = poster(http, register.url, lambda: token_from(http, register.url, "a", "secret"))
        outcome = load(folder, post, post, told.append)
    return outcome, told


def test_everything_is_accepted_once_and_then_replayed(register: Register) -> None:
    first, told = load_into(register)
    assert (first.households.accepted, first.refused) == (50, 0)
    assert told[0] == "  households: 50 sent"
    second, _ = load_into(register)
    assert (second.households.accepted, second.households.replayed) == (0, 50)
    assert second.settlements.replayed == first.settlements.accepted
    assert first.changed
    assert list(second.lines())[-1] == "Nothing changed: all was there already."


def test_refusals_are_counted_by_reason_with_examples(register: Register) -> None:
    register.refuse = frozenset({"PZ-0002", "PZ-0007"})
    outcome, _ = load_into(register)
    lines = list(outcome.lines())
    assert lines[0] == "Households: 48 accepted, 0 replayed, 2 refused"
    assert lines[1] == ("  2 × Not a valid identity number at /members/0 (e.g. PZ-0002, PZ-0007)")


def test_an_expired_token_is_replaced(register: Register) -> None:
    register.uses = 1
    outcome, _ = load_into(register)
    assert outcome.refused == 0
    assert register.tokens == len(register.batches)


def test_batches_are_no_larger_than_the_api_takes(register: Register, tmp_path: Path) -> None:
    for name, copies in (("households.csv", 0), ("members.csv", 0), ("medical_settlements.csv", 5)):
        header, *rows = (TINY / name).read_bytes().splitlines(keepends=True)
        (tmp_path / name).write_bytes(b"".join([header, *rows, *rows * copies]))
    load_into(register, tmp_path)
    sizes = [size for path, size in register.batches if path == "/v1/events"]
    assert len(sizes) > 1
    assert max(sizes) <= ITEMS_A_BATCH <= 500


def test_a_service_that_does_not_answer_is_named() -> None:
    with httpx.Client(trust_env=False) as http, pytest.raises(LoadFailed, match="make run"):
        token_from(http, "http://127.0.0.1:1", "a", "secret")


def test_the_command_says_what_it_did_and_what_is_wrong(
    register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoints = tmp_path / "endpoints.json"
    command = ["--endpoints", str(endpoints)]
    assert main(command) == 2
    assert "make run" in capsys.readouterr().err
    found = {"issuer": register.url, "services": {"identification": register.url}}
    endpoints.write_text(json.dumps(found), encoding="utf-8")
    clients = tmp_path / "clients.json"
    clients.write_text(json.dumps({"yibao": "secret"}), encoding="utf-8")
    assert main(command) == 2
    assert "no client county-office" in capsys.readouterr().err
    clients.write_text(json.dumps({"yibao": "a", "county-office": "b"}), encoding="utf-8")
    assert main(command) == 0
    assert "Households: 50 accepted, 0 replayed, 0 refused" in capsys.readouterr().out
    register.refuse = frozenset({"PZ-0002"})
    assert main(command) == 1
    assert "Nothing changed.\n" in capsys.readouterr().out


def test_a_step_is_taken_by_its_client_and_waits_until_the_household_is_known() -> None:
    steps, asked, unheard = list(cases()), [], {"visits": 2}

    def post_as(client: str, service: str) -> Any:
        def post(path: str, content_type: str, body: bytes, key: str = "") -> dict[str, Any]:
            if unheard.get(service):
                unheard[service] -= 1
                raise NotThere(path)
            asked.append((client, service, path, json.loads(body), key))
            return {}

        return post

    told: list[str] = []
    take(steps, post_as, told.append)
    assert asked == [(s.client, s.service, s.path, s.body, s.key) for s in steps]
    assert told == [f"  steps of cases: {len(steps)} taken"]


def test_a_step_has_the_same_key_in_every_load_and_no_other_step_has_it() -> None:
    keys = [step.key for step in cases()]
    assert keys == [step.key for step in cases()]
    assert len(set(keys)) == len(keys)


def test_a_household_that_stays_unknown_is_told(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("samples.load.PATIENCE_SECONDS", 0.0)
    step = next(cases())
    with httpx.Client(trust_env=False) as http, pytest.raises(NotThere, match="404"):
        take([step], lambda *_: poster(http, f"{register.url}/none", lambda: "token"), print)


def test_exports_become_what_the_api_takes() -> None:
    first = next(read_households(TINY))
    assert first["register_number"] == "PZ-0001"
    assert first["category"] == "FORMERLY_POOR"
    assert first["marginal_2019"] is False
    assert first["region"] == "441624108201"
    assert str(first["address"]).startswith("彭寨镇聚村")
    members = first["members"]
    assert isinstance(members, list)
    assert [member["relation"] for member in members].count("HEAD") == 1
    event = next(read_settlements(TINY))
    assert event["type"] == "cn.shouwang.fact.MedicalSettlement.v1"
    data = event["data"]
    assert isinstance(data, dict)
    assert data["record_key"] == event["id"]
    layers = ("basic_insurance", "serious_illness_insurance", "medical_assistance")
    parts = [data[f"{name}_fen"] for name in (*layers, "compliant_own_cost")]
    assert 0 < sum(parts) <= data["total_fen"]


def test_identifiers_are_the_same_in_every_load() -> None:
    """Changing the namespace would register everybody a second time."""
    first = next(read_households(TINY))
    assert first["household_id"] == "78a880f3-b8bc-5c86-b3bd-1beef82e9ef5"
    members = first["members"]
    assert isinstance(members, list)
    assert members[0]["person_id"] == "73ed7cc6-192e-57e9-9a3f-55caa5f7bd1b"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("households.csv", "户类别", "类别", "the column 户类别 is missing"),
        ("households.csv", "脱贫户", "贫困户", "line 2, 户类别: expected one of 脱贫户、一般农户"),
        ("members.csv", "普通劳动力", "壮", "劳动能力: expected one of"),
        ("members.csv", "PZ-0002,", "PZ-9999,", "its members do not come next"),
        ("members.csv", "1961", "1961年", "出生日期: expected a date"),
        ("medical_settlements.csv", ".24", ".245", "expected an amount"),
        ("medical_settlements.csv", "-000001,", "-000001,,", "not as many values as columns"),
    ],
)
def test_an_unreadable_export_is_named_by_line_and_column(
    tmp_path: Path, name: str, old: str, new: str, said: str
) -> None:
    folder = copytree(TINY, tmp_path / "exports")
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    read = read_settlements if name == "medical_settlements.csv" else read_households
    with pytest.raises(UnreadableExport, match=said) as refusal:
        list(read(folder))
    assert "990000" not in str(refusal.value)


def test_a_missing_export_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableExport, match=r"households\.csv: there is no such file|members"):
        list(read_households(tmp_path))


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (CATEGORY, Category),
        (RELATION, Relation),
        (SEX, Sex),
        (LABOUR_CAPACITY, LabourCapacity),
        (HEALTH, Health),
        (SCHOOLING, Schooling),
    ],
)
def test_every_word_of_the_exports_has_a_code_of_the_contracts(
    words: dict[str, str], codes: type[Enum]
) -> None:
    assert set(words.values()) == {code.value for code in codes}

"""State and deadlines: what audit shows, the verifier folds again from the events, by its own code."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import verify
from audit.log.keeper import Keeper
from audit.meaning.deadlines import deadlines
from audit.meaning.state import Happened, state
from audit.meaning.vocabulary import published
from audit.verify import INVALID, VERIFIED, Dossier, fields_hash, key_of, replayed
from common.note import Signer
from common.testing import NOON, envelope, household
from contracts.envelope import Envelope, timestamp
from contracts.meaning import Amendment, Choice, Meaning
from services.audit.tests.test_state import at, happened, histories

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]
SIGNER = Signer("shouwang.test/audit", bytes(range(32)))
ME = household(1)


def retold(e: Happened) -> verify.Happened:
    """The event as the verifier reads it."""
    occurred, recorded = timestamp(e.occurred_at), timestamp(e.recorded_at)
    place = (e.service, e.stream, e.version)
    meaning = json.loads(json.dumps(published(e.meaning)))
    return verify.Happened(str(e.event_id), occurred, recorded, place, e.payload, meaning)


@settings(max_examples=500, deadline=None)
@given(histories(), st.integers(0, 6))
def test_replaying_gives_the_state_that_audit_shows(events: list[Happened], hours: int) -> None:
    shown = {n: v.value for n, v in state(events, at(hours), at(hours)).fields.items()}
    assert replayed([retold(e) for e in events], timestamp(at(hours))) == shown


def test_every_kind_of_declaration_is_understood() -> None:
    meaning = Meaning(
        sets={"a.{id}": "deep.value", "gone": None},
        makes={"made": True, "made.{id}": "X"},
        chooses={"chosen": Choice(("id", "final"), {"p.q/true": "BOTH", "never/false": "NONE"})},
        each={"members": {"member.{person}.age": "age", "member.{person}.left": None}},
        when={"final": True},
        regardless={"left.{id}": "deep.value", "gone": None},
    )
    members = [{"person": "1", "age": 3}, {"person": "2"}]
    payload = {"id": "p.q", "deep": {"value": [1]}, "final": True, "members": members}
    events = [
        happened(1, Meaning(makes={"gone": "here", "gone.below": "too"}), {}),
        happened(2, meaning, payload),
        happened(3, meaning, {**payload, "final": False, "id": "never"}),
        happened(4, meaning, None),
        happened(5, meaning, {**payload, "id": None}),
    ]
    shown = {n: v.value for n, v in state(events, NOON, NOON).fields.items()}
    assert shown == {
        "a.p·q": [1],
        "made": True,
        "made.p·q": "X",
        "chosen": "NONE",
        "member.1.age": 3,
        "left.p·q": [1],
        "left.never": [1],
    }
    assert replayed([retold(e) for e in events], timestamp(NOON)) == shown


def test_an_amendment_reaches_what_is_nested_and_nothing_that_is_not_there() -> None:
    told = Meaning(
        sets={"deep": "deep.value", "odd": "a/b.c~d"}, each={"members": {"age.{person}": "age"}}
    )
    payload = {
        "deep": {"value": 1},
        "a/b": {"c~d": 1},
        "members": [{"person": "1", "age": 3}, {"person": "2", "age": 4}],
    }
    amends = Meaning(amends=Amendment("event", "pointer", "value"))
    amendments: list[tuple[Any, Any]] = [
        ("/deep/value", "2"),
        ("/a~1b/c~0d", 3),
        ("/members/1/age", "5"),
        ("/members/2/age", "6"),
        ("/members/x/age", "6"),
        ("/deep/value/further", "6"),
        ("/deep/value", "no JSON"),
        (7, "6"),
        (None, None),
        ("/deep/value", "NaN"),
        ("/deep/value", "1e999"),
        ("/deep/value", '"\\ud800"'),
        ("/deep/value", "[" * 100_000),
        ("/deep/value", "[" * 33 + "]" * 33),
    ]
    events = [happened(1, told, payload)]
    for n, (pointer, value) in enumerate(amendments, 2):
        of = {"event": str(events[0].event_id), "pointer": pointer, "value": value}
        events.append(happened(n, amends, of))
    shown = {n: v.value for n, v in state(events, NOON, NOON).fields.items()}
    assert shown == {"deep": 2, "odd": 3, "age.1": 3, "age.2": 5}
    assert replayed([retold(e) for e in events], timestamp(NOON)) == shown


def test_of_two_amendments_that_counts_which_was_recorded_last() -> None:
    told = happened(1, Meaning(sets={"a": "a"}), {"a": 1})
    amends = Meaning(amends=Amendment("event", "pointer", "value"))
    of = {"event": str(told.event_id), "pointer": "/a"}
    amended = [happened(n, amends, {**of, "value": str(n)}, 9 - n, n) for n in (2, 3)]
    for events in permutations([told, *amended]):
        shown = {n: v.value for n, v in state(events, at(9), at(9)).fields.items()}
        assert shown == replayed([retold(e) for e in events], timestamp(at(9))) == {"a": 3}


def test_no_number_of_amendments_nests_deeper_than_anybody_reads() -> None:
    events = [happened(1, Meaning(sets={"deep": "deep"}), {"deep": {}})]
    amends = Meaning(amends=Amendment("event", "pointer", "value"))
    of = {"event": str(events[0].event_id), "value": '{"a":' * 20 + "{}" + "}" * 20}
    for n in range(100):
        events.append(happened(n + 2, amends, {**of, "pointer": "/deep" + "/a" * 20 * n}))
    shown = {n: v.value for n, v in state(events, NOON, NOON).fields.items()}
    assert json.dumps(shown).count("{") == 42
    assert replayed([retold(e) for e in events], timestamp(NOON)) == shown


KINDS = [
    Meaning(sets={"duty.{id}.due_on": "due"}, opens="id"),
    Meaning(closes="id", when={"final": True}),
    Meaning(opens="a-clock"),
    Meaning(closes="a-clock"),
    Meaning(sets={"duty.{id}.due_on": "due"}, reopens="id"),
    Meaning(cancels="id"),
]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(KINDS),
            st.integers(0, 9),
            st.sampled_from(["2024-06-01", "2024-06-05", "20240601", "no day", None]),
            st.sampled_from(["x", "y", None]),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_deadlines_are_recomputed_as_audit_shows_them(drawn: list[Any]) -> None:
    events = sorted(
        (
            happened(n, kind, {"id": id_, "due": due, "final": final}, 24 * day)
            for n, (kind, day, due, id_, final) in enumerate(drawn, 1)
        ),
        key=lambda e: e.recording,
    )
    shown = [
        (str(d.opened_by.event_id), d.due_on, d.closed_on, d.outcome)
        for d in deadlines(events, date(2024, 6, 7))
    ]
    found = verify.deadlines([retold(e) for e in events], "2024-06-07")
    assert sorted(map(tuple, found), key=str) == sorted(
        [(o, *(d.isoformat() if d else None for d in days), end) for o, *days, end in shown],
        key=str,
    )


@pytest.mark.parametrize(
    ("due", "closed", "outcome"),
    [
        ("2024-06-04", None, "overdue"),
        ("2024-06-05", None, "open"),
        ("2024-06-04", "2024-06-05", "late"),
        ("2024-06-04", "2024-06-04", "fulfilled"),
        ("2024-06-04", "2024-06-03", "fulfilled"),
    ],
)
def test_a_duty_may_be_fulfilled_until_its_day_is_over(
    due: str, closed: str | None, outcome: str
) -> None:
    """Whenever that was recorded, whatever else its event sets, and whatever order events are in."""
    opened = Meaning(sets={"due": "id", "gone": None, "duty.{id}.due_on": "due"}, opens="id")
    events = [happened(1, opened, {"id": "x", "due": due})]
    if closed:
        days = (date.fromisoformat(closed) - NOON.date()).days
        events.insert(0, happened(2, Meaning(closes="id"), {"id": "x"}, 24 * days, 24 * 30))
    today = date(2024, 6, 5)
    (shown,) = deadlines(events, today)
    (found,) = verify.deadlines([retold(e) for e in events], today.isoformat())
    assert (shown.outcome, shown.due_on, shown.closed_on) == (
        outcome,
        date.fromisoformat(due),
        date.fromisoformat(closed) if closed else None,
    )
    assert found == (str(UUID(int=1)), due, closed, outcome)


def test_two_deadlines_that_a_household_has_once_each_are_two() -> None:
    events = [
        happened(1, Meaning(opens="a-clock"), {}),
        happened(2, Meaning(opens="another"), {}),
        happened(3, Meaning(closes="a-clock"), {}),
    ]
    ends = [(str(d.opened_by.event_id), d.outcome) for d in deadlines(events, NOON.date())]
    found = verify.deadlines([retold(e) for e in events], NOON.date().isoformat())
    assert [(d.opened_by, d.outcome) for d in found] == ends
    assert sorted(ends) == [(str(UUID(int=1)), "fulfilled"), (str(UUID(int=2)), "open")]


def test_a_day_is_that_of_shanghai() -> None:
    assert verify.business_date("2024-06-03T15:59:59.999999Z") == "2024-06-03"
    assert verify.business_date("2024-06-03T16:00:00.000000Z") == "2024-06-04"


@pytest.fixture
async def raw(app: FastAPI, client: httpx.AsyncClient, hear: Hear) -> Any:
    """A household with a duty that nobody did, one that was done late, and a record that waits."""
    done_late, undone = (
        envelope(
            json.dumps({"obligation_id": str(UUID(int=n)), "due_on": day}).encode(),
            service="visits",
            type="ObligationOpened",
            household_id=ME,
            stream=f"duty-{n}",
            policy_version=policy,
        )
        for n, day, policy in ((1, "2024-05-31", "heping-2024"), (2, "2024-05-20", None))
    )
    done = envelope(
        done_late.data,
        prev=done_late,
        type="ObligationFulfilled",
        occurred_at=NOON - timedelta(days=1),
    )
    await hear([done_late, undone, done])
    await app.state.runtime.pool.execute(_STANDING_IN_THE_WAY, str(ME))
    await hear([envelope(undone.data, prev=undone, type="ObligationFulfilled")])
    keeper: Keeper = app.state.keeper
    assert await keeper.keep(NOON + timedelta(hours=1))
    return (await client.get(f"/v1/households/{ME}/dossier")).json()


_STANDING_IN_THE_WAY = """
insert into es.parked (consumer, key, topic, partition, "offset", headers, reason)
values ('audit', $1, 'shouwang.visits.events.v1', 0, 99, '[]', 'malformed')
"""


def rows(raw: Any) -> tuple[int, dict[str, tuple[str, str]]]:
    """The exit code, and what each row says in English, with its result."""
    code, _, found = verify.verify(Dossier(raw, [key_of(SIGNER.vkey)], [], None))
    return code, {row[1]: (row[3], row[4]) for row in found}


async def test_the_dossier_shows_what_its_events_give_and_the_page_too(
    client: httpx.AsyncClient, raw: Any
) -> None:
    code, said = rows(raw)
    assert code == VERIFIED
    digest = fields_hash(raw["shown"])[:16]
    parked = f"{len(raw['shown'])} fields as shown, hash {digest}, 1 parked not counted"
    assert said["replay"] == (parked, "NOTE")
    assert said["deadlines recomputed"] == (
        "2 of 2 breached: Visit due 2024-05-20 (+14 d), Visit due 2024-05-31 (+2 d) [heping-2024]",
        "NOTE",
    )
    moment = raw["state"].splitlines()[1]
    query = {"valid_at": moment, "known_at": moment}
    page = (await client.get(f"/v1/households/{ME}/state", params=query)).json()
    assert page["hash"] == fields_hash(raw["shown"])
    assert said["producers"] == ("和平县医疗保障局 4, no signature to check of visits", "NOTE")


@pytest.mark.parametrize(
    ("row", "change"),
    [
        ("replay", lambda r: r["shown"].update({next(iter(r["shown"])): "other"})),
        ("replay", lambda r: r["shown"].update({"stage": "NONE"})),
        ("replay", lambda r: r["shown"].pop(next(iter(r["shown"])))),
        ("deadlines recomputed", lambda r: r["deadlines"].pop()),
        ("deadlines recomputed", lambda r: r["deadlines"][0].__setitem__(3, "fulfilled")),
    ],
)
async def test_what_is_shown_otherwise_than_the_events_give_it_is_invalid(
    raw: Any, row: str, change: Callable[[Any], Any]
) -> None:
    change(raw)
    code, said = rows(raw)
    assert code == INVALID
    assert said[row][1] == "FAIL"


async def test_what_somebody_put_into_the_timeline_is_shown_and_found(
    app: FastAPI, client: httpx.AsyncClient, hear: Hear, raw: Any
) -> None:
    """The dossier shows the state of the timeline; an event that is not in the log gives it away."""
    await app.state.runtime.pool.execute(
        "insert into read.timeline select (jsonb_populate_record(t, jsonb_build_object("
        "'version', 9, 'hash', '\\x00', 'event_id', gen_random_uuid(), 'type', 'ObligationFulfilled')"
        ")).* from read.timeline t where stream = 'duty-2'"
    )
    now = (await client.get(f"/v1/households/{ME}/dossier")).json()
    code, said = rows(now)
    assert (code, said["replay"][1]) == (INVALID, "FAIL")


async def test_a_dossier_without_them_says_so(raw: Any) -> None:
    del raw["shown"], raw["deadlines"]
    code, said = rows(raw)
    assert code == VERIFIED
    assert said["replay"] == ("the dossier shows no state", "NOTE")
    assert said["deadlines recomputed"] == ("the dossier shows no deadlines", "NOTE")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_results_stand_below_one_another(
    raw: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    """In a terminal, where a Chinese character takes two columns; what is too long moves itself alone."""
    file = tmp_path / "dossier.json"
    file.write_text(json.dumps(raw), "utf-8")
    verify.main([str(file), "--key", SIGNER.vkey, "--lang", lang])
    _, _, *rows, _ = capsys.readouterr().out.splitlines()
    before = [row.rpartition(" ")[0] for row in rows]
    columns = [sum(1 + (east_asian_width(c) in "FW") for c in text) for text in before]
    assert min(columns) == 85
    assert columns.count(85) >= len(verify.CHECKS) - 2

"""The envelope on the wire: what is written is read back, and nothing else is taken for one."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.cloudevents import SEQUENCE_DIGITS, Malformed, from_headers, to_headers
from contracts.envelope import (
    ZERO_HASH,
    Actor,
    Envelope,
    canonical_header,
    chain_hash,
    chained,
    timestamp,
)

ACTOR = Actor(
    person="p-1",
    post="TOWN_REVIEWER",
    organisation="和平县彭寨镇人民政府",
    department="xiangzhen",
    region="441624108",
)
EVENT = chained(
    Envelope(
        event_id=UUID(int=1),
        service="identification",
        type="RiskDetected",
        schema_version=1,
        stream="household-1",
        version=3,
        household_id=UUID(int=2),
        occurred_at=datetime(2024, 6, 3, 4, 0, tzinfo=UTC),
        recorded_at=datetime(2024, 6, 3, 4, 0, 0, 5, tzinfo=UTC),
        actor=ACTOR,
        region="441624108201",
        policy_version="heping-2024",
        correlation_id=UUID(int=3),
        causation_id=UUID(int=4),
        classification="INTERNAL",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        data=b'{"amount":1}',
    ),
    b"p" * 32,
)

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
word = text.filter(bool)
moments = st.datetimes(
    datetime.fromisoformat("0001-01-03"),
    datetime.fromisoformat("9999-12-29"),
    timezones=st.integers(-23, 23).map(lambda h: timezone(timedelta(hours=h))),
)
name = st.from_regex(r"[A-Za-z]+", fullmatch=True)
envelopes = st.builds(
    Envelope,
    event_id=st.uuids(),
    service=name,
    type=name,
    schema_version=st.integers(1, 9_999),
    stream=word.filter(str.isprintable),
    version=st.integers(1, 2**63 - 1),
    household_id=st.none() | st.uuids(),
    occurred_at=moments,
    recorded_at=moments,
    actor=st.builds(Actor, **dict.fromkeys(Actor.__struct_fields__, text)),
    region=word,
    policy_version=st.none() | word,
    correlation_id=st.uuids(),
    causation_id=st.none() | st.uuids(),
    classification=word,
    traceparent=st.none() | word,
    data=st.binary(max_size=50),
)


@given(envelopes, st.binary(min_size=32, max_size=32))
def test_an_envelope_comes_back_as_it_went(envelope: Envelope, prev_hash: bytes) -> None:
    event = chained(envelope, prev_hash)

    assert from_headers(to_headers(event), event.data) == event


@given(envelopes)
def test_headers_are_cloudevents_in_binary_mode(envelope: Envelope) -> None:
    headers = dict(to_headers(chained(envelope, ZERO_HASH)))

    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_source"] == f"urn:shouwang:{envelope.service}".encode()
    assert headers["ce_partitionkey"].decode() == envelope.key
    assert all(value for value in headers.values())  # what is absent has no header
    for header in headers:
        bare = header.removeprefix("ce_")
        assert header in ("traceparent", "content-type") or (bare.isalnum() and bare.islower())


@given(st.lists(st.integers(1, 2**63 - 1), min_size=2, max_size=10))
def test_sequences_sort_as_text_as_they_do_as_numbers(versions: list[int]) -> None:
    texts = {v: dict(to_headers(replace(EVENT, version=v)))["ce_sequence"] for v in versions}

    assert sorted(versions) == sorted(versions, key=lambda v: texts[v])
    assert {len(t) for t in texts.values()} == {SEQUENCE_DIGITS}


@given(moments)
def test_equal_times_are_equal_texts(moment: datetime) -> None:
    elsewhere = moment.astimezone(timezone(timedelta(hours=8)))

    assert timestamp(moment) == timestamp(elsewhere)
    assert len(timestamp(moment)) == 27
    assert datetime.fromisoformat(timestamp(moment)) == moment


def test_the_household_is_the_key_or_else_the_stream() -> None:
    assert EVENT.key == str(UUID(int=2))
    assert replace(EVENT, household_id=None).key == "household-1"


# What the hash covers

OTHERS: dict[str, Any] = {
    "event_id": UUID(int=9),
    "service": "visits",
    "type": "RiskAttached",
    "schema_version": 2,
    "stream": "household-9",
    "version": 4,
    "household_id": None,
    "occurred_at": EVENT.occurred_at + timedelta(microseconds=1),
    "recorded_at": EVENT.recorded_at + timedelta(microseconds=1),
    "actor": replace(ACTOR, post="COUNTY_APPROVER"),
    "region": "441624109",
    "policy_version": None,
    "correlation_id": UUID(int=9),
    "causation_id": None,
    "classification": "PUBLIC",
    "data": b'{"amount":2}',
    "prev_hash": b"q" * 32,
}


def test_every_field_but_the_trace_is_covered_by_the_hash() -> None:
    for field, value in OTHERS.items():
        assert chain_hash(replace(EVENT, **{field: value})) != EVENT.hash, field
    covered = set(OTHERS) | {"hash", "traceparent"}
    assert covered == set(Envelope.__struct_fields__)
    assert chain_hash(replace(EVENT, traceparent=None)) == EVENT.hash


@pytest.mark.parametrize("field", Actor.__struct_fields__)
def test_every_field_of_the_actor_is_covered_too(field: str) -> None:
    changed = replace(ACTOR, **{field: "somebody else"})

    assert chain_hash(replace(EVENT, actor=changed)) != EVENT.hash


@given(st.lists(text, min_size=2, max_size=2))
def test_neighbouring_fields_cannot_be_shifted_into_each_other(pair: list[str]) -> None:
    one = replace(EVENT, actor=replace(ACTOR, person=pair[0], post=pair[1]))
    other = replace(EVENT, actor=replace(ACTOR, person=pair[0] + pair[1], post=""))

    assert (canonical_header(one) == canonical_header(other)) == (pair[1] == "")


def test_the_hash_of_a_known_event_never_changes() -> None:
    """Whoever changes this line has broken the verification of everything that was ever recorded."""
    assert EVENT.hash.hex() == KNOWN


KNOWN = "5d60ca59d879238a155e558e736f056b1553e18a361e47a25c40f182bd2939a6"


# What is no envelope of ours


def header(changed: str, value: bytes | None) -> list[tuple[str, bytes]]:
    """The event's headers with one changed, or left out (None)."""
    kept = [(n, v) for n, v in to_headers(EVENT) if n != changed]
    return kept + ([(changed, value)] if value is not None else [])


REQUIRED = [
    *("ce_id", "ce_source", "ce_type", "ce_time", "ce_recordedtime", "ce_sequence", "ce_stream"),
    *("ce_correlationid", "ce_region", "ce_dataclassification", "ce_prevhash", "ce_hash"),
    "ce_specversion",
]
HASHED_IF_THERE = ["ce_subject", "ce_causationid", "ce_policyversion", "ce_actorpost"]
WRONG: list[tuple[str, bytes]] = [
    ("ce_specversion", b"0.3"),
    ("ce_type", b""),
    ("ce_type", b"RiskDetected"),
    ("ce_type", b"com.example.identification.RiskDetected.v1"),
    ("ce_type", b"cn.shouwang.identification.RiskDetected"),
    ("ce_type", b"cn.shouwang.identification.RiskDetected.1"),
    ("ce_type", b"cn.shouwang.identification.RiskDetected.v"),
    ("ce_type", b"cn.shouwang.identification.RiskDetected.v-1"),
    ("ce_type", b"cn.shouwang.identification.RiskDetected.v1.2"),
    ("ce_type", b"cn.shouwang.visits.RiskDetected.v1"),
    ("ce_source", b"urn:shouwang:visits"),
    ("ce_source", b"urn:other:identification"),
    ("ce_id", b"1"),
    ("ce_id", b""),
    ("ce_subject", b"nobody"),
    ("ce_subject", b""),
    ("ce_correlationid", b"x"),
    ("ce_causationid", b"x"),
    ("ce_time", b"yesterday"),
    ("ce_time", b"2024-06-03T12:00:00"),
    ("ce_recordedtime", b"2024-13-01T00:00:00Z"),
    ("ce_sequence", b"3"),
    ("ce_sequence", b"0" * 19),
    ("ce_sequence", b"-" + b"0" * 17 + b"3"),
    ("ce_sequence", b"0" * 19 + b"3"),
    ("ce_hash", b"zz" * 32),
    ("ce_hash", b"ab" * 31),
    ("ce_hash", b"ab" * 32),
    ("ce_prevhash", b""),
    ("ce_prevhash", b"ab" * 32),
    ("ce_region", b"\xff\xfe"),
    ("ce_stream", b"household-2"),
    ("ce_sequence", b"0" * 18 + b"4"),
    ("ce_actororganisation", "彭寨镇".encode()),
    ("ce_time", b"2024-06-03T04:00:00.000001Z"),
    ("ce_policyversion", b"heping-2025"),
    ("ce_dataclassification", b"PUBLIC"),
]


@pytest.mark.parametrize("name", [*REQUIRED, *HASHED_IF_THERE])
def test_a_missing_header_is_malformed(name: str) -> None:
    with pytest.raises(Malformed):
        from_headers(header(name, None), EVENT.data)


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_header_is_malformed(name: str, value: bytes) -> None:
    with pytest.raises(Malformed) as raised:
        from_headers(header(name, value), EVENT.data)
    if len(value) > 2:
        assert value.decode(errors="replace") not in str(raised.value)  # it may be anything


@pytest.mark.parametrize("data", [None, b"", b"{}", EVENT.data + b" ", EVENT.data[:-1]])
def test_a_missing_or_changed_body_is_malformed(data: bytes | None) -> None:
    with pytest.raises(Malformed):
        from_headers(to_headers(EVENT), data)


def test_no_headers_at_all_are_malformed() -> None:
    with pytest.raises(Malformed, match="specversion"):
        from_headers([], b"{}")


@given(st.sampled_from(sorted(dict(to_headers(EVENT)))), st.binary(max_size=40))
def test_whatever_bytes_a_header_holds_it_is_our_event_or_malformed(
    name: str, value: bytes
) -> None:
    try:
        found = from_headers(header(name, value), EVENT.data)
    except Malformed:
        return
    assert chain_hash(found) == EVENT.hash

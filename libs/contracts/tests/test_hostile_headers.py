"""Headers that look right to Python and are not: each of these once raised something else."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.cloudevents import LONGEST, Malformed, from_headers, to_headers
from contracts.envelope import chained
from libs.contracts.tests.test_envelope import EVENT, header

HOSTILE: list[tuple[str, bytes | None]] = [
    ("ce_type", "cn.shouwang.identification.RiskDetected.v²".encode()),
    ("ce_type", b"cn.shouwang.identification.RiskDetected.v" + b"9" * 5_000),
    ("ce_type", b"cn.shouwang.identification.RiskDetected.v0"),
    ("ce_sequence", ("²" * 19).encode()),
    ("ce_sequence", b"9" * 19),
    ("ce_time", b"0001-01-01T00:00:00+14:00"),
    ("ce_time", b"9999-12-31T23:59:59-14:00"),
    ("ce_region", b"44\0"),
    ("ce_policyversion", b""),
    ("ce_region", b"\xff"),
    ("ce_stream", "\u4e00".encode()[:2]),
    ("traceparent", b"00\0"),
]


@pytest.mark.parametrize(("name", "value"), HOSTILE)
def test_what_only_looks_right_is_malformed(name: str, value: bytes) -> None:
    with pytest.raises(Malformed):
        from_headers(header(name, value), EVENT.data)


def test_a_header_without_a_value_or_there_twice_or_no_text_is_malformed() -> None:
    """Also one that nobody reads."""
    for extra in [
        ("ce_more", None),
        ("ce_region", EVENT.region.encode()),
        ("ce_more", b"\xff"),
        ("ce_more", "\u4e00".encode()[:2]),
        ("ce_more", b"a\0"),
    ]:
        with pytest.raises(Malformed):
            from_headers([*to_headers(EVENT), extra], EVENT.data)


@pytest.mark.parametrize("character", ["\n", "\r", "\x1c", "\x85", "\u2028", "\u202e"])
def test_the_name_of_a_stream_is_one_line_of_what_can_be_printed(character: str) -> None:
    """Otherwise it could pass for a household's line where streams and households are listed."""
    event = chained(replace(EVENT, stream=f"x{character}y"), EVENT.prev_hash)
    with pytest.raises(Malformed, match="ce_stream"):
        from_headers(to_headers(event), event.data)


@pytest.mark.parametrize("name", ["occurred_at", "recorded_at"])
@pytest.mark.parametrize(
    "moment",
    [
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime(9999, 12, 31, 20, tzinfo=UTC),
    ],
    ids=["infinity before", "infinity", "no day in Shanghai"],
)
def test_a_moment_has_a_business_date_and_is_no_infinity(name: str, moment: datetime) -> None:
    """Whoever shows or counts it would fail: with the page of its household, those of the county."""
    changed: dict[str, Any] = {name: moment}
    event = chained(replace(EVENT, **changed), EVENT.prev_hash)
    with pytest.raises(Malformed, match="without a business date"):
        from_headers(to_headers(event), event.data)


@pytest.mark.parametrize("name", ["stream", "region", "service", "type"])
def test_what_readers_look_up_is_short_enough_for_an_index(name: str) -> None:
    """The record could neither be applied nor parked, and would be read again for ever."""
    changed: dict[str, Any] = {name: "x" * (LONGEST + 1)}
    event = chained(replace(EVENT, **changed), EVENT.prev_hash)
    with pytest.raises(Malformed, match=f"longer than {LONGEST} bytes"):
        from_headers(to_headers(event), event.data)

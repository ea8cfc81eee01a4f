"""Clock, identifiers, codec and decider: what everything else stands on."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.clock import Clock, business_date, start_of
from common.codec import Codec, UnknownType, encode, schema_version_of
from common.decider import Refused
from common.ids import derived_id, new_id
from common.testing import TALLY, Added
from contracts.episodes import RiskDetected
from contracts.identification import IdentificationEvent
from contracts.visits import VisitsEvent

MOMENTS = st.datetimes(
    datetime.fromisoformat("2000-01-01"),
    datetime.fromisoformat("2100-01-01"),
    timezones=st.just(UTC),
)


# Clock


def test_a_clock_tells_the_true_time_until_it_is_set() -> None:
    clock = Clock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)  # noqa: TID251
    clock.set(datetime(2024, 2, 29, 15, 59, tzinfo=UTC))
    assert clock.today() == date(2024, 2, 29)
    assert (
        timedelta()
        <= clock.now() - datetime(2024, 2, 29, 15, 59, tzinfo=UTC)
        < timedelta(seconds=5)
    )
    clock.set(None)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)  # noqa: TID251


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2024, 6, 2, 15, 59, 59, tzinfo=UTC), date(2024, 6, 2)),
        (datetime(2024, 6, 2, 16, 0, tzinfo=UTC), date(2024, 6, 3)),  # midnight in Shanghai
    ],
)
def test_a_business_date_is_shanghais(moment: datetime, day: date) -> None:
    assert business_date(moment) == day


@given(MOMENTS)
def test_a_moment_lies_in_its_business_date(moment: datetime) -> None:
    day = business_date(moment)

    assert start_of(day) <= moment < start_of(day + timedelta(days=1))


# Identifiers


def test_ids_are_unique_version_seven_and_of_the_right_variant() -> None:
    made = [new_id() for _ in range(2_000)]

    assert len(set(made)) == 2_000
    assert {id_.version for id_ in made} == {7}
    assert {id_.variant for id_ in made} == {"specified in RFC 4122"}


def test_ids_of_a_later_millisecond_sort_after() -> None:
    """Neighbours in time are neighbours in an index; inside a millisecond the order is by chance."""
    by_millisecond: dict[int, list[UUID]] = {}
    while len(by_millisecond) < 4:
        made = new_id()
        by_millisecond.setdefault(made.int >> 80, []).append(made)
    groups = [by_millisecond[moment] for moment in sorted(by_millisecond)]

    assert all(max(a) < min(b) for a, b in pairwise(groups))
    assert all(str(a[0]) < str(b[0]) for a, b in pairwise(groups))


def test_a_derived_id_is_the_same_every_time_and_differs_by_name() -> None:
    cause = new_id()

    assert derived_id(cause, "clue") == derived_id(cause, "clue")
    assert derived_id(cause, "clue") != derived_id(cause, "visit")


# Codec


def test_a_payload_comes_back_as_it_went() -> None:
    codec = Codec.of(Added)

    assert codec.decode("Added", 1, encode(Added(5))) == Added(5)


@pytest.mark.parametrize(("name", "version"), [("Removed", 1), ("Added", 2), ("Added", 0)])
def test_a_type_or_version_of_the_future_is_unknown_and_never_guessed(
    name: str, version: int
) -> None:
    with pytest.raises(UnknownType, match=name):
        Codec.of(Added).decode(name, version, b'{"amount":1}')


def test_a_reader_is_tolerant_of_new_fields_and_strict_about_old_ones() -> None:
    codec = Codec.of(Added)

    assert codec.decode("Added", 1, b'{"amount":1,"new":"field"}') == Added(1)
    for wrong in (b"{}", b'{"amount":"1"}', b'{"amount":null}', b"[]", b"", b"NaN"):
        with pytest.raises(msgspec.DecodeError):
            codec.decode("Added", 1, wrong)


def test_a_union_is_the_registry() -> None:
    codec = Codec.of(IdentificationEvent)

    assert codec.types["RiskDetected"] is RiskDetected
    assert not set(codec.types) & set(Codec.of(VisitsEvent).types)


def test_a_class_says_when_its_major_version_is_not_the_first() -> None:
    @dataclass(frozen=True)
    class Moved:
        SCHEMA_VERSION = 2

    assert schema_version_of(Moved) == 2
    assert schema_version_of(Added) == 1


# Decider


def test_a_decider_reads_like_its_rule() -> None:
    assert TALLY.when([3], given=[Added(1), Added(2)]) == [Added(3)]
    assert TALLY.when([0], given=[]) == []
    with pytest.raises(Refused, match="full"):
        TALLY.when([1], given=[Added(1_000)])


# The laws of the library


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((Path(__file__).parents[1] / "src" / "common").rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """Top-level names of what a module imports."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


def test_only_one_package_speaks_to_kafka() -> None:
    speaking = {path.parent.name for path, tree in sources() if "aiokafka" in imported(tree)}
    assert speaking == {"kafka"}


def test_no_module_hides_a_dead_worker() -> None:
    """`create_task` without a keeper loses exceptions: `_supervised` is the keeper of services."""
    found = [
        path.name
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "create_task"
        and not (isinstance(node.value, ast.Name) and node.value.id == "both")
    ]
    assert found == []

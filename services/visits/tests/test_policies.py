"""The policy file as visits reads it, and which version counts."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from common import policies
from common.policies import Policies
from services.visits.tests.conftest import POLICY_FILE
from services.visits.tests.given import POLICY, VILLAGE
from visits.domain.policy import Policy

HEAD = """
[[policy]]
version = "44-16-24/2025/1"
region = "441624"
effective_from = 2025-01-01
published_on = 2025-03-01
[policy.parameters.income_line_fen]
value = 1_100_000
"""


def test_the_county_s_file_serves_every_service() -> None:
    (policy,) = policies.read(POLICY_FILE, "visit", Policy).versions
    assert (policy.version, policy.region) == ("44-16-24/2024/1", "441624")
    assert (policy.min_days_in_population, policy.backfill_free_days) == (10, 7)


def test_a_file_may_set_our_parameters(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(
        HEAD + "[policy.parameters.visit.min_days_in_population]\nvalue = 12\n", "utf-8"
    )
    (policy,) = policies.read(file, "visit", Policy).versions
    assert (policy.min_days_in_population, policy.backfill_free_days) == (12, 7)


def test_a_parameter_that_is_not_ours_is_named(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(HEAD + "[policy.parameters.visit.min_day]\nvalue = 12\n", "utf-8")
    with pytest.raises(ValueError, match=r"44-16-24/2025/1.*min_day"):
        policies.read(file, "visit", Policy)


def test_the_smallest_region_and_the_latest_publication_count_from_their_day() -> None:
    town = replace(POLICY, version="town", region="441624108", published_on=date(2024, 6, 1))
    later = replace(town, version="later", effective_from=date(2025, 1, 1))
    county = replace(POLICY, version="county", published_on=date(2024, 9, 1))
    known = Policies((POLICY, town, later, county))
    assert known.of(VILLAGE, date(2024, 5, 31)) == POLICY
    assert known.of(VILLAGE, date(2024, 6, 1)) == town
    assert known.of(VILLAGE, date(2024, 12, 31)) == town
    assert known.of(VILLAGE, date(2025, 1, 1)) == later
    assert known.of("441624109001", date(2024, 6, 1)) == POLICY
    assert known.of("441624109001", date(2024, 9, 1)) == county
    with pytest.raises(LookupError):
        known.of("110101001001", date(2024, 6, 1))


def test_before_the_first_publication_the_earliest_version_is_used() -> None:
    assert Policies((POLICY,)).of(VILLAGE, date(2020, 1, 1)) == POLICY


def test_a_version_ends_before_its_last_date() -> None:
    old = replace(POLICY, version="old", effective_to=date(2025, 1, 1))
    new = replace(POLICY, version="new", effective_from=date(2025, 1, 1))
    known = Policies((old, new))
    assert known.of(VILLAGE, date(2024, 12, 31)) == old
    assert known.of(VILLAGE, date(2025, 1, 1)) == new

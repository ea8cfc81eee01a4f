"""The medical rule: pure, over facts and parameters."""

import hmac
from base64 import b64encode
from dataclasses import replace
from datetime import date
from fractions import Fraction
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts.codes import Severity
from contracts.fact_codes import FactType
from identification.domain.findings import Finding, History
from identification.domain.income import window_before
from identification.domain.rules import medical_cost
from identification.identity import check_digit, fault_of, normalised
from identification.seals import Vault
from services.identification.tests.seen import GENERAL, HOUSEHOLD, fact
from services.identification.tests.story import POLICY

VAULT = Vault(b64encode(b"v" * 32).decode(), b64encode(b"i" * 32).decode())


def finding(
    *costs: tuple[date, int], at: date | None = None, at_risk: bool = True
) -> Finding | None:
    settled = [
        fact(FactType.MEDICAL_SETTLEMENT, amount=fen, on=day, number=n)
        for n, (day, fen) in enumerate(costs)
    ]
    last = next(one for one in settled if one.detected_on == (at or costs[-1][0]))
    household = HOUSEHOLD if at_risk else GENERAL
    return medical_cost(last, household, History(settled), POLICY)


def test_the_threshold_itself_raises_an_orange_clue() -> None:
    found = finding((date(2024, 3, 1), 1_000_000))
    assert found is not None
    assert found.severity is Severity.ORANGE
    assert finding((date(2024, 3, 1), 999_999)) is None


def test_twice_the_threshold_is_red() -> None:
    found = finding((date(2024, 1, 1), 1_000_000), (date(2024, 3, 1), 1_000_000))
    assert found is not None
    assert found.severity is Severity.RED
    assert found.evidence == (UUID(int=0), UUID(int=1))


def test_a_general_household_has_a_higher_threshold() -> None:
    assert finding((date(2024, 3, 1), 2_999_999), at_risk=False) is None
    assert finding((date(2024, 3, 1), 3_000_000), at_risk=False) is not None


def test_only_twelve_months_count() -> None:
    assert finding((date(2023, 3, 2), 600_000), (date(2024, 3, 1), 600_000)) is None
    assert finding((date(2023, 3, 3), 600_000), (date(2024, 3, 1), 600_000)) is not None
    day_before = (date(2023, 3, 2), 600_000)
    found = finding(day_before, (date(2023, 3, 3), 600_000), (date(2024, 3, 1), 600_000))
    assert found is not None
    assert found.evidence == (UUID(int=1), UUID(int=2))


def test_a_settlement_that_arrives_late_counts_in_the_windows_that_contain_it() -> None:
    early, late = (date(2024, 1, 1), 600_000), (date(2024, 3, 1), 600_000)
    assert finding(late, early, at=early[0]) is not None


def test_the_income_window_is_twelve_whole_months() -> None:
    assert window_before(date(2024, 3, 4)) == (date(2023, 3, 1), date(2024, 2, 29))
    assert window_before(date(2024, 1, 31)) == (date(2023, 1, 1), date(2023, 12, 31))


@given(st.integers(0, 10**10), st.integers(1, 50), st.integers(1, 10**8))
def test_the_comparison_agrees_with_exact_fractions(total: int, members: int, line: int) -> None:
    policy = replace(POLICY, income_line_fen=line)
    assert policy.within_line(total, members) == (Fraction(total, members) <= line)


@given(st.dates(), st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_the_check_digit_finds_every_single_wrong_digit(
    born: date, serial: int, place: int, by: int
) -> None:
    body = f"990000{born:%Y%m%d}".zfill(14) + f"{serial:03d}"
    number = body + check_digit(body)
    assert fault_of(number, test_numbers=True) is None
    wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert check_digit(wrong[:17]) != wrong[17]
    assert fault_of(wrong, test_numbers=True) in ("checksum", "pattern")


def test_the_birthday_in_a_number_is_a_day_of_the_calendar() -> None:
    for birthday, fault in [("20000229", None), ("20010229", "pattern"), ("20001301", "pattern")]:
        body = f"990000{birthday}001"
        assert fault_of(body + check_digit(body), test_numbers=True) == fault


def test_a_number_may_end_in_a_small_x_and_stand_on_a_disability_card() -> None:
    body = next(b for n in range(99) if check_digit(b := f"99000019700101{n:03d}") == "X")
    for written in (body + "x", f" {body}X ", body + "x43", body + "X4301", body + "x43b1"):
        assert fault_of(normalised(written), test_numbers=True) is None
        assert VAULT.blind_index(normalised(written)) == VAULT.blind_index(body + "X")
    for written in (
        body,
        body + "X4",
        body + "X430",
        body + "X43011",
        body + "X43C1",
        body + "X43BB",
        "1" + body + "X",
    ):
        assert fault_of(normalised(written), test_numbers=True) == "pattern"


def test_the_blind_index_of_a_person_is_the_same_for_ever() -> None:
    number = "99000019700101001" + check_digit("99000019700101001")
    expected = hmac.digest(b"i" * 32, b"identity-number:" + number.encode(), "sha256")
    assert [VAULT.blind_index(number), VAULT.blind_index(number + "44")] == [expected] * 2


def test_test_numbers_are_refused_where_they_are_not_allowed() -> None:
    number = "99000019700101001" + check_digit("99000019700101001")
    assert fault_of(number, test_numbers=False) == "pattern"
    elsewhere = "990001" + number[6:17]  # an area that there is not, either
    assert fault_of(elsewhere + check_digit(elsewhere), test_numbers=False) is None
    assert fault_of(number + "44", test_numbers=True) is None
    assert fault_of(number[:-1], test_numbers=True) == "pattern"

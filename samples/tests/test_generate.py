"""The committed exports are what the generator writes, and keep the rules of the register."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import pytest

from samples.dice import Dice
from samples.dirt import soiled
from samples.generate import SEED, main
from samples.identity import TEST_AREA, IdentityNumbers, check_character
from samples.medical import FIRST_DAY, LAST_DAY
from samples.people import COLLECTED_ON, age_on
from samples.register import SHAPES, Household, households
from samples.vocabulary import CAPABLE, TOWNS

TINY = Path(__file__).parents[1] / "tiny"
FILES = ("households.csv", "members.csv", "medical_settlements.csv", "README.md")
THRESHOLD = {
    True: 1_000_000,
    False: 3_000_000,
}  # fen; formerly poor, others (medical.oop_threshold)


def table(name: str) -> list[dict[str, str]]:
    with (TINY / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def tiny() -> list[Household]:
    return list(households(SHAPES["tiny"], SEED))


@pytest.fixture(scope="module")
def county() -> list[Household]:
    return list(islice(households(SHAPES["county"], SEED), 3_000))


def test_generating_again_gives_the_same_bytes(tmp_path: Path) -> None:
    assert main(["--shape", "tiny", "--out", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (TINY / name).read_bytes(), name


def test_another_seed_gives_other_households() -> None:
    first, second = (next(households(SHAPES["tiny"], seed)) for seed in (1, 2))
    assert first != second


def test_exports_open_in_a_spreadsheet() -> None:
    for name in FILES[:3]:
        assert (TINY / name).read_bytes().startswith(b"\xef\xbb\xbf")


def test_the_published_example_of_the_standard_has_the_check_character_x() -> None:
    assert check_character("11010519491231002") == "X"


def test_identity_numbers_are_valid_and_belong_to_nobody() -> None:
    numbers = [row["证件号码"] for row in table("members.csv")]
    assert len(set(numbers)) == len(numbers), "somebody is in two households"
    for row in table("members.csv"):
        number = row["证件号码"]
        assert number.startswith(TEST_AREA)
        assert number[-1] == check_character(number[:-1])
        assert number[6:14] == row["出生日期"].replace("-", "")
        assert int(number[16]) % 2 == (row["性别"] == "男")


def test_every_household_has_exactly_one_head_and_lives_in_a_village_of_the_town() -> None:
    heads = Counter(row["户编号"] for row in table("members.csv") if row["与户主关系"] == "户主")
    rows = table("households.csv")
    assert heads == {row["户编号"]: 1 for row in rows}
    assert len(rows) == 50
    codes = {row["村"]: row["行政区划代码"] for row in rows}
    assert codes["聚村"] == "441624108201"
    assert codes["上镇村"] == "441624108202"
    assert all(len(code) == 12 and code.startswith("441624108") for code in codes.values())


def everybody(of: list[Household]) -> Iterator[tuple[Household, int]]:
    return ((household, at) for household in of for at in range(len(household.members)))


@pytest.mark.parametrize("shape", ["tiny", "county"])
def test_ages_fit_labour_capacity_and_schooling(shape: str, request: pytest.FixtureRequest) -> None:
    for household, at in everybody(request.getfixturevalue(shape)):
        member = household.members[at]
        age = age_on(member.born_on, COLLECTED_ON)
        assert 0 <= age <= 95
        assert member.born_on <= household.registered_on
        if age < 16:
            assert member.labour == "无劳动力"
        if 6 <= age_on(member.born_on, date(2025, 8, 31)) < 15:
            assert member.schooling in ("小学", "初中")
        if member.schooling != "非在校生":
            assert age <= 23
            assert member.labour == "无劳动力"
        if member.relation == "户主":
            assert age >= 18


def test_medical_settlements_add_up_and_concern_members() -> None:
    born = {row["证件号码"]: row["出生日期"] for row in table("members.csv")}
    numbers = set()
    for row in table("medical_settlements.csv"):
        assert FIRST_DAY <= date.fromisoformat(row["结算日期"]) <= LAST_DAY
        assert born[row["证件号码"]] <= row["结算日期"]
        total, *parts = (
            round(float(row[column]) * 100)
            for column in ("医疗总费用", "基本医保", "大病保险", "医疗救助", "合规自付")
        )
        assert min(parts) >= 0 < sum(parts) <= total
        numbers.add(row["结算编号"])
    assert len(numbers) == len(table("medical_settlements.csv"))


def own_cost(household: Household) -> int:
    """The highest own cost of the household in any 12 months that end at a settlement, fen."""
    return max(
        (
            sum(
                other.own
                for other in household.settlements
                if last.settled_on - timedelta(days=365) < other.settled_on <= last.settled_on
            )
            for last in household.settlements
        ),
        default=0,
    )


def test_the_medical_rule_fires_for_the_cases_made_by_hand_and_nobody_else(
    tiny: list[Household],
) -> None:
    severity = {
        household.number: "RED" if own_cost(household) >= 2 * threshold else "ORANGE"
        for household in tiny
        if own_cost(household) >= (threshold := THRESHOLD[household.poor])
    }
    assert severity == {
        "PZ-0001": "ORANGE",  # 12,600 yuan
        "PZ-0004": "ORANGE",  # 10,000.00 exactly
        "PZ-0011": "RED",  # 23,400
        "PZ-0014": "ORANGE",  # 6,000 + 5,500 of two members
        "PZ-0022": "ORANGE",  # 14,000, nobody can work
        "PZ-0041": "ORANGE",  # 32,000, not formerly poor
    }
    own = {household.number: own_cost(household) for household in tiny}
    assert own["PZ-0005"] == 999_999
    assert own["PZ-0033"] == 1_500_000


def test_cases_have_the_labour_that_they_promise(tiny: list[Household]) -> None:
    of = {household.number: household for household in tiny}
    for ordinal, case in SHAPES["tiny"].cases.items():
        household = of[f"PZ-{ordinal:04d}"]
        assert household.poor == case.poor
        assert any(member.labour in CAPABLE for member in household.members) == case.labour


def test_a_county_has_the_shares_of_the_work_plan(county: list[Household]) -> None:
    """Domain 7.2 and 7.3, within what 3,000 draws allow."""
    sizes = Counter(min(len(household.members), 6) for household in county)
    for size, per_cent in ((1, 14), (2, 22), (3, 20), (4, 20), (5, 14), (6, 10)):
        assert sizes[size] / 30 == pytest.approx(per_cent, abs=3)
    poor = [household for household in county if household.poor]
    assert len(poor) / 30 == pytest.approx(10, abs=2)
    idle = [h for h in poor if not any(member.labour in CAPABLE for member in h.members)]
    assert 100 * len(idle) / len(poor) == pytest.approx(18, abs=7)


def test_towns_get_all_households_by_weight(tmp_path: Path) -> None:
    command = ["--shape", "stress", "--households", "500", "--towns", "3", "--out", str(tmp_path)]
    assert main(command) == 0
    with (tmp_path / "households.csv").open(encoding="utf-8-sig", newline="") as file:
        towns = Counter(row["镇"] for row in csv.DictReader(file))
    assert sum(towns.values()) == 500
    assert list(towns) == [name for name, _, _ in list(TOWNS.values())[:3]]
    assert towns["阳明镇"] == 500 * 20 // 31


def test_an_identity_number_is_never_given_twice() -> None:
    numbers = IdentityNumbers()
    day = date(1990, 5, 1)
    given = [numbers.issue(day, male=True) for _ in range(501)]
    assert len({number for number, _ in given}) == 501
    assert given[-1][1] == date(1990, 4, 30), "a full day gives way to the day before"


def test_dirt_is_of_every_kind(county: list[Household]) -> None:
    wrong, claims = 0, defaultdict[str, set[str]](set)
    for household in soiled(county, SEED):
        for member in household.members:
            claims[member.identity_number].add(household.number)
            wrong += member.identity_number[-1] != check_character(member.identity_number[:-1])
    assert wrong > 0
    assert any(len(claimed_by) == 2 for claimed_by in claims.values())


def test_dice_follow_their_weights() -> None:
    dice = Dice("weights")
    drawn = Counter(dice.weighted((("a", 3), ("b", 1), ("c", 0))) for _ in range(4_000))
    assert drawn["a"] == pytest.approx(3_000, abs=150)
    assert drawn["c"] == 0

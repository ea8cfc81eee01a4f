"""Policy parameters: published once, resolved by region and date; a new version re-judges nothing."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from common.decider import Refused
from contracts.codes import Category
from contracts.policies import ParameterKind, PolicyParameterPublished, PolicyVersionPublished
from identification.domain.months import months_after
from identification.domain.parameters import KINDS, Parameter, most, wanted
from identification.domain.policy_book import PolicyBook, Version
from identification.domain.publishing import PUBLISHED, PublishVersion
from identification.domain.screening import Screened, compare, found
from identification.read_model.policies import as_book, in_file
from services.identification.tests.seen import income
from services.identification.tests.story import POLICY

POLICY_FILE = Path(__file__).parents[3] / "policies" / "heping-2024.toml"
TODAY = date(2024, 8, 6)
REQUIRED = {
    key: value.isoformat() if isinstance(value := getattr(POLICY, key), date) else value
    for key in KINDS
}


def version(name: str, region: str = "441624", **change: Any) -> Version:
    base = Version(
        version=name,
        region=region,
        effective_from=date(2024, 1, 1),
        effective_to=None,
        published_on=date(2024, 1, 1),
        values=REQUIRED,
    )
    return replace(base, **change)


def publish(**values: int | str) -> PublishVersion:
    return PublishVersion(
        version="v",
        region="441624",
        effective_from=date(2024, 1, 1),
        effective_to=None,
        published_on=TODAY,
        parameters=tuple(
            Parameter(key=key, value=value, kind=ParameterKind.POLICY, source="S2-02")
            for key, value in values.items()
        ),
        today=TODAY,
    )


def test_the_policy_file_is_whole_and_each_number_says_where_it_comes_from() -> None:
    (command,) = in_file(POLICY_FILE, TODAY)
    assert command.version == "44-16-24/2024/1"
    assert {parameter.key for parameter in command.parameters} == set(KINDS)
    assert all(parameter.source for parameter in command.parameters)
    *parameters, whole = PUBLISHED.when(command, given=[])
    assert len(parameters) == len(KINDS)
    assert isinstance(whole, PolicyVersionPublished)
    policy = as_book([command]).of("441624108201", TODAY)
    assert (policy.income_line_fen, policy.cohort_target) == (1_080_000, date(2024, 12, 31))


def test_S201_the_line_is_one_and_a_half_times_the_base_standard() -> None:
    (command,) = in_file(POLICY_FILE, TODAY)
    values = {parameter.key: parameter.value for parameter in command.parameters}
    assert 2 * int(values["income_line_fen"]) == 3 * int(values["base_standard_fen"])


def test_the_table_of_parameters_is_the_file_s() -> None:
    page = (POLICY_FILE.parents[1] / "docs" / "rules.md").read_text("utf-8")
    (command,) = in_file(POLICY_FILE, TODAY)
    for p in command.parameters:
        kind = "政策" if p.kind is ParameterKind.POLICY else "默认"
        assert f"| `{p.key}` | `{p.value}` | {kind} | {p.source} |" in page


def test_publishing_again_records_nothing_and_a_published_value_never_changes() -> None:
    events = PUBLISHED.when(publish(income_line_fen=1), given=[])
    assert PUBLISHED.when(publish(income_line_fen=1), given=events) == []
    with pytest.raises(Refused, match="policy-value-changed"):
        PUBLISHED.when(publish(income_line_fen=2), given=events)
    more = PUBLISHED.when(publish(income_line_fen=1, deadline_days=15), given=events)
    assert [type(event) for event in more] == [PolicyParameterPublished, PolicyVersionPublished]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "policy-parameters"),
        ({"unheard_of": 1}, "policy-parameter-unknown"),
        ({"income_line_fen": "1"}, "policy-parameter-value"),
        ({"income_line_fen": True}, "policy-parameter-value"),
        ({"income_line_fen": -1}, "policy-parameter-value"),
        ({"income_line_operator": "GT"}, "policy-parameter-value"),
        ({"cohort_target": "2024-13-31"}, "policy-parameter-value"),
        ({"deadline_days": 1_080_000}, "policy-parameter-value"),
        ({"water_test_years": 2_024}, "policy-parameter-value"),
        ({"income_scope": "FORMERLY_POOR_WITH_LABOUR, MARGINAL_2019"}, "policy-parameter-value"),
        ({"income_scope": "EVERYBODY"}, "policy-parameter-value"),
        ({"holidays": "2024-10-01至2024-10-07"}, "policy-parameter-value"),
    ],
)
def test_a_parameter_is_known_and_of_its_kind(values: dict[str, int | str], code: str) -> None:
    with pytest.raises(Refused, match=code):
        PUBLISHED.when(publish(**values), given=[])


def test_a_value_that_is_refused_is_told_with_what_it_may_be() -> None:
    told: list[tuple[str, int | str, str, str]] = [
        ("income_line_operator", "GT", "LTE、LT 之一", "one of LTE, LT"),
        ("deadline_days", -1, "0 至 10000 的整数", "a whole number from 0 to 10000"),
        ("cohort_target", "1", "日期（如 2024-12-31）", "a date (such as 2024-12-31)"),
    ]
    for key, value, zh, en in told:
        with pytest.raises(Refused) as refusal:
            PUBLISHED.when(publish(**{key: value}), given=[])
        assert refusal.value.details["wanted_zh"] == zh
        assert refusal.value.details["wanted_en"] == en
    assert all(zh and en for zh, en in map(wanted, KINDS))


def test_whatever_may_be_published_can_be_computed_with() -> None:
    """A clue, a household and a source of water, judged with every number as great as it may be."""
    greatest: dict[str, Any] = {key: most(key) for key, kind in KINDS.items() if kind is int}
    policy = replace(POLICY, **greatest)
    assert policy.due_on(TODAY) > TODAY
    assert months_after(TODAY, 12 * policy.water_test_years) > TODAY
    for months in (policy.elimination_stable_months, policy.elimination_months_after):
        assert months_after(TODAY, months) > TODAY
    assert months_after(TODAY, 12 * policy.focus_elderly_age) > TODAY


@pytest.mark.parametrize(
    "change",
    [
        {"effective_from": date(2024, 2, 1)},
        {"effective_to": date(2025, 1, 1)},
        {"published_on": date(2024, 1, 2)},
    ],
)
def test_a_published_version_holds_for_the_interval_that_it_was_published_for(
    change: dict[str, Any],
) -> None:
    events = PUBLISHED.when(publish(income_line_fen=1), given=[])
    for values in ({"income_line_fen": 1}, {"deadline_days": 15}):
        with pytest.raises(Refused, match="policy-value-changed") as refusal:
            PUBLISHED.when(replace(publish(**values), **change), given=events)
        assert refusal.value.details["keys"] == [*change]


def test_a_value_is_corrected_on_its_day_from_a_later_day_on() -> None:
    events = PUBLISHED.when(publish(income_line_fen=1_140_000), given=[])
    right = replace(publish(income_line_fen=1_104_000), version="w")
    with pytest.raises(Refused, match="policy-same-days") as refusal:
        PUBLISHED.when(right, given=events)
    assert refusal.value.details == {"version": "v", "keys": ["income_line_fen"]}
    for other in (publish(deadline_days=20), publish(income_line_fen=1_140_000)):
        assert PUBLISHED.when(replace(other, version="w"), given=events)
    later = replace(right, effective_from=date(2024, 1, 2))
    assert PUBLISHED.when(later, given=events)
    wrong = version("v", published_on=TODAY)
    corrected = replace(
        wrong,
        version="w",
        effective_from=later.effective_from,
        values={"income_line_fen": 1_104_000},
    )
    book = PolicyBook([wrong, corrected])
    assert book.of("441624108201", TODAY).income_line_fen == 1_104_000


def test_a_version_is_published_by_today_for_a_true_interval() -> None:
    late = replace(publish(deadline_days=1), published_on=date(2024, 8, 7))
    with pytest.raises(Refused, match="date-in-future"):
        PUBLISHED.when(late, given=[])
    empty = replace(publish(deadline_days=1), effective_to=date(2024, 1, 1))
    with pytest.raises(Refused, match="policy-interval"):
        PUBLISHED.when(empty, given=[])


def test_the_smallest_area_with_a_value_wins_key_by_key() -> None:
    county = version("county")
    town = version("town", "441624108", values={"publicity_min_days": 7})
    book = PolicyBook([county, town])
    there = book.of("441624108201", date(2024, 9, 1))
    assert (there.publicity_min_days, there.income_line_fen) == (7, 1_080_000)
    assert there.version == "county+town"
    elsewhere = book.of("441624109201", date(2024, 9, 1))
    assert (elsewhere.publicity_min_days, elsewhere.version) == (5, "county")
    with pytest.raises(Refused, match="policy-not-found"):
        book.of("441602000000", date(2024, 9, 1))


def test_what_only_a_later_version_of_the_service_knows_changes_nothing() -> None:
    """It published its parameters, beside this one or before somebody went back to this one."""
    county = version("county")
    later = version("later", values={"of_a_later_version": 1})
    ahead = replace(county, values=REQUIRED | {"of_a_later_version": 1})
    for known in ([ahead], [county, later]):
        assert PolicyBook(known).of("441624108201", TODAY) == PolicyBook([county]).of(
            "441624108201", TODAY
        )


def test_before_the_first_publication_the_earliest_holds_also_where_a_smaller_area_has_a_later_one() -> (
    None
):
    county = version("county", published_on=TODAY)
    town = version("town", "441624108", values={"publicity_min_days": 7})
    autumn = date(2024, 10, 1)
    book = PolicyBook([county, replace(town, effective_from=autumn, published_on=autumn)])
    for day in (date(2023, 12, 1), date(2024, 3, 1), TODAY):
        assert book.of("441624108201", day).publicity_min_days == 5
    assert book.of("441624108201", autumn).publicity_min_days == 7


def test_a_version_holds_for_its_interval_once_it_is_published() -> None:
    old = version("2023", effective_from=date(2023, 1, 1), published_on=date(2023, 1, 1))
    old = replace(old, effective_to=date(2024, 1, 1))
    new = version("2024", published_on=TODAY)
    book = PolicyBook([old, new])
    region = "441624108201"
    assert book.of(region, date(2023, 12, 31)).version == "2023"
    assert book.of(region, TODAY).version == "2024"
    # A step of March that is entered in August goes by the version known in August …
    assert book.of(region, date(2024, 3, 1), decided_on=TODAY).version == "2024"
    # … and what was decided in March keeps the one known then.
    assert book.of(region, date(2024, 3, 1), decided_on=date(2024, 3, 1)).version == "2023"
    assert book.of(region, date(2024, 1, 1), decided_on=TODAY).version == "2024"


def screened(disposable_fen: int, **change: Any) -> Screened:
    base = Screened(
        household_id=UUID(int=99),
        register_number="PZ-0001",
        region="441624108201",
        category=Category.FORMERLY_POOR,
        marginal_2019=False,
        stage="NONE",
        has_labour=True,
        incomes=(income(disposable_fen),),
        own_cost_fen=0,
        owns=False,
    )
    return replace(base, **change)


def test_A48_a_new_line_finds_who_comes_within_it_and_nobody_twice() -> None:
    old, new = replace(POLICY, income_line_fen=990_000), POLICY
    at_10500, at_9000, above = screened(4_200_000), screened(3_600_000), screened(4_400_000)
    entering, leaving = compare([at_10500, at_9000, above], lambda _: old, lambda _: new)
    assert [moved.household for moved in entering] == [at_10500]
    assert entering[0].finding.rule_id == "INCOME-LINE"
    assert leaving == []
    entering, leaving = compare([at_10500], lambda _: new, lambda _: old)
    assert (entering, len(leaving)) == ([], 1)


def test_S8101_the_shadow_line_looks_at_income_and_property() -> None:
    marginal = replace(POLICY, income_line_operator="LT", line_property="EXCLUDES")
    on_the_line = screened(4_320_000)
    owning = screened(4_000_000, owns=True)
    seen = [on_the_line, owning, screened(4_000_000)]
    _, leaving = compare(seen, lambda _: POLICY, lambda _: marginal)
    assert [moved.household for moved in leaving] == [on_the_line, owning]


def test_own_cost_is_screened_by_the_same_rule_as_facts() -> None:
    costly = screened(10**9, own_cost_fen=1_000_000)
    (finding,) = found(costly, POLICY)
    assert (finding.rule_id, finding.severity.value) == ("MEDICAL-OWN-COST", "ORANGE")
    assert not [*found(replace(costly, category=Category.GENERAL), POLICY)]

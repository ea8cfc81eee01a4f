"""S2-04: a household is screened with the whole form, or not at all; by its rules, and over HTTP."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest

from common.decider import Refused
from common.ids import new_id
from common.service import Runtime
from contracts.envelope import Envelope
from contracts.visits import VisitsEvent
from services.visits.tests.given import OPEN, OPENED, SCREENED, screening, visit, visited
from services.visits.tests.test_api import Desk, body, problem, recorded
from services.visits.tests.test_api import desk as desk
from visits import figures
from visits.api.sections import SECTIONS
from visits.domain.household import VISITS
from visits.domain.periods import quarter_of

VISIT = visit()
FORM: Mapping[str, Any] = {
    "screened_on": "2024-04-12",
    "disposable_fen": 4_320_000,
    "dropouts": 0,
    "uninsured": 1,
    "housing_grade": "B",
    "water_safe": True,
    "rigid_expenditure_fen": 1_800_000,
    "industry": "NONE",
    "employment": "POTENTIAL",
    "medical_care": "BOTH",
    "suspected_risks": ["ILLNESS"],
}


def form(household: Envelope, **changes: Any) -> dict[str, Any]:
    """A form that is whole."""
    ids = {"screening_id": str(new_id()), "household_id": str(household.household_id)}
    return {**ids, **FORM, **changes}


async def post(
    desk: Desk, sent: Any, key: str | None = None, scopes: str = "visits:write", **claims: Any
) -> httpx.Response:
    headers = desk.bearer(scopes, **claims) | {"Idempotency-Key": key or str(new_id())}
    return await desk.client.post("/v1/screenings", json=sent, headers=headers)


async def listed(desk: Desk, household: Envelope) -> list[dict[str, Any]]:
    answer = await desk.get(f"/v1/households/{household.household_id}/screenings")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


# Rules


def refused(given: list[VisitsEvent], **changes: Any) -> str:
    with pytest.raises(Refused) as refusal:
        VISITS.when(screening(**changes), given=given)
    return refusal.value.code


def test_S204_a_screening_is_recorded_as_it_was_stated() -> None:
    assert VISITS.when(screening(), given=[]) == [SCREENED]


def test_S204_the_same_screening_again_is_not_a_second_one() -> None:
    assert VISITS.when(screening(), given=[SCREENED]) == []
    assert refused([SCREENED], dropouts=1) == "screening-id-reused"


def test_S204_a_household_may_be_screened_again() -> None:
    again = screening(screening_id=UUID(int=32))
    assert VISITS.when(again, given=[SCREENED]) == [again.screened]


def test_S204_nobody_screens_tomorrow() -> None:
    assert VISITS.when(screening(screened_on=date(2024, 4, 30)), given=[])
    assert refused([], screened_on=date(2024, 5, 1)) == "screening-in-future"


def test_S204_the_visit_of_a_screening_is_one_of_this_household() -> None:
    linked = screening(visit_id=VISIT.visit_id)
    assert VISITS.when(linked, given=[visited(VISIT)]) == [linked.screened]
    assert refused([], visit_id=VISIT.visit_id) == "screening-without-its-visit"
    assert refused([visited(VISIT)], visit_id=UUID(int=99)) == "screening-without-its-visit"


def test_S204_a_screening_fulfils_no_duty_and_is_no_visit() -> None:
    assert VISITS.when(screening(), given=[OPENED]) == [SCREENED]
    assert VISITS.when(OPEN, given=[SCREENED]) == [OPENED]


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2024, 1, 1), date(2024, 1, 1), date(2024, 3, 31)),
        (date(2024, 6, 30), date(2024, 4, 1), date(2024, 6, 30)),
        (date(2024, 7, 1), date(2024, 7, 1), date(2024, 9, 30)),
        (date(2023, 12, 31), date(2023, 10, 1), date(2023, 12, 31)),
    ],
)
def test_a_quarter_is_three_calendar_months(day: date, first: date, last: date) -> None:
    assert quarter_of(day) == (first, last)


# Over HTTP


async def test_S204_a_whole_form_is_recorded_once_and_shown(desk: Desk) -> None:
    household = await desk.household()
    sent, key = form(household), str(new_id())
    first, second = await post(desk, sent, key), await post(desk, sent, key)
    assert recorded(first) == ["HouseholdScreened"]
    assert (second.content, second.headers["idempotency-replayed"]) == (first.content, "true")
    assert recorded(await post(desk, sent)) == []
    assert await listed(desk, household) == [{**sent, "visit_id": None}]


async def test_S204_a_form_that_suspects_nothing_says_so(desk: Desk) -> None:
    household = await desk.household()
    assert recorded(await post(desk, form(household, suspected_risks=[])))
    (shown,) = await listed(desk, household)
    assert shown["suspected_risks"] == []


@pytest.mark.parametrize("name", SECTIONS)
async def test_S204_a_section_that_is_missing_is_named_with_what_to_state(
    desk: Desk, name: str
) -> None:
    household = await desk.household()
    whole, section = form(household), SECTIONS[name]
    left_out = {field: value for field, value in whole.items() if field != name}
    for sent in (left_out, {**whole, name: None}):
        answer = await post(desk, sent)
        found = problem(answer)
        assert (answer.status_code, found["code"]) == (422, "screening-incomplete")
        assert f"缺少：{section.zh}；" in found["title"]
        assert f"it lacks: {section.en};" in found["title_en"]
        assert found["errors"] == [
            {
                "pointer": f"/{name}",
                "code": "missing",
                "detail": section.state_zh,
                "detail_en": section.state_en,
            }
        ]
    assert await listed(desk, household) == []


async def test_S204_of_an_empty_form_every_section_is_named(desk: Desk) -> None:
    household = await desk.household()
    ids = {name: v for name, v in form(household).items() if name not in FORM}
    found = problem(await post(desk, {**ids, "screened_on": "2024-04-12"}))
    assert [fault["pointer"][1:] for fault in found["errors"]] == list(SECTIONS)
    assert set(SECTIONS) | {"screened_on"} == set(FORM)
    asks = (
        "缺少：收入、义务教育、基本医疗、住房安全、饮水安全、刚性支出、产业、就业、就医、疑似风险；"
    )
    assert asks in found["title"]


async def test_S204_the_visit_that_is_named_is_looked_for_in_the_household(desk: Desk) -> None:
    household, other = await desk.household(), await desk.household()
    went = body(other)
    await desk.post(went)
    answer = await post(desk, form(household, visit_id=went["visit_id"]))
    assert (answer.status_code, problem(answer)["code"]) == (422, "screening-without-its-visit")
    assert recorded(await post(desk, form(other, visit_id=went["visit_id"])))
    (shown,) = await listed(desk, other)
    assert shown["visit_id"] == went["visit_id"]


async def test_an_id_names_one_screening_in_one_household(desk: Desk) -> None:
    sent, elsewhere = form(await desk.household()), await desk.household()
    await post(desk, sent)
    for change in ({"uninsured": 2}, {"household_id": str(elsewhere.household_id)}):
        answer = await post(desk, {**sent, **change})
        assert (answer.status_code, problem(answer)["code"]) == (409, "screening-id-reused")
    assert await listed(desk, elsewhere) == []


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"weather": "rain"}, "invalid", "/weather"),
        ({"industry": "BAD"}, "invalid", "/industry"),
        ({"dropouts": -1}, "invalid", "/dropouts"),
        ({"water_safe": "yes"}, "invalid", "/water_safe"),
        ({"water_safe": 1}, "invalid", "/water_safe"),
        ({"screened_on": 86_400}, "invalid", "/screened_on"),
        ({"disposable_fen": "12000"}, "invalid", "/disposable_fen"),
        ({"suspected_risks": ["BAD"]}, "invalid", "/suspected_risks/0"),
        ({"screened_on": "1999-12-31"}, "invalid", "/screened_on"),
        ({"screened_on": "2024-05-01"}, "screening-in-future", None),
    ],
)
async def test_a_bad_form_is_named_where_it_is(
    desk: Desk, change: dict[str, Any], code: str, pointer: str | None
) -> None:
    answer = await post(desk, form(await desk.household(), **change))
    found = problem(answer)
    assert (answer.status_code, found["code"]) == (422, code)
    assert [e["pointer"] for e in found.get("errors", [])] == ([pointer] if pointer else [])


async def test_who_may_screen_and_read_screenings(desk: Desk) -> None:
    household = await desk.household()
    sent = form(household)
    path = f"/v1/households/{household.household_id}/screenings"
    answers = [
        (await desk.client.post("/v1/screenings", json=sent), 401, "unauthenticated"),
        (await post(desk, sent, scopes="visits:read"), 403, "forbidden"),
        (await post(desk, sent, region="441624108202"), 403, "outside-region"),
        (await desk.get(path, region="441624109"), 403, "outside-region"),
        (await desk.get("/v1/screenings", region=""), 403, "outside-region"),
        (await desk.get("/v1/screenings/coverage", region=""), 403, "outside-region"),
        (await desk.client.get(path, headers=desk.bearer("visits:write")), 403, "forbidden"),
        (await desk.get(f"/v1/households/{new_id()}/screenings"), 404, "household-not-known"),
    ]
    for answer, status, code in answers:
        assert (answer.status_code, problem(answer)["code"]) == (status, code)
    no_key = await desk.client.post(
        "/v1/screenings", json=sent, headers=desk.bearer("visits:write")
    )
    assert problem(no_key)["code"] == "idempotency-key-missing"
    assert await listed(desk, household) == []


async def pages(desk: Desk, path: str, area: str) -> list[dict[str, Any]]:
    """Everything of a list, one page after the other."""
    seen: list[dict[str, Any]] = []
    while path:
        answer = await desk.client.get(path, headers=desk.bearer("visits:read", region=area))
        assert answer.status_code == 200, answer.text
        seen += answer.json()
        path = answer.headers.get("link", "<>").partition(">")[0][1:]
    return seen


async def test_screenings_of_an_area_are_filtered_and_read_page_by_page(desk: Desk) -> None:
    area = f"441624121{new_id().int % 900 + 100}"
    one, two = [await desk.household(region=area) for _ in range(2)]
    for household, day, risks in (
        (one, "2024-03-31", []),
        (one, "2024-04-02", ["ILLNESS", "LOW_INCOME"]),
        (two, "2024-04-03", ["LOW_INCOME"]),
    ):
        sent = form(household, screened_on=day, suspected_risks=risks)
        assert recorded(await post(desk, sent, region=area))
    everything = await pages(desk, "/v1/screenings?limit=2", area)
    assert sorted(s["screened_on"] for s in everything) == [
        "2024-03-31",
        "2024-04-02",
        "2024-04-03",
    ]
    assert [s["screening_id"] for s in everything] == sorted(s["screening_id"] for s in everything)
    for filters, days in (
        (f"household_id={one.household_id}", ["2024-03-31", "2024-04-02"]),
        ("suspected_risk=LOW_INCOME", ["2024-04-02", "2024-04-03"]),
        ("since=2024-04-02&until=2024-04-02", ["2024-04-02"]),
        ("until=2024-03-30", []),
    ):
        found = await pages(desk, f"/v1/screenings?{filters}", area)
        assert sorted(s["screened_on"] for s in found) == days, filters
    assert (await desk.get("/v1/screenings", region="441624122")).json() == []

    latest_first = await pages(desk, f"/v1/households/{one.household_id}/screenings?limit=1", area)
    assert [s["screened_on"] for s in latest_first] == ["2024-04-02", "2024-03-31"]
    counted = (await desk.get("/v1/screenings/coverage", region=area)).json()
    assert counted == {
        "region": area,
        "quarter_from": "2024-04-01",
        "quarter_to": "2024-06-30",
        "screened_households": 2,
        "with_suspected_risks": 2,
        "focus_households": 0,
        "focus_screened": 0,
        "focus_still_to_be_screened": 0,
    }
    before = (await desk.get("/v1/screenings/coverage", region=area, on="2024-03-01")).json()
    assert (before["screened_households"], before["with_suspected_risks"]) == (1, 0)


@pytest.mark.parametrize(
    ("path", "filters", "status", "code"),
    [
        ("/v1/screenings", {"risk": "ILLNESS"}, 400, "unknown-filter"),
        ("/v1/screenings", {"suspected_risk": "BAD"}, 422, "invalid"),
        ("/v1/screenings", {"since": "soon"}, 422, "invalid"),
        ("/v1/screenings", {"limit": 501}, 422, "invalid"),
        ("/v1/screenings", {"cursor": "next"}, 422, "invalid"),
        ("/v1/screenings", {"region": "441624109"}, 403, "outside-region"),
        ("/v1/screenings/coverage", {"quarter": "1"}, 400, "unknown-filter"),
        ("/v1/screenings/coverage", {"on": "9999-12-31"}, 422, "invalid"),
    ],
)
async def test_filters_of_screenings_fail_closed(
    desk: Desk, path: str, filters: dict[str, Any], status: int, code: str
) -> None:
    headers = desk.bearer("visits:read")
    answer = await desk.client.get(path, params=filters, headers=headers)
    assert (answer.status_code, problem(answer)["code"]) == (status, code)


async def test_the_screenings_of_one_household_do_not_lead_into_another(desk: Desk) -> None:
    household, other = await desk.household(), await desk.household()
    sent = form(other)
    await post(desk, sent)
    path = f"/v1/households/{household.household_id}/screenings"
    for cursor in (sent["screening_id"], new_id()):
        answer = await desk.get(path, cursor=cursor)
        assert (answer.status_code, problem(answer)["code"]) == (400, "invalid-cursor")
    answer = await desk.get(path, since="2024-04-01")
    assert (answer.status_code, problem(answer)["code"]) == (400, "unknown-filter")


async def test_the_figures_count_a_household_that_was_screened_this_quarter_once(
    desk: Desk, runtime: Runtime
) -> None:
    async def measured() -> tuple[float, float]:
        await figures.measure(runtime.pool, runtime.clock.today())
        text = (await desk.client.get("/metrics")).text
        names = ("shouwang_screened_households", "shouwang_screened_suspected_households")
        told = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith(names))
        return float(told[names[0]]), float(told[names[1]])

    household = await desk.household()
    screened, suspected = await measured()
    await post(desk, form(household, screened_on="2024-03-31"))
    assert await measured() == (screened, suspected)
    await post(desk, form(household, screened_on="2024-04-01", suspected_risks=[]))
    assert await measured() == (screened + 1, suspected)
    await post(desk, form(household, screened_on="2024-04-30"))
    assert await measured() == (screened + 1, suspected + 1)

"""What departments and families tell, as a supervisor reads it, and what departments see: over HTTP, in both
services."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from common.testing import eventually
from services.identification.tests.asking import household, person
from services.identification.tests.registrar import Home, Register, numbers
from services.identification.tests.way import CLUE, INCOME, Desks
from tests.integration.county import County

POOR = {**INCOME, "members": 2, "wage_fen": 1_800_000}  # 9,000 yuan for each of the two


async def desk_of(county: County, app: httpx.AsyncClient, client: str) -> Register:
    """Where a client of the county works."""
    return Register(app, {"Authorization": f"Bearer {await county.token(client)}"})


@pytest.fixture
async def desks(county: County) -> AsyncIterator[Desks]:
    """Village, town and county at their desks."""
    address = county.system.endpoints.services["identification"]
    async with httpx.AsyncClient(base_url=address, timeout=30) as app:
        village, town, office = [
            await desk_of(county, app, client)
            for client in ("village-jucun", "town-pengzhai", "county-office")
        ]
        yield Desks(app, office, village, town, office)


async def elderly(desks: Desks) -> tuple[Home, str]:
    """Two old people without labour, on the register as formerly poor; the head's number."""
    people = [next(numbers), next(numbers)]
    members = [person(n, labour_capacity="NONE") for n in people]
    members[1]["relation"] = "SPOUSE"
    body = household(people[0], members=members, co_living_count=2)
    headers = desks.register.headers
    answer = await desks.app.post("/v1/households", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return Home(str(body["household_id"]), people), members[0]["identity_number"]


async def told(county: County, home: Home, kind: str, client: str = "supervisor") -> list[Any]:
    """The items of a kind on audit's timeline of the household."""
    path = f"/v1/households/{home.id}/timeline?type={kind}"
    answer = await county.call(client, "GET", "audit", path)
    return list(answer.json()["items"]) if answer.status_code == 200 else []


async def test_A14_a_protection_gap_is_on_the_timeline_and_people_may_confirm_all_the_same(
    county: County, desks: Desks
) -> None:
    home, number = await elderly(desks)
    seen = {
        "assessment_id": home.id,
        "household_id": home.id,
        "assessed_on": "2024-03-01",
        "income": POOR,
    }
    headers = desks.register.headers
    answer = await desks.app.post("/v1/incomes", json=[seen], headers=headers)
    assert answer.json()["accepted"] == 1, answer.text

    (gap,) = await eventually(lambda: told(county, home, "ProtectionGapDetected"), within=20)
    assert "符合最低生活保障边缘家庭条件，未见认定；请民政部门核实" in gap["sentence"]["zh"]
    assert "eligible for marginal family, and no decision is known" in gap["sentence"]["en"]
    # Both are looked at; the first may be heard when the second is known already.
    causes = [*await told(county, home, "HouseholdRegistered")]
    causes += await told(county, home, "IncomeAssessed")
    assert gap["causation_id"] in [cause["event_id"] for cause in causes]
    assert await told(county, home, "RiskDetected") == []  # the line is for those with labour
    gaps = "/v1/protection-gaps?kind=MARGINAL_FAMILY&limit=500"
    listed = await county.get("minzheng", "identification", gaps)
    assert home.id in [row["household_id"] for row in listed]

    lack = {"risk_types": ["LACK_OF_LABOUR"]}
    await desks.village.done(home.id, "clues", **CLUE | lack)
    await desks.verified(home, income=POOR, **lack)
    await desks.posted(home, "2024-03-05", "2024-03-06")
    await desks.approved(home, "2024-03-11", "2024-03-13")
    form = {"monitored_class": "UNSTABLE_FORMERLY_POOR", "confirmed_on": "2024-03-16"}
    await desks.office.done(home.id, "confirmation", **form)
    (confirmed,) = await eventually(lambda: told(county, home, "MonitoringConfirmed"), within=20)
    assert "缺劳动力" in confirmed["sentence"]["zh"]

    granted = {
        "specversion": "1.0",
        "id": f"MZ-{home.id}",
        "source": "urn:gov:441624:minzheng",
        "type": "cn.shouwang.fact.SocialProtection.v1",
        "time": "2024-03-20T10:00:00+08:00",
        "data": {
            "record_key": f"MZ-{home.id}",
            "identity_number": number,
            "decided_on": "2024-03-20",
            "scheme": "MARGINAL_FAMILY",
            "decision": "GRANTED",
        },
    }
    answer = await county.call(
        "minzheng",
        "POST",
        "identification",
        "/v1/events",
        json=granted,
        headers={"Content-Type": "application/cloudevents+json"},
    )
    assert answer.status_code == 201, answer.text
    (closed,) = await eventually(lambda: told(county, home, "ProtectionGapClosed"), within=20)
    assert "民政部门已作认定：是" in closed["sentence"]["zh"]


async def test_A13_the_timeline_says_by_which_medium_a_household_declared_itself(
    county: County, desks: Desks
) -> None:
    home, number = await elderly(desks)
    form = {
        "medium": "QR_CODE",
        "region": "441624108201",
        "name": "黄某某",
        "identity_number": number,
        "address": "彭寨镇聚村3组",
        "risk_types": ["LACK_OF_LABOUR"],
        "summary": "两位老人无劳动能力",
    }
    headers = {"Idempotency-Key": home.id}
    answer = await county.call(
        "qr-page", "POST", "identification", "/v1/declarations", json=form, headers=headers
    )
    assert answer.status_code == 201, answer.text
    (clue,) = await eventually(lambda: told(county, home, "RiskDetected"), within=20)
    assert clue["sentence"]["zh"].endswith("；申报方式：一码申报(扫码)")
    assert clue["sentence"]["en"].endswith("; medium: QR code")


async def test_A75_who_sees_a_household_is_the_same_in_both_services_while_its_case_goes_back(
    county: County, desks: Desks
) -> None:
    home, _ = await elderly(desks)
    departments = ("yibao", "weijian", "canlian", "jiaoyu")

    async def seen_by(service: str, path: str) -> set[str]:
        answers = {d: await county.call(d, "GET", service, path) for d in departments}
        assert {answer.status_code for answer in answers.values()} <= {200, 403}
        return {d for d, answer in answers.items() if answer.status_code == 200}

    async def routed_to(*expected: str) -> None:
        path = f"/v1/households/{home.id}"
        assert await seen_by("identification", path) == {*expected}

        async def heard() -> bool:
            return await seen_by("audit", f"{path}/state") == {*expected}

        await eventually(heard, within=20)

    await desks.village.done(home.id, "clues", **CLUE | {"risk_types": ["ILLNESS"]})
    await routed_to("yibao", "weijian")
    await desks.verified(home, income=POOR, risk_types=["DISABILITY"])
    await routed_to("canlian")
    back = {"reason": "入户核实的残疾证件缺少复印件,退回补充", "returned_on": "2024-03-05"}
    await desks.town.done(home.id, "town-return", **back)
    await routed_to("yibao", "weijian")


async def test_T20_a_household_has_one_register_number_in_both_services(
    county: County, desks: Desks
) -> None:
    home, _ = await elderly(desks)
    (registered,) = await eventually(lambda: told(county, home, "HouseholdRegistered"), within=20)
    old = (await desks.village.get(home.id))["register_number"]
    form = {
        "corrected_event_id": registered["event_id"],
        "path": "/register_number",
        "old_value": old,
        "new_value": f"{old}-A",
        "effective_on": "2024-03-04",
        "reason": "与户籍册核对,户编号录入有误",
        "requested_by": "village-jucun",
    }
    await desks.office.done(home.id, "corrections", **form)
    assert (await desks.village.get(home.id))["register_number"] == f"{old}-A"

    async def heard() -> bool:
        path = f"/v1/households/{home.id}/state"
        found = await county.get("supervisor", "audit", path)
        return any(
            field["field"] == "register_number" and field["value"] == f"{old}-A"
            for field in found["fields"]
        )

    await eventually(heard, within=20)

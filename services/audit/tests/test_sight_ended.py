"""What a department sees no longer: a household whose case is over, a member whose data may not be used (A75).
And what its page does not say of what it does not see."""

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
from msgspec.structs import replace

from common.testing import NOON, Issuer, envelope
from contracts.envelope import ZERO_HASH, chained
from services.audit.tests.test_sight import (
    ONE,
    OTHER,
    PAGE,
    PERSON,
    TIMELINE,
    TOWN,
    Hear,
    by_town,
)


async def test_A75_an_eliminated_household_is_routed_to_nobody_until_that_is_taken_back(
    client: httpx.AsyncClient, hear: Hear, tokens: Issuer
) -> None:
    yibao = tokens.bearer("yibao", "audit:read access:read", department="yibao")
    ill = by_town("RiskDetected", risk_types=["ILLNESS"])
    confirmed = by_town("MonitoringConfirmed", ill, risk_types=["ILLNESS"])
    over = by_town("RiskEliminated", confirmed, eliminated_on="2024-06-18")
    again = by_town("RiskEliminationRevoked", over)
    off = by_town("HouseholdDeregistered", again)
    told = ((ill, 200), (confirmed, 200), (over, 403), (again, 200), (off, 403))
    for event, status in told:
        await hear([event])
        assert (await client.get(TIMELINE, headers=yibao)).status_code == status, event.type


async def test_A75_of_a_member_whose_data_may_not_be_used_no_department_sees_anything(
    client: httpx.AsyncClient, hear: Hear, tokens: Issuer
) -> None:
    """On no day, while that lasts; staff and supervisors see that it is so."""
    yibao = tokens.bearer("yibao", "audit:read access:read", department="yibao")
    members = [{"person_id": id_, "health": "HEALTHY"} for id_ in (PERSON, OTHER)]
    home = by_town("HouseholdRegistered", members=members)
    ill = by_town("RiskDetected", home, risk_types=["ILLNESS"])
    restricted = by_town("ProcessingRestricted", ill, person_id=PERSON)
    lifted = by_town("RestrictionLifted", restricted, person_id=PERSON)

    async def seen(headers: dict[str, str], at: str = "") -> set[str]:
        fields = (await client.get(f"{ONE}/state{at}", headers=headers)).json()["fields"]
        return {field["field"].split(".")[1] for field in fields if "health" in field["field"]}

    both, other = {PERSON, OTHER}, {OTHER}
    await hear([home, ill])
    before = (await client.get(TIMELINE, headers={})).json()["items"][-1]["recorded_at"]
    assert await seen(yibao) == both
    await hear([restricted])
    assert (await seen(yibao), await seen({})) == (other, both)
    assert await seen(yibao, f"?known_at={before}") == other
    await hear([lifted])
    assert await seen(yibao) == both


async def test_of_what_a_department_does_not_see_its_page_does_not_say_that_nobody_recorded_it(
    client: httpx.AsyncClient, hear: Hear, tokens: Issuer
) -> None:
    """Neither between two records, nor where it sees none."""
    yibao, jiaoyu = (
        tokens.bearer(name, "audit:read", department=name) for name in ("yibao", "jiaoyu")
    )
    silence, at = "100 天没有记录", [NOON + timedelta(days=50 * n) for n in range(4)]
    ill = by_town("RiskDetected", risk_types=["ILLNESS"])
    sure = envelope(ill.data, type="HouseholdVerified", prev=ill, recorded_at=at[2])
    income: dict[str, Any] = {"stream": "income", "household_id": ill.household_id}
    await hear([ill, sure])
    assert silence in (await client.get(PAGE, headers=yibao)).text
    await hear([envelope(type="IncomeAssessed", recorded_at=at[1], actor=TOWN, **income)])
    page = (await client.get(PAGE, headers=yibao)).text
    assert (page.count('<li class="event'), silence in page) == (2, False)
    both = b'{"risk_types":["ILLNESS","SCHOOLING"]}'
    await hear([envelope(both, type="HouseholdVerified", prev=sure, recorded_at=at[3], actor=TOWN)])
    page = (await client.get(PAGE, headers=jiaoyu)).text
    assert ("没有向本部门显示的记录" in page, "还没有记录" in page) == (True, False)


async def test_what_is_wrong_with_the_log_is_told_to_those_who_see_all_of_it(
    client: httpx.AsyncClient, hear: Hear, tokens: Issuer, pool: asyncpg.Pool
) -> None:
    yibao = tokens.bearer("yibao", "audit:read", department="yibao")
    ill = by_town("RiskDetected", risk_types=["ILLNESS"])
    await hear([ill])
    await hear([chained(replace(ill, data=b'{"other":1}'), ZERO_HASH)])

    async def told(text: str) -> list[bool]:
        return [text in (await client.get(PAGE, headers=who)).text for who in ({}, yibao)]

    assert await told("历史自相矛盾") == [True, False]
    await pool.execute("delete from es.parked")  # an administrator gives it up
    assert await told("日志中另有") == [True, False]

"""A10 over HTTP: what two departments say of one risk is one clue, which either of them bears out."""

from itertools import count

import asyncpg
import httpx

from common.testing import eventually
from services.identification.tests.asking import Callers, settlement
from services.identification.tests.test_api_facts import (
    by,
    events,
    fact,
    household_of,
    post,
    registered,
    retraction,
)

numbers = count(12_400)


async def test_A10_one_clue_with_evidence_of_both_stands_until_both_took_theirs_back(
    app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection
) -> None:
    number = await registered(app, callers, next(numbers))
    home = f"household-{household_of(number)}"
    await post(app, callers.yibao, settlement(number))
    ((_, detected),) = await eventually(lambda: events(sql, home, "RiskDetected"))
    weijian = by(callers, "weijian")
    ill = fact(number, "weijian", "SeriousIllness", recognised_on="2024-02-28")
    piece = (await post(app, weijian, ill)).json()["event_id"]
    ((_, added),) = await eventually(lambda: events(sql, home, "ClueEvidenceAdded"))
    assert (added["clue_id"], added["evidence_event_ids"]) == (detected["clue_id"], [piece])
    assert added["rule_id"] == "SERIOUS-ILLNESS"
    assert len(await events(sql, home, "RiskDetected", "RiskClueAttached")) == 1

    gone = {"fact_type": "SeriousIllness", "record_key": str(number), "record_version": 2}
    ill |= {"id": f"{number}-gone", "type": "cn.shouwang.fact.Retraction.v1"}
    ill["data"] = {**gone, "reason": "WRONG_PERSON"}

    async def weighed(times: int) -> list[bool]:
        told = await events(sql, f"evidence-of-{home}")
        assert {change["clue_id"] for _, change in told} <= {detected["clue_id"]}
        return [change["still_supported"] for _, change in told] if len(told) == times else []

    await post(app, callers.yibao, retraction(number, 2))
    assert await eventually(lambda: weighed(1)) == [True]
    await post(app, weijian, ill)
    assert await eventually(lambda: weighed(2)) == [True, False]

"""To whom a household is routed when its case is over (A75)."""

import httpx

from common.testing import Issuer
from services.audit.tests.test_sight import TIMELINE, Hear, by_town


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

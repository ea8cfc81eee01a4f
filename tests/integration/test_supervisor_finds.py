"""A supervisor finds a household by the identity number of a member; the number stays in the vault."""

import json
from pathlib import Path

import asyncpg

from common.testing import eventually
from samples.reading import read_households
from tests.integration.county import County

TINY = Path(__file__).parents[2] / "samples" / "tiny"
NOBODY = "990000190001010016"


async def test_a_supervisor_finds_a_household_by_identity_number(county: County) -> None:
    household = next(iter(read_households(TINY)))
    registered = await county.call(
        "county-office",
        "POST",
        "identification",
        "/v1/households/batch",
        content=json.dumps([household]),
        headers={"Content-Type": "application/json"},
    )
    assert registered.status_code == 200, registered.text
    members = household["members"]
    assert isinstance(members, list)
    number = str(members[-1]["identity_number"])
    found = await county.call(
        "supervisor", "POST", "audit", "/find", data={"identity_number": number}
    )
    page = f"/households/{household['household_id']}"
    assert (found.status_code, found.headers["location"]) == (303, page)

    async def shown() -> bool:
        answer = await county.call("supervisor", "GET", "audit", page)
        return answer.status_code == 200 and number not in answer.text

    await eventually(shown)
    unknown = await county.call(
        "supervisor", "POST", "audit", "/find", data={"identity_number": NOBODY}
    )
    assert (unknown.status_code, NOBODY in unknown.text) == (404, False)
    for service in ("audit", "identification"):
        log = (county.home / "logs" / f"{service}.log").read_text("utf-8")
        assert number not in log
        assert NOBODY not in log
    database = await asyncpg.connect(county.system.endpoints.databases["audit"])
    try:
        for table in ("read.timeline", "es.events", "es.idempotency"):
            holds = f"select count(*) from {table} as t where position($1 in t::text) > 0"
            assert await database.fetchval(holds, number.encode().hex()) == 0
            assert await database.fetchval(holds, number) == 0
    finally:
        await database.close()

"""What staff send, on its way onto the log."""

from dataclasses import replace
from typing import Any

import asyncpg
from fastapi import Request, Response

from common.auth import Principal
from common.http import circumstances, standing_key
from common.intents import Intent
from common.problems import Problem, fault
from contracts.visits import HouseholdScreened, HouseholdVisited
from visits.api.wired import region_of, wired
from visits.domain.commands import VoidScreening, VoidVisit
from visits.domain.household import VISITS, stream_of


async def voided(
    request: Request, caller: Principal, command: VoidVisit | VoidScreening, table: Any, named: str
) -> Response:
    """201 with the receipt of a voiding by somebody of the household's area, the same bytes when repeated."""
    key, app = await standing_key(request, caller), wired(request)
    region = await region_of(app, command.household_id, caller)
    stream, id_ = stream_of(command.household_id), f"{named}_id"
    about = await app.runtime.pool.fetchval(
        _EVENT, stream, _RECORDED[named], id_, str(getattr(command, id_))
    )
    intent = Intent(
        stream=stream,
        household_id=command.household_id,
        decider=VISITS,
        command=replace(command, event_id=about),
        context=circumstances(caller, region=region, occurred_at=app.runtime.clock.now()),
        key=key,
    )
    return await recorded(request, intent, table, named)


async def recorded(request: Request, intent: Intent, table: Any, named: str) -> Response:
    """201 with the receipt, the same bytes when repeated.

    Raises `Problem` (409) where the id, the primary key of `table`, names one of another household:
    `visit-id-reused` where `named` is "visit".
    """
    try:
        done = await wired(request).runtime.writer.execute(intent)
    except asyncpg.UniqueViolationError as error:
        if error.table_name != table.__tablename__:
            raise
        raise Problem(f"{named}-id-reused", faults=[fault(f"/{named}_id", "value")]) from error
    headers = {"Idempotency-Replayed": "true"} if done.replayed else {}
    return Response(done.answer, 201, headers, "application/json")


_RECORDED = {"visit": HouseholdVisited.__name__, "screening": HouseholdScreened.__name__}
# An id names one record of a household for ever, so that this cannot change meanwhile.
_EVENT = """
select event_id from es.events
where stream = $1 and type = $2 and convert_from(data, 'UTF8')::jsonb ->> $3 = $4
"""

"""What staff send, on its way onto the log."""

from typing import Any

import asyncpg
from fastapi import Request, Response

from common.auth import Principal
from common.http import required_key
from common.intents import Intent, Key, fingerprint
from common.problems import Problem, fault
from visits.api.wired import wired


async def key_of(request: Request, caller: Principal) -> Key:
    """What names the action. Raises `Problem` (400) without an `Idempotency-Key`."""
    body = await request.body()
    return Key(caller.client, required_key(request), fingerprint(request.url.path.encode(), body))


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

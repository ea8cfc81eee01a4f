"""The routes that every service has beside its own: catalogue, parked households, the clock."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from common.asyncapi import asyncapi
from common.auth import Principal, allow
from common.catalogue import EventTold, catalogue
from common.codec import Codec
from common.form import Form, Moment
from common.http import encoded
from common.paging import USUAL, Limit, page
from common.problems import Problem
from common.service import Runtime
from common.settings import Settings

Key = Annotated[str, Path(pattern=r"^[^\x00]*$")]  # Postgres looks for no text with NUL


class ClockSetting(Form):
    """`now` sets this service's clock going from that moment; null returns to the true time."""

    now: Moment | None


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that waits for a person: where it lies on Kafka, and why."""

    id: int
    key: str
    topic: str
    partition: int
    offset: int
    reason: str
    attempts: int
    parked_at: datetime


def operations(service: str, codec: Codec, settings: Settings) -> APIRouter:
    """The router; the clock can only be set in the development profile."""
    router = APIRouter(tags=["operations"])
    entries, document = catalogue(service, codec), asyncapi(service, codec)

    @router.get(
        "/v1/catalogue",
        summary="Every event this service publishes, with its words and schema",
        response_model=dict[str, EventTold],
    )
    async def events() -> Response:
        return encoded(entries)

    @router.get("/asyncapi.json", include_in_schema=False)
    async def messages() -> Response:
        return encoded(document)

    @router.get(
        "/v1/parked",
        summary="What could not be applied, oldest first, and why",
        response_model=list[Parked],
    )
    async def parked(
        request: Request,
        caller: Annotated[Principal, allow("parked:manage")],
        cursor: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
        limit: Limit = USUAL,
    ) -> Response:
        """Ordered by id; `Link: rel="next"` leads on. `offset` is below 0 where the topic was made anew
        since, and another record is parked from there."""
        rows = await _runtime(request).pool.fetch(_PARKED, service, cursor, limit)
        return page(request, [Parked(**row) for row in rows], limit, "id")

    @router.post("/v1/parked/{key}/retry", summary="Apply what is parked under a key, in order")
    async def retry(
        key: Key, request: Request, caller: Annotated[Principal, allow("parked:manage")]
    ) -> dict[str, int]:
        runtime = _runtime(request)
        if not runtime.consumer:
            raise Problem("not-found")
        return {"still_parked": await runtime.consumer.inbox.retry(runtime.pool, key)}

    @router.delete("/v1/parked/{key}/{record_id}", summary="Give a parked record up for good")
    async def discard(
        key: Key,
        record_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
        request: Request,
        caller: Annotated[Principal, allow("parked:manage")],
    ) -> dict[str, bool]:
        runtime = _runtime(request)
        if not runtime.consumer or not await runtime.consumer.inbox.discard(
            runtime.pool, key, record_id, caller.client
        ):
            raise Problem("not-the-next")
        return {"discarded": True}

    if settings.profile == "development":

        @router.put("/v1/clock", summary="Set this service's clock (development only)")
        async def clock(
            setting: ClockSetting,
            request: Request,
            caller: Annotated[Principal, allow("clock:set")],
        ) -> dict[str, datetime]:
            runtime = _runtime(request)
            runtime.clock.set(setting.now)
            return {"now": runtime.clock.now()}

    return router


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


_PARKED = """
select id, key, topic, partition, "offset", reason, attempts, parked_at
from es.parked where consumer = $1 and id > $2 order by id limit $3
"""

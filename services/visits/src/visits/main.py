"""How visits is wired."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from common import policies
from common.codec import Codec
from common.http import create_app, default_deny
from common.intents import Store
from common.openapi import described
from common.operations import operations
from common.service import probes, running, serve
from contracts.visits import VisitsEvent
from contracts.visits_meanings import VISITS
from visits import figures, months, read_model
from visits.api import focus, obligations, screenings, visits
from visits.api.wired import Wired
from visits.domain.policy import Policy
from visits.reactions import reacting
from visits.refusals import REFUSALS
from visits.settings import VisitsSettings

NAME = "visits"
STORE = Store(NAME, Codec.of(VisitsEvent, VISITS), read_model.project)


def build(settings: VisitsSettings) -> FastAPI:
    """The app; its workers run while its lifespan does."""
    known = policies.read(settings.policy_file, "visit", Policy)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(
            settings,
            STORE,
            read_model.TABLES,
            heard=read_model.HEARD,
            hears=["identification", NAME],
            handle=reacting(STORE, known),
            also=[
                figures.keep_fresh,
                lambda runtime: months.every_month(runtime, STORE, known),
            ],
        ) as runtime:
            app.state.runtime = runtime
            app.state.wired = Wired(runtime, known)
            yield

    app = create_app(
        "守望 · 走访 (visits)",
        settings,
        lifespan=lifespan,
        probes=probes,
        refusals=REFUSALS,
    )
    app.include_router(operations(NAME, STORE.codec, settings))
    app.include_router(visits.router)
    app.include_router(screenings.router)
    app.include_router(focus.router)
    app.include_router(obligations.router)
    return default_deny(described(app, keyed=_is_keyed, versioned=lambda _: False))


def _is_keyed(path: str) -> bool:
    return path in ("/v1/visits", "/v1/screenings") or path.endswith("/voiding")


def main() -> None:
    """Run the service."""
    settings = VisitsSettings()
    serve(NAME, settings, lambda: build(settings))

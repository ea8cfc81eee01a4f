"""How identification is wired."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from common.clock import Clock
from common.codec import Codec
from common.http import create_app, default_deny
from common.intents import Store
from common.openapi import described
from common.operations import operations
from common.service import probes, running, serve
from contracts.identification import IdentificationEvent
from contracts.identification_meanings import IDENTIFICATION
from identification import figures, read_model, unmatched
from identification import masked as masked_numbers
from identification.api import (
    access,
    cases,
    circumstances,
    corrections,
    coverage,
    days,
    declarations,
    eligibility,
    eliminations,
    episodes,
    events,
    fact_imports,
    focus,
    households,
    imports,
    incomes,
    inquiries,
    lookup,
    masked,
    monitoring,
    newborns,
    obligations,
    policies,
    proposals,
    protection,
    register,
    registers,
    rights,
    rules,
    steps,
    tasks,
    water,
    what_if,
)
from identification.api.wired import Wired
from identification.closing import every_day
from identification.effects import publication
from identification.reactions import reacting
from identification.read_model.policies import as_book, in_file
from identification.read_model.register import regions
from identification.refusals import REFUSALS
from identification.seals import Vault
from identification.settings import IdentificationSettings
from identification.vault import TABLES

NAME = "identification"
DURABLE = TABLES + unmatched.TABLES + masked_numbers.TABLES
STORE = Store(NAME, Codec.of(IdentificationEvent, IDENTIFICATION), read_model.project)


def build(settings: IdentificationSettings) -> FastAPI:
    """The app; its workers run while its lifespan does."""
    published = in_file(settings.policy_file, Clock().today())
    known = as_book(published)
    vault = Vault(settings.vault_key, settings.blind_index_key, settings.vault_keys_also)
    test_numbers = settings.profile == "development"

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(
            settings,
            STORE,
            read_model.TABLES,
            durable=DURABLE,
            hears=[NAME, "visits"],
            handle=reacting(STORE, known),
            also=[
                lambda runtime: every_day(runtime, known),
                lambda runtime: publication.keep_fresh(runtime, known),
                lambda runtime: figures.keep_fresh(runtime, known),
                lambda runtime: masked_numbers.keep_filled(runtime, vault),
            ],
        ) as runtime:
            app.state.runtime = runtime
            app.state.wired = Wired(
                runtime, vault, known, regions(runtime.pool), test_numbers, STORE
            )
            if not runtime.continuity.ahead:  # else it takes no command, and says why
                await publication.publish(runtime, published)
            yield

    app = create_app(
        "守望 · 户情识别 (identification)",
        settings,
        lifespan=lifespan,
        probes=probes,
        refusals=REFUSALS,
    )
    # A request is compared with the routes in this order: first what is posted by the thousand.
    app.include_router(events.router)
    app.include_router(episodes.router)
    app.include_router(operations(NAME, STORE.codec, settings))
    app.include_router(imports.router)
    app.include_router(fact_imports.router)
    app.include_router(households.router)
    app.include_router(lookup.router)
    app.include_router(masked.router)
    app.include_router(register.router)
    app.include_router(newborns.router)
    app.include_router(circumstances.router)
    app.include_router(rights.router)
    app.include_router(access.router)
    app.include_router(declarations.router)
    app.include_router(rules.router)
    app.include_router(incomes.router)
    app.include_router(policies.router)
    app.include_router(what_if.router)
    app.include_router(water.router)
    app.include_router(registers.router)
    app.include_router(tasks.router)
    app.include_router(protection.router)
    app.include_router(proposals.router)
    app.include_router(focus.router)
    app.include_router(coverage.router)
    app.include_router(inquiries.router)
    app.include_router(monitoring.router)
    app.include_router(eliminations.router)
    app.include_router(corrections.router)
    app.include_router(cases.router)
    app.include_router(eligibility.router)
    app.include_router(obligations.router)
    app.include_router(days.router)
    return default_deny(described(app, keyed=_is_keyed, versioned=_is_versioned))


def _is_keyed(path: str) -> bool:
    return _is_versioned(path) or path.startswith("/v1/declarations")


def _is_versioned(path: str) -> bool:
    return steps.is_one(path) or path.startswith(("/v1/policies", "/v1/tasks", "/v1/water-sources"))


def main() -> None:
    """Run the service."""
    settings = IdentificationSettings()
    serve(NAME, settings, lambda: build(settings))

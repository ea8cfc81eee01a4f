"""What the code offers to those who read the pages: routes, scopes, settings, figures, alarms."""

import base64
import re
from functools import cache
from importlib import import_module
from typing import Any

import yaml
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from prometheus_client import REGISTRY

from common.auth import Guard, calls
from common.http import PUBLIC
from common.topics import CATALOGUE, CHECKPOINTS, STATEMENTS, events_topic, parked_topic
from tests.deployment.facts import SERVICES, series_of, settings_of
from tests.laws.files import ROOT

KEY = base64.b64encode(bytes(32)).decode()
GIVEN: dict[str, Any] = {
    "port": 1,
    "profile": "development",
    "database_url": "postgresql://nobody@127.0.0.1:1/nothing",
    "kafka_bootstrap_servers": "127.0.0.1:1",
    "issuer": "http://127.0.0.1:1",
    "jwks_url": "http://127.0.0.1:1/jwks",
    "policy_file": ROOT / "policies" / "heping-2024.toml",
    **dict.fromkeys(("vault_key", "blind_index_key", "log_key", "statement_key"), KEY),
    "statement_keys": "",
}
COMMON = PUBLIC | {"/v1/parked", "/v1/parked/{}/retry", "/v1/parked/{}/{}", "/v1/clock"}


@cache
def app(service: str) -> FastAPI:
    """The app of a service, wired and not at work."""
    model = settings_of(service)
    given = {name: value for name, value in GIVEN.items() if name in model.model_fields}
    built: FastAPI = import_module(f"{service}.main").build(model(**given))
    return built


def plain(path: str) -> str:
    """A path whose parameters have no names."""
    return re.sub(r"\{[^}]*\}", "{}", path)


@cache
def routes(service: str) -> frozenset[tuple[str, str]]:
    """Method and plain path of each route that a service answers."""
    return frozenset(
        (method, plain(str(context.path)))
        for context in iter_route_contexts(app(service).routes)
        for method in getattr(context, "methods", None) or ()
    )


@cache
def scopes() -> frozenset[str]:
    """Every scope that a route asks for."""
    return frozenset(
        call.scope
        for service in SERVICES
        for context in iter_route_contexts(app(service).routes)
        for call in calls(context)
        if isinstance(call, Guard)
    )


def figures() -> set[str]:
    """Names of the series of all services."""
    for service in SERVICES:
        app(service)
    return {name for metric in REGISTRY.collect() for name in series_of(metric)}


def topics() -> set[str]:
    """The topics of all services."""
    of_each = {topic(service) for service in SERVICES for topic in (events_topic, parked_topic)}
    return of_each | {CATALOGUE, CHECKPOINTS, STATEMENTS}


def alarms() -> list[str]:
    """The names of the alarms."""
    rules = ROOT / "deploy" / "k8s" / "base" / "observability" / "rules.yaml"
    groups = yaml.safe_load(rules.read_text("utf-8"))["spec"]["groups"]
    return [rule["alert"] for group in groups for rule in group["rules"]]

"""Checks a resource against the schemas in `schemas/`; a field that they do not name is an error."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

FOLDER = Path(__file__).parent / "schemas"
CORE = "kubernetes.json"
CUSTOM = ("strimzi.json", "keda.json", "prometheus-operator.json", "cloudnative-pg.json")
METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def compose_mistake(document: Any) -> str | None:
    """The most telling violation of the Compose Specification, or `None`."""
    return _mistake(Draft202012Validator(_schemas("compose.json")), document)


def resource_mistake(resource: dict[str, Any]) -> str | None:
    """The most telling mistake in a Kubernetes resource, or `None`. No schema is a mistake too."""
    kind = f"{resource['apiVersion']}/{resource['kind']}"
    if kind in _schemas(CORE):
        return _mistake(_core(kind), resource)
    for file in CUSTOM:
        if kind in _schemas(file):
            body = {
                k: v for k, v in resource.items() if k not in ("apiVersion", "kind", "metadata")
            }
            return _mistake(_core(METADATA), resource["metadata"]) or _mistake(
                Draft202012Validator(_closed(_schemas(file)[kind])), body
            )
    return f"no schema for {kind}"


def _mistake(validator: Draft202012Validator, instance: Any) -> str | None:
    error = best_match(validator.iter_errors(instance))
    return f"{error.json_path}: {error.message[:300]}" if error else None


@cache
def _schemas(file: str) -> dict[str, Any]:
    return dict(json.loads((FOLDER / file).read_text("utf-8")))


def _core(kind: str) -> Draft202012Validator:
    definitions = _schemas(CORE)["$defs"]
    top = {"$ref": f"#/$defs/{METADATA}"} if kind == METADATA else _schemas(CORE)[kind]
    return Draft202012Validator({**top, "$defs": definitions})


def _closed(schema: Any) -> Any:
    """The same schema, refusing fields that it does not name, as the API server does if asked."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    open_ended = (
        "additionalProperties" in schema or "x-kubernetes-preserve-unknown-fields" in schema
    )
    if schema.get("type") == "object" and "properties" in schema and not open_ended:
        closed["additionalProperties"] = False
    return closed

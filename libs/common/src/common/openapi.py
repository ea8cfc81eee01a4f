"""What FastAPI does not know of itself, in the OpenAPI document: tokens, keys, versions, problems.

A client made from the document then sends what we ask for, and reads what we answer.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from pydantic import TypeAdapter

from common.auth import Guard, calls
from common.problems import MEDIA_TYPE

PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; the remedy is in the title; nothing sent is echoed.",
    "required": ["type", "status", "code", "title", "title_en"],
    "properties": {
        "type": {"type": "string", "description": "`/problems/<code>`, which explains it"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "title": {"type": "string", "description": "in Chinese"},
        "title_en": {"type": "string"},
        "details": {"type": "object"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "RFC 6901, into the request"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "detail_en": {"type": "string"},
                },
            },
        },
        "trace_id": {"type": "string"},
    },
}
RECEIPT: Mapping[str, Any] = {
    "type": "object",
    "description": "What was recorded, the same bytes when repeated; `events` is empty where nothing was new.",
    "required": ["events"],
    "properties": {
        "events": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["event_id", "type", "stream", "version", "recorded_at"],
                "properties": {
                    "event_id": {"type": "string", "format": "uuid"},
                    "type": {"type": "string"},
                    "stream": {"type": "string"},
                    "version": {"type": "integer"},
                    "recorded_at": {"type": "string", "format": "date-time"},
                },
            },
        }
    },
}
_HEADERS: Mapping[str, tuple[bool, str]] = {
    "Idempotency-Key": (True, "unique for each action; the same again when it is repeated"),
    "If-Match": (False, "the `ETag` that was seen; 412 if somebody came between"),
}
_NEXT: Mapping[str, Any] = {
    "description": 'where a page follows, `<address of it>; rel="next"`; without one, this is the last page',
    "schema": {"type": "string"},
}

Which = Callable[[str], bool]  # by path
_NAMED = "#/components/schemas/{model}"


def taking(bodies: Mapping[str, Any], answers: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """For `openapi_extra` of a route that reads its body itself: a JSON Schema of each media type that it
    takes, and of the JSON of each status that it answers."""
    content = {media: {"schema": schema} for media, schema in bodies.items()}
    told = {
        status: {"description": "Answer", "content": {"application/json": {"schema": schema}}}
        for status, schema in (answers or {}).items()
    }
    return {"requestBody": {"required": True, "content": content}, "responses": told}


def part(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """For `taking`: a schema that stands in the document once, under a name, so that a client made from it has one
    class of it."""
    return {"$ref": _NAMED.format(model=name), "$defs": {name: schema}}


def shape_of(model: type[Any], mode: Literal["validation", "serialization"]) -> dict[str, Any]:
    """The `part` of what is sent (validation) or answered (serialization) as this."""
    schema = TypeAdapter(model).json_schema(mode=mode, ref_template=_NAMED)
    return part(model.__name__, schema)


def described(app: FastAPI, *, keyed: Which, versioned: Which) -> FastAPI:
    """The app, whose document also tells the scope of each route, its problems, and the headers of
    POSTs: `Idempotency-Key` where it is `keyed`, `If-Match` where it is `versioned`."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        made = app.openapi_schema is None
        document = plain()
        if made:
            _describe(document, app, keyed, versioned)
        return document

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def _describe(document: dict[str, Any], app: FastAPI, keyed: Which, versioned: Which) -> None:
    parts = document.setdefault("components", {})
    parts.setdefault("schemas", {}).update(Problem=PROBLEM, Receipt=RECEIPT)
    for name in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(name, None)
    parts["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    scopes = {
        (method, context.path): scope
        for context in iter_route_contexts(app.routes)
        for method in getattr(context, "methods", None) or ()
        if (scope := _scope(context))
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            answers = operation.setdefault("responses", {})
            answers.pop("422", None)
            content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
            answers["default"] = {"description": "A problem", "content": content}
            if scope := scopes.get((method.upper(), path)):
                operation["security"] = [{"bearer": []}]
                said = operation.get("description", "")
                operation["description"] = f"{said}\n\nScope: `{scope}`.".strip()
            _gather(operation, parts["schemas"])
            for sent in operation.get("requestBody", {}).get("content", {}).values():
                if sent["schema"].get("format") != "binary":
                    sent["example"] = example_of(sent["schema"], parts["schemas"])
            made = answers.get("201", {}).get("content", {}).get("application/json", {})
            if method == "post" and keyed(path) and made.get("schema") == {}:
                made["schema"] = {"$ref": "#/components/schemas/Receipt"}
            if any(one["name"] == "cursor" for one in operation.get("parameters", ())):
                answers["200"]["headers"] = {"Link": _NEXT}
            if method == "post":
                wanted = {"Idempotency-Key": keyed(path), "If-Match": versioned(path)}
                headers = [_header(name) for name, yes in wanted.items() if yes]
                if headers:
                    operation["parameters"] = [*operation.get("parameters", []), *headers]


_MADE = {
    "date": "2024-03-02",
    "date-time": "2024-03-02T10:00:00+08:00",
    "uuid": "6f1c2d70-4b7e-4a51-9d3e-2f8a0c5b9e11",
}


def example_of(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Any:
    """What a client may send: the first of the `examples` of a field, else the simplest value that fits. What is
    optional is left out unless it has examples."""
    match schema:
        case {"examples": [first, *_]} | {"enum": [first, *_]} | {"const": first}:
            return first
        case {"$ref": name}:
            return example_of(parts[name.rpartition("/")[2]], parts)
        case {"anyOf": [first, *_]}:
            return example_of(first, parts)
        case {"type": "object"}:
            fields, required = schema.get("properties", {}), schema.get("required", ())
            return {
                name: example_of(field, parts)
                for name, field in fields.items()
                if name in required or "examples" in field
            }
        case {"type": "array"}:
            return [example_of(schema["items"], parts)] if schema.get("minItems") else []
        case {"type": "integer"}:
            return max(int(schema.get("minimum", 0)), 0)  # FastAPI writes 1.0
        case {"type": "boolean"}:
            return True
    return _MADE.get(schema.get("format", ""), "")


def _gather(node: Any, schemas: dict[str, Any]) -> None:
    """Take the parts of an operation out of it, to where it refers."""
    match node:
        case dict():
            parts = node.pop("$defs", {})
            schemas.update(parts)
            inside = [*parts.values(), *node.values()]
        case list():
            inside = node
        case _:
            return
    for one in inside:
        _gather(one, schemas)


def _scope(context: RouteContext) -> str | None:
    return next((call.scope for call in calls(context) if isinstance(call, Guard)), None)


def _header(name: str) -> dict[str, Any]:
    required, told = _HEADERS[name]
    schema = {"type": "string", "maxLength": 255}
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": told,
        "schema": schema,
    }

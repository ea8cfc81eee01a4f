"""What FastAPI does not know of itself, in the OpenAPI document: tokens, keys, versions, problems.

A client made from the document then sends what we ask for, and reads what we answer.
"""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

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
_HEADERS: Mapping[str, tuple[bool, str]] = {
    "Idempotency-Key": (True, "unique for each action; the same again when it is repeated"),
    "If-Match": (False, "the `ETag` that was seen; 412 if somebody came between"),
}


Which = Callable[[str], bool]  # by path


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
    parts.setdefault("schemas", {})["Problem"] = PROBLEM
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
                told = operation.get("description", "")
                operation["description"] = f"{told}\n\nScope: `{scope}`.".strip()
            if method == "post":
                wanted = {"Idempotency-Key": keyed(path), "If-Match": versioned(path)}
                headers = [_header(name) for name, yes in wanted.items() if yes]
                if headers:
                    operation["parameters"] = [*operation.get("parameters", []), *headers]


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

"""What the OpenAPI document promises, as requests: a body that fits each schema, and others that do not."""

import re
from collections.abc import Iterator
from typing import Any

Json = Any
NOBODY = "00000000-0000-4000-8000-000000000001"
TEXT = "一段没有个人信息的说明文字"
FITTING = (
    "a" * 64,
    "441624108201",
    "T-12345",
    "/present",
    "M-1",
)  # for patterns: the first that does


def resolved(document: Json, schema: Json) -> Json:
    """The schema behind a `$ref` into the document."""
    while "$ref" in schema:
        node = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        schema = node
    return schema


def example(document: Json, schema: Json) -> Json:
    """A value that fits the schema: the first alternative, everything that may be there."""
    schema = resolved(document, schema)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return example(document, schema[key][0])
    if values := schema.get("enum", [schema["const"]] if "const" in schema else []):
        return values[0]
    match schema.get("type"):
        case "object":
            return {n: example(document, s) for n, s in schema.get("properties", {}).items()}
        case "array":
            return [example(document, schema["items"])]
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return True
        case _:
            return _text(schema)


def _text(schema: Json) -> str:
    by_format = {"date": "2024-03-01", "date-time": "2024-03-01T00:00:00+08:00", "uuid": NOBODY}
    if found := by_format.get(schema.get("format", "")):
        return found
    if pattern := schema.get("pattern"):
        return next((one for one in FITTING if re.search(pattern, one)), TEXT)
    return TEXT[: schema.get("maxLength", 99)].ljust(schema.get("minLength", 0), "字")


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """`(method, path, operation)` of everything that needs a token."""
    for path, methods in document["paths"].items():
        if path.startswith("/v1/"):
            yield from ((method.upper(), path, found) for method, found in methods.items())


def bodies(document: Json, operation: Json) -> Iterator[tuple[str, Json]]:
    """`(media type, body)` that fits, for each media type of an operation."""
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield media, example(document, content["schema"])


def places(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a value, outermost first; without the value itself."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for name, one in inside:
        yield (*path, name)
        if isinstance(one, dict | list):
            yield from places(one, (*path, name))


def put(value: Json, path: tuple[Any, ...], new: Json) -> Json:
    """A copy with something else at a place."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(copy[path[0]], path[1:], new)
    return copy

"""`/docs`: the OpenAPI document as a page that needs nothing from elsewhere.

FastAPI's own page fetches Swagger UI from the internet, which a county's network does not reach: it
stays white there. This one is text, without script.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

Json = Mapping[str, Any]

DEEPEST = 4  # levels of a body that are told; a recursive schema has no end
LAST = "operations"  # the tag of health and the like, and of what has none

STYLE = """
:root { color-scheme: light; --line: #c7ccd1; --quiet: #55606b; --ours: #8a1c1c; }
body { font: 1rem/1.5 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; color: #1c2126;
  max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 1.6rem 0 .3rem; }
h3 { font-size: .95rem; margin: .8rem 0 .2rem; }
details { border-top: 1px solid var(--line); padding: .35rem 0; overflow-wrap: anywhere; }
summary { cursor: pointer; } summary b { display: inline-block; min-width: 4.2rem; color: var(--ours); }
code, pre { font: .85rem ui-monospace, monospace; } p { margin: .3rem 0; white-space: pre-line; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; table-layout: fixed; }
th:nth-child(1) { width: 32%; } th:nth-child(2) { width: 2.5rem; } th:nth-child(3) { width: 34%; }
th, td { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; }
@media (max-width: 40rem) { th:nth-child(1), th:nth-child(3) { width: 27%; } }
th { color: var(--quiet); font-weight: normal; } .quiet { color: var(--quiet); }
"""


@dataclass(frozen=True)
class Field:
    """One line of a table: a parameter, or a field of a body by its path (`members[].name`)."""

    name: str
    required: bool
    holds: str
    told: str


def page(document: Json) -> str:
    """The whole document as HTML."""
    title = escape(document["info"]["title"])
    tagged: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or [LAST])[0]
            tagged.setdefault(tag, []).append(_operation(document, method, path, operation))
    tagged[LAST] = tagged.pop(LAST, [])
    sections = [f"<h2>{escape(tag)}</h2>{''.join(told)}" for tag, told in tagged.items() if told]
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><style>{STYLE}</style></head><body><h1>{title}</h1>'
        '<p class="quiet">接口说明，由 <a href="openapi.json">openapi.json</a> 生成（OpenAPI 3.1，'
        '可导入任何接口工具）。错误代码见 <a href="problems">problems</a>。\n'
        "Made from openapi.json, which any OpenAPI client reads. Error codes: /problems.</p>"
        f"{''.join(sections)}</body></html>"
    )


def _operation(document: Json, method: str, path: str, operation: Json) -> str:
    summary = escape(operation.get("summary", ""))
    parts = [f"<p>{_text(operation.get('description', ''))}</p>"]
    if parameters := operation.get("parameters"):
        parts.append(_table("参数 Parameters", [_parameter(document, one) for one in parameters]))
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        fields = [*fields_of(document, content.get("schema", {}))]
        parts.append(_table(f"内容 Body · {escape(media)}", fields))
    answers = [status for status in operation.get("responses", {}) if status != "default"]
    parts.append(f'<p class="quiet">答复 Answers: {escape(", ".join(answers))}</p>')
    return (
        f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code> {summary}</summary>"
        f"{''.join(parts)}</details>"
    )


def _table(title: str, fields: list[Field]) -> str:
    rows = [
        f"<tr><td><code>{escape(f.name)}</code></td><td>{'✓' if f.required else ''}</td>"
        f"<td>{escape(f.holds)}</td><td>{_text(f.told)}</td></tr>"
        for f in fields
    ]
    heads = "<tr><th>名称 Name</th><th>必填</th><th>取值 Values</th><th>说明 Note</th></tr>"
    return f"<h3>{title}</h3>" + (f"<table>{heads}{''.join(rows)}</table>" if rows else "")


def _text(markdown: str) -> str:
    return re.sub("`([^`]*)`", r"<code>\1</code>", escape(markdown))


def _parameter(document: Json, parameter: Json) -> Field:
    schema = _resolved(document, parameter.get("schema", {}))
    place = "" if parameter["in"] == "query" else f" ({parameter['in']})"
    return Field(
        f"{parameter['name']}{place}",
        parameter.get("required", False),
        holds(document, schema),
        parameter.get("description", schema.get("description", "")),
    )


def fields_of(document: Json, schema: Json, before: str = "", depth: int = 0) -> Iterator[Field]:
    """The fields of an object, or of the items of a list, and of those inside them."""
    schema = _resolved(document, schema)
    if schema.get("type") == "array":
        yield from fields_of(document, schema.get("items", {}), f"{before}[]", depth)
        return
    required = schema.get("required", [])
    for name, inner in schema.get("properties", {}).items() if depth < DEEPEST else ():
        told = _resolved(document, inner)
        path = f"{before}.{name}" if before else name
        yield Field(path, name in required, holds(document, told), told.get("description", ""))
        yield from fields_of(document, told, path, depth + 1)


def holds(document: Json, schema: Json) -> str:
    """What a value may be, in a few words: its type or its codes, and its bounds."""
    if codes := schema.get("enum"):
        said = " | ".join(map(str, codes))
    elif schema.get("type") == "array":
        said = f"[{holds(document, _resolved(document, schema.get('items', {})))}]"
    else:
        said = str(schema.get("format") or schema.get("type") or "any")
    for least, most in (
        ("minimum", "maximum"),
        ("minLength", "maxLength"),
        ("minItems", "maxItems"),
    ):
        if least in schema or most in schema:
            said += f", {_number(schema.get(least, ''))}…{_number(schema.get(most, ''))}"
    if pattern := schema.get("pattern"):
        said += f", {pattern}"
    if "default" in schema and schema["default"] is not None:
        said += f" = {json.dumps(schema['default'])}"
    return said


def _number(bound: object) -> object:
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def _resolved(document: Json, schema: Json) -> Json:
    """The schema behind a reference, or the one beside `null`."""
    if reference := schema.get("$ref"):
        found: Json = document["components"]["schemas"][reference.rpartition("/")[2]]
        return _resolved(document, found)
    others = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    if len(others) == 1:
        kept = {name: value for name, value in schema.items() if name in ("default", "description")}
        return {**_resolved(document, others[0]), **kept}
    return schema

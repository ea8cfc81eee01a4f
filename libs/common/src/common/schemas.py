"""The golden JSON Schemas of all events: `python -m common.schemas [DIRECTORY]` (`make schemas`).

One file an event, `<service>/<Event>.v<major>.json`, `catalogue.json` with the words and code lists, and
an AsyncAPI document a service, `asyncapi/<service>.json`. What integrators were once promised stays
promised: a change may add optional fields, members of a code list and whole events, and nothing else. The
generator refuses to write anything narrower.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import contracts
from common.asyncapi import asyncapi
from common.catalogue import catalogue
from common.codec import Codec
from contracts.access import AuditEvent
from contracts.access_meanings import ACCESS
from contracts.identification import IdentificationEvent
from contracts.identification_meanings import IDENTIFICATION
from contracts.visits import VisitsEvent
from contracts.visits_meanings import VISITS

EVENTS: dict[str, Any] = {
    "audit": AuditEvent,
    "identification": IdentificationEvent,
    "visits": VisitsEvent,
}
MEANINGS = {"audit": ACCESS, "identification": IDENTIFICATION, "visits": VISITS}
DIRECTORY = Path(contracts.__file__).parents[2] / "schemas"
CATALOGUE = "catalogue.json"
DOCUMENTS = "asyncapi"  # made of what the other files promise
ANNOTATIONS = frozenset({"title", "description", "$id", "$schema", "$defs", "examples"})

Schema = Mapping[str, Any]


@cache
def golden() -> Mapping[str, str]:
    """The files as they should be: name relative to the directory → text."""
    files, words = {}, {}
    for service, union in EVENTS.items():
        codec = Codec.of(union, MEANINGS[service])
        files[f"{DOCUMENTS}/{service}.json"] = _text(asyncapi(service, codec))
        for name, entry in catalogue(service, codec).items():
            path = f"{service}/{entry['type']}.v{entry['schema_version']}.json"
            files[path] = _text(entry.pop("schema"))
            words[name] = entry
    return {**files, CATALOGUE: _text(words)}


def written(directory: Path) -> dict[str, str]:
    """The files as they are; nothing where the directory is missing."""
    return {
        path.relative_to(directory).as_posix(): path.read_text("utf-8")
        for path in sorted(directory.rglob("*.json"))
    }


def narrowings(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """What `old` promised and `new` does not keep, each with its file and field; [] if all is kept."""
    broken = []
    for name, text in old.items():
        if name == CATALOGUE or name.startswith(f"{DOCUMENTS}/"):
            continue
        if name not in new:
            broken.append(f"{name}: the event was removed")
            continue
        before, after = json.loads(text), json.loads(new[name])
        broken += [f"{name}: {what}" for what in _narrowed(before, after, before, after, "")]
    return broken


def _narrowed(old: Schema, new: Schema, olds: Schema, news: Schema, at: str) -> Iterator[str]:
    """Compare two schemas at one place; `olds` and `news` are the documents that hold `$defs`."""
    old, new = _resolved(old, olds), _resolved(new, news)
    where = at or "the event"
    for member in sorted(set(old.get("enum", [])) - set(new.get("enum", []))):
        if "enum" in new:
            yield f"{where}: code {member} was removed"
    before, after = old.get("properties", {}), new.get("properties", {})
    for field in before:
        path = f"{at}.{field}" if at else field
        if field not in after:
            yield f"{path}: the field was removed"
            continue
        was, is_ = (field in side.get("required", []) for side in (old, new))
        if was != is_:
            yield f"{path}: the field became {'required' if is_ else 'optional'}"
        yield from _narrowed(before[field], after[field], olds, news, path)
    for field in sorted(set(new.get("required", [])) - set(before)):
        yield f"{f'{at}.{field}' if at else field}: a new field must be optional"
    for keyword, path in (("items", f"{at}[]"), ("additionalProperties", f"{at}{{}}")):
        if isinstance(old.get(keyword), dict) and isinstance(new.get(keyword), dict):
            yield from _narrowed(old[keyword], new[keyword], olds, news, path)
        elif old.get(keyword) != new.get(keyword):
            yield f"{where}: {keyword} changed"
    if len(old.get("anyOf", [])) != len(new.get("anyOf", [])):
        yield f"{where}: the type changed"
    for one, other in zip(old.get("anyOf", []), new.get("anyOf", []), strict=False):
        yield from _narrowed(one, other, olds, news, at)
    compared = {"enum", "properties", "required", "items", "additionalProperties", "anyOf"}
    for keyword in sorted((set(old) | set(new)) - compared - ANNOTATIONS):
        if old.get(keyword) != new.get(keyword):
            yield f"{where}: {keyword} changed from {old.get(keyword)} to {new.get(keyword)}"
    if ("enum" in old) != ("enum" in new) or ("properties" in old) != ("properties" in new):
        yield f"{where}: the type changed"


def _resolved(schema: Schema, document: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    beside = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
    target: Schema = document["$defs"][reference.removeprefix("#/$defs/")]
    return {**target, **beside}


def _text(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Write what changed and remove nothing; a narrower schema ends with a sentence for each field."""
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else DIRECTORY
    old, new = written(directory), golden()
    if broken := narrowings(old, new):
        sys.exit(
            "Not written: others rely on what these files promised. Give the changed event a new "
            "major version (SCHEMA_VERSION) and an upcaster.\n  " + "\n  ".join(broken)
        )
    for name, text in new.items():
        if old.get(name) != text:
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()

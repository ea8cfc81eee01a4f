"""What a service publishes, described for readers who import none of it.

For each event: its label and sentence in Chinese and English, the code lists of its fields by their path, what it
means for the state of its household (`contracts.meaning`), and its JSON Schema (2020-12). Served at `/v1/catalogue`, published on `shouwang.catalogue.v1` (compacted,
key `<service>.<EventName>.v<major>`) at every start, and kept as golden files in
`libs/contracts/schemas`.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any, get_args, get_type_hints

import msgspec

from common.codec import Codec, schema_version_of
from common.kafka import Message
from common.topics import CATALOGUE
from contracts.envelope import dataschema
from contracts.meaning import Also, Meaning, Meanings, StateField
from contracts.wording import Code, Wording


@dataclass(frozen=True, slots=True)
class InWords:
    """In both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class EventTold:
    """An entry: codes by field and value, what it means for a household's `state`, its payload's JSON Schema."""

    service: str
    type: str
    schema_version: Annotated[int, msgspec.Meta(ge=1)]
    label: InWords
    sentence: InWords
    codes: dict[str, dict[str, InWords]]
    meaning: dict[str, Any]
    state: dict[str, Any]
    schema: dict[str, Any]


def catalogue(service: str, codec: Codec) -> dict[str, dict[str, Any]]:
    """Every event type of the service, by its full name."""
    return {
        f"{service}.{name}.v{schema_version_of(event)}": _entry(service, event, codec.meanings)
        for name, event in sorted(codec.types.items())
    }


def messages(service: str, codec: Codec) -> list[Message]:
    """The catalogue as records of the compacted topic."""
    return [
        Message(CATALOGUE, key.encode(), [("content-type", b"application/json")], canonical(entry))
        for key, entry in catalogue(service, codec).items()
    ]


def canonical(entry: dict[str, Any]) -> bytes:
    """Stable bytes: sorted keys, compact, UTF-8."""
    return json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _entry(service: str, event: type[Any], meanings: Meanings) -> dict[str, Any]:
    meaning = meanings.events.get(event, Meaning())
    wording: Wording = event.wording
    return {
        "service": service,
        "type": event.__name__,
        "schema_version": schema_version_of(event),
        "label": {"zh": wording.zh, "en": wording.en},
        "sentence": {"zh": wording.sentence_zh, "en": wording.sentence_en},
        "codes": {path: _labels(code) for path, code in _coded(event)},
        "meaning": {k: v for k, v in msgspec.to_builtins(meaning).items() if v},
        "state": {
            name: _field(field)
            for name, field in meanings.fields.items()
            if name in meaning.names()
        },
        "schema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": dataschema(service, event.__name__, schema_version_of(event)),
            **msgspec.json.schema(event),
        },
    }


def _field(field: StateField) -> dict[str, Any]:
    """What is said of a state field, without what is not."""
    told = {
        "phases": dict(field.phases),
        "routes": {code: sorted(departments) for code, departments in field.routes.items()},
        "needed_by": sorted(field.needed_by),
        "also": field.also and _also(field.also),
        "naming": field.naming,
        "withholds": field.withholds,
    }
    always = {"zh": field.zh, "en": field.en, "codes": _labels(field.codes or ())}
    return always | {name: value for name, value in told.items() if value}


def _also(also: Also) -> dict[str, list[str]]:
    return {name: sorted(getattr(also, name)) for name in ("codes", "to", "otherwise")}


def _labels(codes: Iterable[Code]) -> dict[str, dict[str, str]]:
    return {code.value: {"zh": code.zh, "en": code.en} for code in codes}


def _coded(part: type[Any], above: str = "") -> Iterator[tuple[str, type[Code]]]:
    """The fields that hold codes, those of its parts by their path: `members.relation`."""
    for name, hint in get_type_hints(part).items():
        yield from ((above + name, code) for code in codes_of(hint))
        for inner in _parts_of(hint):
            yield from _coded(inner, f"{above}{name}.")


def _parts_of(hint: Any) -> Iterator[type[Any]]:
    """The dataclasses inside a type such as `list[Member]`."""
    if isinstance(hint, type) and is_dataclass(hint):
        yield hint
    for inner in get_args(hint):
        yield from _parts_of(inner)


def codes_of(hint: Any) -> Iterator[type[Code]]:
    """The code lists inside a type such as `list[RiskType]` or `Category | None`."""
    if isinstance(hint, type) and issubclass(hint, Code):
        yield hint
    for inner in get_args(hint):
        yield from codes_of(inner)

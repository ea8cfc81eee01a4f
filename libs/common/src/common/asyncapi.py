"""What a service publishes on Kafka, as an AsyncAPI 3.0 document; served at `/asyncapi.json`.

Made of the same types as the catalogue: a message an event, with its words, its headers (`contracts.cloudevents`)
and its payload. Golden files beside the schemas show every change of it (`common.schemas`).
"""

from typing import Any

import msgspec

from common.catalogue import EventTold
from common.codec import Codec, schema_version_of
from common.topics import CATALOGUE, CHECKPOINTS, PARTITIONS, STATEMENTS, events_topic, parked_topic
from contracts.cloudevents import LONGEST, SEQUENCE_DIGITS
from contracts.envelope import SOURCE_PREFIX, TYPE_PREFIX, dataschema, full_type

Json = dict[str, Any]

INFO = (
    "县级防止返贫动态监测和帮扶:一个服务发布到 Kafka 的事件。 What a service of a county's system against falling "
    "back into poverty publishes on Kafka. CloudEvents 1.0 in binary mode: attributes are headers, the body is JSON. "
    "At least once; in order within a stream, without gaps; only additions inside a major version. Events carry no "
    "personal data: persons are ids."
)
EVENTS = (
    "Every event, kept for ever. (`ce_source`, `ce_stream`, `ce_sequence`) names one: at or below the last that you "
    "have it is a duplicate, one above it is the next, higher is a gap."
)
WORDS = (
    "Words, codes, meaning and JSON Schema of each event type. Without a body: the type is no more."
)
STATED = (
    "What the service states every hour of its event store, signed; before it, where the streams of each "
    "household end."
)
PARKED = "Copies of records that the service could not apply, as they came. For operators."
SIGNED = "Checkpoints of the log of all events, signed (C2SP signed note)."

_TEXT = {"type": "string"}
_UUID = {"type": "string", "format": "uuid"}
_TIME = {"type": "string", "format": "date-time"}
_HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_LINE = {"type": "string", "minLength": 1, "maxLength": LONGEST}
_SEQUENCE = {"type": "string", "pattern": f"^[0-9]{{{SEQUENCE_DIGITS}}}$"}
# Each header of an event: what it holds, in words, and whether every event has it.
_HEADERS: dict[str, tuple[Json, str, bool]] = {
    "ce_specversion": ({"const": "1.0"}, "CloudEvents", True),
    "ce_id": (_UUID, "event id", True),
    "ce_source": (_TEXT, f"{SOURCE_PREFIX}<service>", True),
    "ce_type": (_LINE, f"{TYPE_PREFIX}.<service>.<EventName>.v<major>", True),
    "ce_subject": (_UUID, "household, if one is concerned", False),
    "ce_time": (_TIME, "when it was so; UTC, six decimals", True),
    "ce_recordedtime": (_TIME, "when it was recorded; never runs back inside a stream", True),
    "ce_dataschema": (_TEXT, "`$id` of the payload's JSON Schema in the catalogue", True),
    "ce_partitionkey": (_TEXT, "the record's key", True),
    "ce_stream": (_LINE, "such as household-…, facts-of-household-…", True),
    "ce_sequence": (_SEQUENCE, "version in the stream, from 1 without gaps", True),
    "ce_correlationid": (_UUID, "the same for all that follows from one request", True),
    "ce_causationid": (_UUID, "the event that this one follows from", False),
    "ce_actorperson": (_TEXT, "who acted, as the credential said it that day", False),
    "ce_actorpost": (_TEXT, "as what", False),
    "ce_actororganisation": (_TEXT, "for whom", False),
    "ce_actordepartment": (_TEXT, "its department", False),
    "ce_actorregion": (_TEXT, "area code that the actor answers for", False),
    "ce_region": (_LINE, "area code of the household", True),
    "ce_policyversion": (_TEXT, "parameters that the decision used", False),
    "ce_dataclassification": (_TEXT, "INTERNAL", True),
    "ce_prevhash": (_HASH, "`ce_hash` of the version before; zeros for the first", True),
    "ce_hash": (_HASH, "SHA-256 of `ce_prevhash`, canonical header and body", True),
    "traceparent": (_TEXT, "W3C Trace Context, for operators", False),
    "content-type": ({"const": "application/json"}, "of the body", True),
}


def asyncapi(service: str, codec: Codec) -> Json:
    """The document. It names no servers: where Kafka is, each county knows itself."""
    types = sorted(codec.types.items())
    (*payloads, _), parts = msgspec.json.schema_components(
        [*(event for _, event in types), EventTold], ref_template="#/components/schemas/{name}"
    )
    events = {
        f"{name}.v{schema_version_of(event)}": _event(service, event, payload)
        for (name, event), payload in zip(types, payloads, strict=True)
    }
    kept_by_key = {"topicConfiguration": {"cleanup.policy": ["compact"]}}
    channels = {
        "events": _channel(events_topic(service), EVENTS, PARTITIONS, list(events)),
        "catalogue": _channel(CATALOGUE, WORDS, 1, ["CatalogueEntry"], kept_by_key),
        "statements": _channel(STATEMENTS, STATED, 1, ["Statement"], kept_by_key),
        "parked": _channel(parked_topic(service), PARKED, PARTITIONS, ["ParkedRecord"]),
    }
    messages = {**events, **_OTHERS}
    if CHECKPOINTS.startswith(f"shouwang.{service}."):
        channels["checkpoints"] = _channel(CHECKPOINTS, SIGNED, 1, ["Checkpoint"])
        messages["Checkpoint"] = _text("Checkpoint", "签名检查点 signed checkpoint")
    return {
        "asyncapi": "3.0.0",
        "id": SOURCE_PREFIX + service,
        "info": {
            "title": f"守望 Shouwang: {service}",
            "version": "1",
            "description": INFO,
            "license": {
                "name": "Apache-2.0",
                "url": "https://www.apache.org/licenses/LICENSE-2.0",
            },
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": {
            f"publish-{name}": {"action": "send", "channel": {"$ref": f"#/channels/{name}"}}
            for name in channels
        },
        "components": {
            "messages": messages,
            "schemas": {**parts, "EventHeaders": _event_headers()},
        },
    }


def _channel(
    topic: str, what: str, partitions: int, messages: list[str], settings: Json | None = None
) -> Json:
    kept = settings or {"topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": -1}}
    return {
        "address": topic,
        "description": what,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "kafka": {"topic": topic, "partitions": partitions, **kept, "bindingVersion": "0.5.0"}
        },
    }


def _event(service: str, event: type[Any], payload: Json) -> Json:
    wording, major = event.wording, schema_version_of(event)
    named = full_type(service, event.__name__, major)
    own = {
        "ce_source": {"const": SOURCE_PREFIX + service},
        "ce_type": {"const": named},
        "ce_dataschema": {"const": dataschema(service, event.__name__, major)},
    }
    return {
        "name": named,
        "title": f"{wording.zh} {wording.en}",
        "summary": wording.sentence_zh,
        "description": wording.sentence_en,
        "headers": {
            "type": "object",
            "allOf": [{"$ref": "#/components/schemas/EventHeaders"}, {"properties": own}],
        },
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "payload": payload,
        **_keyed("the household, or the stream where no household is concerned"),
    }


def _event_headers() -> Json:
    return {
        "type": "object",
        "properties": {
            name: {**kind, "description": said} for name, (kind, said, _) in _HEADERS.items()
        },
        "required": [name for name, (_, _, always) in _HEADERS.items() if always],
    }


def _keyed(by: str) -> Json:
    key = {"type": "string", "description": by}
    return {"bindings": {"kafka": {"key": key, "bindingVersion": "0.5.0"}}}


def _text(name: str, title: str, by: str = "") -> Json:
    """A message of lines of text."""
    keyed = _keyed(by) if by else {}
    return {"name": name, "title": title, "contentType": "text/plain", "payload": _TEXT, **keyed}


_OTHERS: Json = {
    "CatalogueEntry": {
        "name": "CatalogueEntry",
        "title": "事件目录 what an event type says and means",
        "payload": {"$ref": "#/components/schemas/EventTold"},
        **_keyed("<service>.<EventName>.v<major>"),
    },
    "Statement": _text(
        "Statement", "账目声明 statement of a store", "<service>, or <service> <household>"
    ),
    "ParkedRecord": {
        "name": "ParkedRecord",
        "title": "搁置的记录 record that could not be applied",
        "headers": {
            "type": "object",
            "properties": {"parkedreason": _TEXT, "parkedfrom": _TEXT},
            "required": ["parkedreason", "parkedfrom"],
        },
        "payload": {"description": "as it came"},
        **_keyed("what it is parked under: its household, its stream, or its place"),
    },
}

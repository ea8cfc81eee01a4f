"""The canonical header is what RFC 8785 says it is, whatever the strings are."""

import json
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from contracts.envelope import Actor, Envelope, canonical_header, timestamp

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
actors = st.builds(
    Actor, person=texts, post=texts, organisation=texts, department=texts, region=texts
)
EVENT = Envelope(
    event_id=UUID(int=1),
    service="identification",
    type="RiskDetected",
    schema_version=1,
    stream="household-1",
    version=7,
    household_id=None,
    occurred_at=datetime(2024, 1, 1, tzinfo=UTC),
    recorded_at=datetime(2024, 1, 1, 12, 30, 0, 5, tzinfo=UTC),
    actor=Actor(person="p", post="q", organisation="镇", department="d", region="441624"),
    region="441624",
    policy_version=None,
    correlation_id=UUID(int=2),
    causation_id=None,
    classification="INTERNAL",
    traceparent=None,
    data=b"{}",
)


@given(texts, texts, texts, actors, st.none() | st.uuids())
def test_it_is_a_compact_array_of_strings(
    stream: str, region: str, policy: str, actor: Actor, household: UUID | None
) -> None:
    event = replace(
        EVENT,
        stream=stream,
        region=region,
        policy_version=policy,
        actor=actor,
        household_id=household,
    )
    expected = [
        "shouwang/1",
        str(event.event_id),
        event.service,
        event.type,
        str(event.schema_version),
        stream,
        str(event.version),
        str(household or ""),
        timestamp(event.occurred_at),
        timestamp(event.recorded_at),
        *astuple(actor),
        region,
        policy,
        str(event.correlation_id),
        str(event.causation_id or ""),
        event.classification,
    ]
    text = json.dumps(expected, ensure_ascii=False, separators=(",", ":"))
    assert canonical_header(event) == text.encode()

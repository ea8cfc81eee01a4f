"""Traces: one context from the request to the event, forwarded unchanged, linked in batches."""

import asyncpg
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from common.eventstore import record
from common.testing import TALLIES, adding, envelope
from common.tracing import MAX_LINKS, creation_links, current_traceparent, remote_context
from contracts.cloudevents import from_headers, to_headers

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_traceparent_is_read_and_written_the_same() -> None:
    context = remote_context(PARENT)
    assert context
    with trace.use_span(trace.NonRecordingSpan(context)):
        assert current_traceparent() == PARENT


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "00-x",
        PARENT.upper(),
        PARENT + "-more",
        "ff" + PARENT[2:],
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        PARENT + "\n",
    ],
)
def test_what_is_no_traceparent_is_no_context(text: str | None) -> None:
    assert remote_context(text) is None


def test_outside_a_trace_there_is_no_traceparent() -> None:
    assert current_traceparent() is None


def test_inside_a_span_there_is_one() -> None:
    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("request") as span:
        text = current_traceparent()

    assert text
    found = remote_context(text)
    assert found
    assert found.trace_id == span.get_span_context().trace_id
    assert found.is_remote


def test_a_batch_is_linked_to_each_context_once_and_to_a_limited_number() -> None:
    def parent(n: int) -> str:
        return f"00-{n:032x}-b7ad6b7169203331-01"

    assert len(creation_links(parent(n // 2 + 1) for n in range(20))) == 10
    assert len(creation_links(parent(n + 1) for n in range(MAX_LINKS * 2))) == MAX_LINKS
    assert creation_links([None, "nonsense"]) == []


def test_the_context_goes_over_kafka_unchanged_and_proves_nothing() -> None:
    event = envelope(traceparent=PARENT)
    found = from_headers(to_headers(event), event.data)

    assert found.traceparent == PARENT
    without = [(name, value) for name, value in to_headers(event) if name != "traceparent"]
    assert from_headers(without, event.data).hash == event.hash


async def test_an_event_keeps_the_context_it_was_created_in(pool: asyncpg.Pool) -> None:
    from dataclasses import replace

    context = replace(adding("a", 1).context, traceparent=PARENT)
    async with pool.acquire() as connection, connection.transaction():
        await record(connection, TALLIES, [adding("a", 1, context=context)])

    assert await pool.fetchval("select traceparent from es.events") == PARENT

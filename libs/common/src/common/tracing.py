"""Traces from REST through outbox and Kafka to projection (W3C Trace Context).

The `traceparent` of the request is stored with the event as its creation context and is forwarded
unchanged; relay and consumers *link* to it, since one batch carries many of them.
"""

import re
from collections.abc import Iterable

from opentelemetry import trace
from opentelemetry.trace import Link, SpanContext, TraceFlags

MAX_LINKS = 100  # of a batch; more would cost more than they tell

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


def current_traceparent() -> str | None:
    """The context of the span we are in, as a `traceparent` header; `None` outside a trace."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def current_trace_id() -> str | None:
    """What to look for in the logs and traces; `None` outside a trace."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def remote_context(traceparent: str | None) -> SpanContext | None:
    """A `traceparent` header as a remote span context; `None` if it is absent or not one."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    if not found:
        return None
    trace_id, span_id, flags = (int(part, 16) for part in found.groups())
    context = SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
    return context if context.is_valid else None


def creation_links(traceparents: Iterable[str | None]) -> list[Link]:
    """Links to the distinct creation contexts of a batch, at most `MAX_LINKS`."""
    distinct = list(dict.fromkeys(filter(None, traceparents)))[:MAX_LINKS]
    return [Link(context) for text in distinct if (context := remote_context(text))]

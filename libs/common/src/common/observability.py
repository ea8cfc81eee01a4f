"""Logs, traces and their configuration, in one call at start.

Logs are JSON lines with `service`, `correlation_id` and `trace_id`; they never hold a body. Traces
are exported over OTLP if `OTEL_EXPORTER_OTLP_ENDPOINT` is set (`TRACE_RATIO` of them, or those whose
caller samples); without it nothing is recorded, but a `traceparent` still goes with every event.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased

from common.settings import Settings
from common.tracing import current_trace_id


def configure(service: str, settings: Settings) -> TracerProvider:
    """Set up logging and tracing for this process; the provider is flushed at the end."""
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _with_trace,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout, force=True)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # we log interruptions ourselves
    exporting = settings.otel_exporter_otlp_endpoint is not None
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(settings.trace_ratio)) if exporting else ALWAYS_OFF,
        resource=Resource.create({"service.name": f"shouwang-{service}"}),
    )
    if settings.otel_exporter_otlp_endpoint:
        endpoint = settings.otel_exporter_otlp_endpoint.rstrip("/") + "/v1/traces"
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)
    return provider


def _with_trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if trace_id := current_trace_id():
        event["trace_id"] = trace_id
    return event

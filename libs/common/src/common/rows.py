"""Rows of `es.events` as envelopes."""

from datetime import UTC, datetime

import asyncpg
import msgspec

from contracts.envelope import Actor, Envelope

actor_of = msgspec.json.Decoder(Actor).decode


def from_row(service: str, row: asyncpg.Record) -> Envelope:
    """A row of `es.events` as an envelope."""
    return Envelope(
        event_id=row["event_id"],
        service=service,
        type=row["type"],
        schema_version=row["schema_version"],
        stream=row["stream"],
        version=row["version"],
        household_id=row["household_id"],
        occurred_at=_aware(row["occurred_at"]),
        recorded_at=row["recorded_at"],
        actor=actor_of(row["actor"]),
        region=row["region"],
        policy_version=row["policy_version"],
        correlation_id=row["correlation_id"],
        causation_id=row["causation_id"],
        classification=row["classification"],
        traceparent=row["traceparent"],
        data=row["data"],
        prev_hash=row["prev_hash"],
        hash=row["hash"],
    )


def _aware(moment: datetime) -> datetime:
    """The driver gives Python's first and last moment back without their zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

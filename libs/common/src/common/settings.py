"""What every service reads from its environment. A missing setting is named at start."""

import os
import sys
from typing import Literal

from common.kafka import Access


class Settings(Access):
    """Settings common to all services; each adds its own in `<service>.settings`.

    `statement_key` is the seed of the Ed25519 key with which the service signs what it states of its
    store: 32 bytes in base64.
    """

    host: str = "127.0.0.1"
    port: int
    database_url: str
    kafka_bootstrap_servers: str
    issuer: str
    jwks_url: str
    statement_key: str
    audience: str = "shouwang"
    profile: Literal["development", "production"] = "production"
    log_level: str = "INFO"
    otel_exporter_otlp_endpoint: str | None = None
    trace_ratio: float = 1.0  # of the traces that begin here, how many are recorded
    instance: str | None = None  # a stable name of this replica: it is back at once after a crash
    background: bool = True  # publish and consume; a process without it answers and records
    topic_ahead: Literal["refuse", "accept"] = "refuse"  # events that the store has lost for good
    unpublished_limit_seconds: float = 900  # oldest ticket older than this: not ready
    body_limit_bytes: int = 8 * 1024 * 1024


def given(name: str) -> str:
    """A setting from the environment, for a program that runs beside a service.

    Without it the program ends with 2, as for a wrong option: those that compare end with 1 if something
    differs.
    """
    if found := os.environ.get(name):
        return found
    sys.stderr.write(f"{name} is not set: it is what the service is given.\n")
    sys.exit(2)

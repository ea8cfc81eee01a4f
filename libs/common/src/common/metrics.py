"""The figures a service shows at `/metrics` (Prometheus). Names end in their unit."""

from prometheus_client import Counter, Gauge, Histogram

UNPUBLISHED = Gauge("shouwang_outbox_tickets", "Events that are not yet on the topic")
UNPUBLISHED_AGE = Gauge(
    "shouwang_outbox_oldest_seconds", "Age of the oldest event that is not yet on the topic"
)
PUBLISHED = Counter("shouwang_relay_published", "Events acknowledged by Kafka")
PUBLISH_SECONDS = Histogram("shouwang_relay_publish_seconds", "Time of one acknowledged batch")
RELAY_EPOCH = Gauge("shouwang_relay_epoch", "Epoch under which this process last led")
RELAY_LEADER = Gauge("shouwang_relay_leader", "1 while this process leads the relay")
RELAY_FAILURES = Counter("shouwang_relay_failures", "Interruptions of the relay")
LAG = Gauge(
    "shouwang_consumer_lag_records",
    "Records between our offset and the broker's end offset",
    ["topic", "partition"],
)
CONSUMED = Counter("shouwang_consumer_applied", "Events applied", ["service"])
DUPLICATES = Counter("shouwang_consumer_duplicates", "Events dropped because they were known")
FENCED = Counter("shouwang_consumer_fenced", "Batches dropped because another owner was ahead")
PARKED = Gauge("shouwang_parked_records", "Records that could not be applied and wait for a person")
PARKED_HOUSEHOLDS = Gauge("shouwang_parked_keys", "Households (keys) that are parked")
STOPPED_PARTITIONS = Gauge(
    "shouwang_consumer_stopped_partitions",
    "Partitions that are read no further; readiness says why",
)
CONSUMER_UNREADY = Gauge(
    "shouwang_consumer_unready", "1 while this process does not consume; readiness says why"
)
REQUESTS = Histogram(
    "shouwang_http_request_seconds",
    "Time to answer",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
WAITING = Gauge("shouwang_writer_waiting_intents", "Commands waiting for the next commit")

"""How soon: from the commit to the topic, and from the POST to the timeline, at a steady load."""

import asyncio
import json
import statistics
import time
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from common.kafka import LogScan
from common.testing import eventually
from tests.bench import county as people
from tests.bench.bench import ROUNDS, Bench
from tests.bench.client import Answer, Client, request
from tests.bench.figures import TIME, Figure, percentile
from tests.bench.waiting import IDENTIFICATION, drained, offsets
from tests.integration.county import County

PER_SECOND = 200
CALLERS = 32
LOOK = 0.01  # seconds between looks at audit's offsets: more of them would be load themselves


@dataclass
class _Seen:
    """When a reader of the topic had each event, and how far audit was at each time."""

    arrived: dict[str, tuple[int, int, float, float]] = field(default_factory=dict)
    offsets: dict[int, list[tuple[int, float]]] = field(default_factory=dict)

    def visible(self, partition: int, offset: int) -> float:
        """When the transaction that put this record into the timeline was first seen committed."""
        steps = self.offsets[partition]
        return steps[bisect_left(steps, (offset + 1, 0.0))][1]


async def latencies(bench: Bench, county: County, client: Client) -> None:
    """200 events a second, each its own POST, sent when it is due and not when the last one is done."""
    print(f"  latencies at {PER_SECOND} events/s, {bench.sizes.seconds} s a round", flush=True)
    found: dict[str, list[float]] = {
        "commit": [],
        "p50": [],
        "post": [],
        "told": [],
        "told p50": [],
    }
    for number in range(ROUNDS):
        count = PER_SECOND * bench.sizes.seconds
        answers, seen = await _round(county, client, number * count, count, bench)
        to_topic, to_timeline = [], []
        for answer in answers:
            event_id = json.loads(answer.body)["event_id"]
            partition, offset, recorded_at, arrived = seen.arrived[event_id]
            to_topic.append((arrived - recorded_at) * 1_000)
            to_timeline.append((seen.visible(partition, offset) - answer.due) * 1_000)
        found["post"].append(percentile([answer.seconds * 1_000 for answer in answers], 99))
        for name, values in (("commit", to_topic), ("told", to_timeline)):
            found[name].append(percentile(values, 99))
        found["p50"].append(percentile(to_topic, 50))
        found["told p50"].append(percentile(to_timeline, 50))
        print(
            f"    round {number + 1} of {ROUNDS} · on the topic p99 {found['commit'][-1]:.1f} ms"
            f" · in the timeline p99 {found['told'][-1]:.1f} ms",
            flush=True,
        )
    for name, key, below in (
        ("POST of one fact → its answer, p99", "post", None),
        ("commit → on the topic, p50", "p50", None),
        ("commit → on the topic, p99", "commit", 100),
        ("POST → in the audit timeline, p50", "told p50", None),
        ("POST → in the audit timeline, p99", "told", 300),
    ):
        value = statistics.median(found[key])
        bench.found(Figure(name=name, value=value, unit=TIME, below=below))


async def _round(
    county: County, client: Client, first: int, count: int, bench: Bench
) -> tuple[list[Answer], _Seen]:
    token, persons = await county.token("yibao"), bench.sizes.households * people.PEOPLE
    media = "application/cloudevents+json"
    requests = []
    for n in range(first, first + count):
        event = people.settlement(n, n * 11 % persons)
        event["id"] = event["data"]["record_key"] = f"YB-LATENCY-{n}"
        requests.append(request("POST", "/v1/events", token, json.dumps(event).encode(), media))
    seen = _Seen()
    ready = asyncio.Event()
    watching = [
        asyncio.create_task(_read(county.system.endpoints.kafka, seen, ready)),
        asyncio.create_task(_look(county.system.endpoints.databases["audit"], seen)),
    ]
    try:
        await ready.wait()
        address = county.system.endpoints.services["identification"]
        _, answers = await client.call(address, requests, callers=CALLERS, per_second=PER_SECOND)
        await drained(county, "audit")
        await eventually(lambda: len(seen.arrived) >= count)
        await asyncio.sleep(10 * LOOK)  # one more look at the offsets
        return answers, seen
    finally:
        for task in watching:
            task.cancel()
        await asyncio.wait(watching)


async def _read(kafka: str, seen: _Seen, ready: asyncio.Event) -> None:
    """A reader of the topic, from its end."""
    scan = LogScan(kafka)
    try:
        for place, (_, end) in (await scan.start(IDENTIFICATION)).items():
            scan.seek(place, end)
        ready.set()
        while True:
            records = await scan.fetch(500, 0.5)
            now = time.time()
            for place, some in records.items():
                for record in some:
                    headers = dict(record.headers)
                    recorded = (headers["ce_recordedtime"] or b"").decode()
                    recorded_at = datetime.fromisoformat(recorded).timestamp()
                    event_id = (headers["ce_id"] or b"").decode()
                    seen.arrived[event_id] = (place.partition, record.offset, recorded_at, now)
    finally:
        await scan.close()


async def _look(url: str, seen: _Seen) -> None:
    """Audit's offsets move in the transaction that writes the timeline, so they tell what is visible."""
    connection = await asyncpg.connect(url)
    try:
        while True:
            taken = await offsets(connection, "audit")
            now = time.time()
            for partition, following in taken.items():
                steps = seen.offsets.setdefault(partition, [])
                if not steps or steps[-1][0] < following:
                    steps.append((following, now))
            await asyncio.sleep(LOOK)
    finally:
        await connection.close()

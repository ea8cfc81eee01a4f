"""A service that nobody wrote publishes its words and its first events: audit tells them that day.

Over a real Kafka, the catalogue and the events alike; audit has no line that knows of any of it.
"""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from audit.access.looks import STAFF
from audit.read_model.counting import count
from common.kafka import Message
from common.testing import NOON, Database, Issuer, envelope, eventually
from common.topics import CATALOGUE
from contracts.envelope import Envelope
from services.audit.tests.at_work import System, at_work

OFFERED: dict[str, Any] = {
    "service": "assets",
    "type": "PostOffered",
    "schema_version": 2,
    "label": {"zh": "提供岗位", "en": "Post offered"},
    "sentence": {"zh": "提供{post}岗位，{due_on}前上岗", "en": "Offered as {post}, until {due_on}"},
    "codes": {"post": {"CLEANER": {"zh": "保洁员", "en": "cleaner"}}},
    "meaning": {
        "sets": {"offered_post": "post", "offer.{offer}.due_on": "due_on"},
        "makes": {"work": "OFFERED"},
        "opens": "offer",
        "step": "VERIFIED",
    },
    "state": {
        "offered_post": {
            "zh": "岗位",
            "en": "post",
            "codes": {"CLEANER": {"zh": "保洁员", "en": "cleaner"}},
        },
        "work": {
            "zh": "就业",
            "en": "work",
            "codes": {"OFFERED": {"zh": "待上岗", "en": "offered"}},
            "phases": {"OFFERED": "MONITORED"},
        },
    },
}
TAKEN: dict[str, Any] = {
    "service": "assets",
    "type": "PostTaken",
    "label": {"zh": "上岗", "en": "Post taken"},
    "sentence": {"zh": "已上岗", "en": "Took it"},
    "meaning": {"closes": "offer"},
}
KIND = "assets.PostOffered.v2"
VILLAGE = "441624108299"  # of no other test: a list there has one household


@pytest.fixture
async def system(db: Database, kafka: str, tokens: Issuer) -> AsyncIterator[System]:
    """Audit at work, which has read all that there was before."""
    async with at_work(db, kafka, tokens) as made:
        yield made


@pytest.fixture
async def client(system: System, tokens: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    """A supervisor of the county."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(system.app),
        base_url="http://audit",
        headers=tokens.bearer("supervisor", "audit:read access:read", department=STAFF),
    ) as made:
        yield made


def offered_and_taken() -> list[Envelope]:
    """A post that was offered until a day, and taken five days after it."""
    offer = envelope(
        b'{"offer":"o-1","post":"CLEANER","due_on":"2024-06-10"}',
        service="assets",
        type="PostOffered",
        schema_version=2,
        region=VILLAGE,
    )
    later = NOON + timedelta(days=12)
    taken = envelope(
        b'{"offer":"o-1"}',
        type="PostTaken",
        schema_version=1,
        prev=offer,
        region=VILLAGE,
        occurred_at=later,
    )
    return [offer, taken]


async def test_events_of_a_service_that_nobody_knew_are_told_the_day_they_are_published(
    system: System, client: httpx.AsyncClient
) -> None:
    offer, taken = offered_and_taken()
    await system.publish([offer])
    await system.heard([offer])
    here = f"/v1/households/{offer.household_id}"
    (item,) = (await client.get(f"{here}/timeline")).json()["items"]
    assert item["label"]["zh"] == "PostOffered"  # before it published any words

    await system.log.publish(
        [
            Message(
                CATALOGUE,
                f"assets.{each['type']}.v{each.get('schema_version', 1)}".encode(),
                [],
                json.dumps(each).encode(),
            )
            for each in (OFFERED, TAKEN)
        ]
    )
    words = system.app.state.vocabulary
    await eventually(lambda: words.description("assets", "PostTaken", 1) is not None)

    (item,) = (await client.get(f"{here}/timeline")).json()["items"]
    assert item["label"] == OFFERED["label"]
    assert item["sentence"]["zh"] == "提供保洁员岗位，2024-06-10前上岗"
    fields = {f["field"]: f for f in (await client.get(f"{here}/state")).json()["fields"]}
    assert fields["offered_post"]["shown"] == {"zh": "保洁员", "en": "cleaner"}
    assert fields["work"]["shown"]["zh"] == "待上岗"
    page = (await client.get(here.removeprefix("/v1"))).text
    assert '<li class="overdue">' in page
    assert ">提供岗位</a> <strong>已逾期</strong>" in page

    await system.publish([taken])
    await system.heard([taken])
    page = (await client.get(here.removeprefix("/v1"))).text
    assert ">提供岗位</a> <strong>逾期完成</strong>" in page
    while await count(system.runtime.pool, words, "441624"):  # others' households, too
        pass
    county = (await client.get("/county")).text
    for asked in ("phase=MONITORED", "step=VERIFIED", f"duty={KIND}&outcome=breached"):
        assert f"{asked.replace('&', '&amp;')}" in county.replace("region=441624&amp;", "")
        behind = await client.get(f"/county/households?{asked}&region={VILLAGE}")
        assert str(offer.household_id) in behind.text

"""What is on the topics is as the AsyncAPI documents of the services tell."""

import json
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from common.ids import new_id
from common.kafka import LogScan, Place, Record
from common.testing import eventually
from common.testing.answers import FORMATS
from tests.deployment.facts import SERVICES
from tests.integration.county import County
from tests.integration.test_one_household import NOBODY

OF_CHANNEL = {
    "statements": "Statement",
    "checkpoints": "Checkpoint",
    "catalogue": "CatalogueEntry",
}

Validators = Callable[[str, str], Any]  # by message, and its part


async def test_every_record_is_as_the_document_of_its_topic_tells(county: County) -> None:
    """Whatever the other stories have led to; and what makes each channel hold something."""
    await _something_happens(county)
    seen: set[str] = set()
    for service in SERVICES:
        url = county.system.endpoints.services[service]
        document = (await county.http.get(f"{url}/asyncapi.json")).raise_for_status().json()
        validator = _validators(document)
        for name, channel in document["channels"].items():
            async for record in _records(county, channel):
                _holds(document, validator, _message_of(name, record, channel), record)
                seen.add(name)

    assert {"events", "catalogue", "statements", "checkpoints"} <= seen


async def _something_happens(county: County) -> None:
    event = {
        "specversion": "1.0",
        "id": f"YB-{new_id()}",
        "source": "urn:gov:441624:yibao",
        "type": "cn.shouwang.fact.MedicalSettlement.v1",
        "time": "2026-03-02T08:30:00+08:00",
        "data": {
            "record_key": f"YB-{new_id()}",
            "identity_number": NOBODY,
            "settled_on": "2026-02-27",
            "total_fen": 1,
            "basic_insurance_fen": 1,
            "serious_illness_insurance_fen": 0,
            "medical_assistance_fen": 0,
            "compliant_own_cost_fen": 0,
        },
    }
    answer = await county.fact(event)
    assert answer.status_code == 201, answer.text

    async def heard() -> bool:
        signed = await county.http.get(
            county.system.endpoints.services["audit"] + "/v1/log/checkpoint"
        )
        return signed.status_code == 200

    await eventually(heard)


async def _records(county: County, channel: dict[str, Any]) -> AsyncIterator[Record]:
    """All that is on the topic as of now; it has as many partitions as the document tells."""
    kafka = channel["bindings"]["kafka"]
    scan = LogScan(county.system.endpoints.kafka)
    places = [Place(channel["address"], n) for n in range(kafka["partitions"])]
    try:
        ends = {place: end for place, (_, end) in (await scan.start(places)).items()}
        async for _, records in scan.until(ends, 1_000):
            for record in records:
                yield record
    finally:
        await scan.close()


def _message_of(name: str, record: Record, channel: dict[str, Any]) -> str:
    headers = dict(record.headers)
    if name == "events":
        _, _, _, event, version = (headers["ce_type"] or b"").decode().split(".")
        assert f"{event}.{version}" in channel["messages"]
        return f"{event}.{version}"
    return OF_CHANNEL.get(name, "ParkedRecord")


def _validators(document: dict[str, Any]) -> Validators:
    """Each made once, since a document is long and records are many."""

    @cache
    def validator(message: str, part: str) -> Any:
        schema = document["components"]["messages"][message].get(part, {})
        whole = {**schema, "components": document["components"]}
        return Draft202012Validator(whole, format_checker=FORMATS)

    return validator


def _holds(document: dict[str, Any], validator: Validators, name: str, record: Record) -> None:
    message, body = document["components"]["messages"][name], record.value or b""
    told = json.loads(body) if message.get("contentType") != "text/plain" else body.decode()
    validator(name, "payload").validate(told)
    headers = {header: (value or b"").decode() for header, value in record.headers}
    validator(name, "headers").validate(headers)
    if message["name"].startswith("cn.shouwang."):
        assert message["name"] == headers["ce_type"]
        known = document["components"]["schemas"]["EventHeaders"]["properties"]
        assert headers.keys() <= known.keys()

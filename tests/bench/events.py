"""Events made fast: chained envelopes as identification publishes them, and commands that make them."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from typing import Any
from uuid import UUID

import uvloop

from common.codec import Codec, encode
from common.decider import Decider
from common.ids import new_id
from common.intents import Connection, Context, Fresh, Intent, Key, Store, fingerprint
from common.kafka import Log, Message
from common.testing import OFFICER
from common.topics import events_topic
from contracts.cloudevents import to_headers
from contracts.envelope import ZERO_HASH, Envelope, sealed
from contracts.fact_codes import FactType, FactValue
from contracts.facts import DepartmentFactRecorded

SERVICE = "identification"
REGION = "441624108201"
MADE_AT = datetime(2025, 6, 3, 4, 0, tzinfo=UTC)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
LONG, SHORT = 500, 10  # events of a household
CHUNK = 5_000  # messages in flight


def fact(number: int, household: UUID) -> DepartmentFactRecorded:
    """The payload of most events: what a department reported."""
    return DepartmentFactRecorded(
        fact_id=UUID(int=0xFAC7 << 64 | number),
        household_id=household,
        person_id=household,
        department="yibao",
        department_name="和平县医疗保障局",
        fact_type=FactType.MEDICAL_SETTLEMENT,
        record_key=f"YB-BENCH-{number}",
        record_version=1,
        detected_on=date(2025, 6, 2),
        received_on=date(2025, 6, 3),
        values={
            FactValue.TOTAL: 46_000,
            FactValue.BASIC_INSURANCE: 31_000,
            FactValue.SERIOUS_ILLNESS_INSURANCE: 0,
            FactValue.MEDICAL_ASSISTANCE: 10_000,
            FactValue.COMPLIANT_OWN_COST: 5_000,
        },
    )


def envelope(number: int, stream: str, household: UUID, version: int, prev: bytes) -> Envelope:
    """Event `number` of all, sealed; recorded a millisecond after the one before."""
    return sealed(
        Envelope(
            event_id=new_id(),
            service=SERVICE,
            type="DepartmentFactRecorded",
            schema_version=1,
            stream=stream,
            version=version,
            household_id=household,
            occurred_at=MADE_AT,
            recorded_at=MADE_AT + timedelta(milliseconds=number),
            actor=OFFICER,
            region=REGION,
            policy_version="44-16-24/2024/1",
            correlation_id=new_id(),
            causation_id=None,
            classification="INTERNAL",
            traceparent=TRACE,
            data=encode(fact(number, household)),
            prev_hash=prev,
        )
    )


# Commands. The rule is the simplest there is, so that the mechanism is measured and not the rule.

FACTS: Decider[list[DepartmentFactRecorded], None, DepartmentFactRecorded] = Decider(
    None, lambda command, _: command, lambda state, _: state
)
STATELESS = Decider(FACTS.initial, FACTS.decide, FACTS.evolve, stateless=True)


async def _nothing(_: Connection, __: Sequence[Fresh]) -> None:
    """No read model: only the mechanism."""


STORE = Store(SERVICE, Codec.of(DepartmentFactRecorded), _nothing)


def command(stream: str, numbers: Sequence[int], *, stateless: bool = False) -> Intent:
    """To record facts in a stream, with an idempotency key."""
    household = new_id()
    facts = [fact(number, household) for number in numbers]
    return Intent(
        stream=stream,
        household_id=household,
        decider=STATELESS if stateless else FACTS,
        command=facts,
        context=Context(
            actor=OFFICER,
            region=REGION,
            occurred_at=MADE_AT,
            correlation_id=new_id(),
            policy_version="44-16-24/2024/1",
            traceparent=TRACE,
        ),
        key=Key("bench", str(new_id()), fingerprint(stream.encode())),
    )


# The log. Every household has its n-th event before any has its next one, as on a real log, so that
# a batch holds as many different households as it can.


@dataclass(frozen=True)
class Span:
    """Which households, and how many events each."""

    households: range
    length: int
    kind: str

    def stream(self, number: int) -> str:
        """Of household `number`."""
        return f"facts-of-household-{self.household(number)}"

    def household(self, number: int) -> UUID:
        """A UUID that the bench can name again."""
        return UUID(
            int=(0x0197_0000_0000_7000_8000_0000_0000_0000 | (self.kind == "long") << 32) + number
        )


def spans(events: int, long_streams: int, part: int = 0, parts: int = 1) -> list[Span]:
    """`events` in all: some households with 500 events each, the others with 10."""
    short = max(0, events - long_streams * LONG) // SHORT
    return [
        Span(range(part, long_streams, parts), LONG, "long"),
        Span(range(part, short, parts), SHORT, "short"),
    ]


def messages(of: Sequence[Span]) -> Iterator[Message]:
    """The records of these spans, in the order of recording."""
    number, topic = 0, events_topic(SERVICE)
    for span in of:
        streams = [(span.stream(n), span.household(n)) for n in span.households]
        last = [ZERO_HASH] * len(streams)
        for version in range(1, span.length + 1):
            for n, (stream, household) in enumerate(streams):
                event = envelope(number, stream, household, version, last[n])
                last[n], number = event.hash, number + 1
                yield Message(topic, str(household).encode(), to_headers(event), event.data)


async def _publish(kafka: str, of: Sequence[Span]) -> int:
    log, count = Log(kafka), 0
    waiting: list[Message] = []
    for message in messages(of):
        waiting.append(message)
        if len(waiting) == CHUNK:
            await log.publish(waiting)
            count, waiting = count + len(waiting), []
    if waiting:
        await log.publish(waiting)
    await log.close()
    return count + len(waiting)


def _work(kafka: str, of: Sequence[Span]) -> int:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it tells of leaders being elected
    return uvloop.run(_publish(kafka, of))


async def publish(kafka: str, events: int, long_streams: int) -> int:
    """Put `events` on identification's topic; how many there are. Two processes share the work."""
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        work: list[Any] = [
            loop.run_in_executor(processes, _work, kafka, spans(events, long_streams, part, 2))
            for part in range(2)
        ]
        return sum(await asyncio.gather(*work))

"""Publishing in a transaction, as nobody of ours does: its end takes an offset, and is no record."""

from collections.abc import Sequence

from aiokafka import AIOKafkaProducer

from common.ids import new_id
from common.kafka import LogScan, Message, Place
from common.testing import eventually


async def publish_together(
    servers: str, messages: Sequence[Message], *, kept: bool = True
) -> dict[Place, int]:
    """Send in one transaction, and commit it, or abort it; where each partition ends then.

    A reader of what is not committed has the records in both cases.
    """
    producer = AIOKafkaProducer(bootstrap_servers=servers, transactional_id=str(new_id()))
    await producer.start()
    try:
        await producer.begin_transaction()
        sent = [
            await producer.send(m.topic, m.value, m.key, headers=list(m.headers)) for m in messages
        ]
        last = [await record for record in sent]
        await (producer.commit_transaction() if kept else producer.abort_transaction())
    finally:
        await producer.stop()
    ends = {Place(r.topic, r.partition): r.offset + 2 for r in last}
    scan = LogScan(servers)
    try:
        await scan.start(ends)

        async def ended() -> bool:  # after the answer, the coordinator tells the partitions
            bounds = await scan.bounds(ends)
            return all(bounds[place][1] >= end for place, end in ends.items())

        await eventually(ended)
    finally:
        await scan.close()
    return ends

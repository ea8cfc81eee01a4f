"""What was recorded of a household, as the fold of its state takes it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from audit.meaning.state import Happened
from audit.meaning.vocabulary import Vocabulary
from audit.read_model import queries
from audit.verify import payload
from common.service import Runtime


async def recorded(
    runtime: Runtime, vocabulary: Vocabulary, household_id: UUID, known_at: datetime
) -> Sequence[Happened]:
    """What was recorded of a household by then."""
    rows = await queries.known(runtime.pool, household_id, known_at)
    return await asyncio.to_thread(lambda: [happened(row, vocabulary) for row in rows])


def happened(row: asyncpg.Record, vocabulary: Vocabulary) -> Happened:
    """An event of the timeline."""
    return Happened(
        row["event_id"],
        row["service"],
        row["type"],
        row["stream"],
        row["version"],
        row["occurred_at"],
        row["recorded_at"],
        payload(row["data"]),
        vocabulary.meaning(row["service"], row["type"], row["schema_version"]),
        row["schema_version"],
    )

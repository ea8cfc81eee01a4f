"""What tells the households apart that a masked number may be of; nothing about a person.

Each is shown as the log has it now: what lists call it (`naming`), and its last record. If the log does not
have the household yet, or has it in an area that is not the caller's, only what identification said is
shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import Request

from audit.api.wired import runtime_of, vocabulary_of
from audit.meaning.sentences import Words
from audit.pages.naming import Names, names
from audit.read_model import queries
from common.auth import Principal


@dataclass(frozen=True, slots=True)
class Candidate:
    """A household; as far as they are known, its last record in words, and when that was made."""

    household_id: UUID
    region: str
    last: Words | None = None
    recorded_at: datetime | None = None


async def told(
    request: Request, caller: Principal, found: Sequence[tuple[UUID, str]]
) -> tuple[list[Candidate], Names]:
    """Households, by id and area, and what they are called."""
    runtime, vocabulary = runtime_of(request), vocabulary_of(request)
    rows = await queries.last_of(runtime.pool, caller.actor.region, [id_ for id_, _ in found])
    known = {
        row["household_id"]: Candidate(
            row["household_id"],
            row["region"],
            vocabulary.label(row["service"], row["type"], row["schema_version"]),
            row["recorded_at"],
        )
        for row in rows
    }
    listed = [known.get(id_, Candidate(id_, region)) for id_, region in found]
    return listed, await names(request, list(known))

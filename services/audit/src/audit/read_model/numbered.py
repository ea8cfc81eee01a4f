"""The households of an area that have a number on the register, as `audit.read_model.called` keeps it."""

import unicodedata
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from audit.meaning.vocabulary import Vocabulary
from audit.read_model import counting, queries
from audit.read_model.called import LONGEST
from audit.read_model.queries import Recorded
from common.problems import Problem
from common.service import Runtime

SOON: Final = "5"  # seconds until the worker has counted some thousands more


async def by_number(
    runtime: Runtime,
    vocabulary: Vocabulary,
    place: str,
    number: str,
    limit: int,
    after: tuple[str, str, UUID] | None = None,
) -> Sequence[Recorded]:
    """The households of an area that have a number, however it is typed. Raises `Problem` (503) while
    numbers are still being read, since then nobody knows whether there is one."""
    plain = unicodedata.normalize("NFKC", number).strip()
    if not plain or len(plain) > LONGEST or not plain.isprintable():
        return []
    waiting = await counting.at_a_look(runtime.pool, vocabulary, place)
    typed = {plain, plain.upper()}
    found = await queries.households(runtime.engine, place, limit=limit, after=after, called=typed)
    if waiting and not found:
        raise Problem("numbers-not-read-yet", headers={"Retry-After": SOON})
    return found

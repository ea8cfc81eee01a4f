"""What people call a household by, kept so that lists can be sorted by it and a household be found by it.

It is the first field that services publish as naming (the number on the register). It is folded as on the
household's page, so that corrections count, and from all that is recorded, since the number that somebody
looks for comes from a list of today. It is kept with what the county page counts (`counting`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import asyncpg

from audit.meaning import declared
from audit.meaning.sentences import ABSENT, shown
from audit.meaning.state import Happened, state
from audit.meaning.vocabulary import StateWords, Vocabulary
from audit.read_model import queries
from audit.read_model.happened import happened
from common.intents import Connection
from contracts.meaning import Meaning

LONGEST: Final = 200  # characters: an index takes only so much
EVER: Final = datetime.max.replace(tzinfo=UTC)


def naming(words: dict[str, StateWords]) -> list[str]:
    """The fields of a household itself that lists show, beginning with the one that it is called by."""
    ranked = [(known.naming, name) for name, known in words.items() if known.naming > 0]
    return [name for _, name in sorted(ranked) if "." not in name]


def first(vocabulary: Vocabulary) -> str:
    """The field that a household is called by; empty if nothing is published."""
    return next(iter(naming(vocabulary.state())), "")


async def keep(connection: Connection, vocabulary: Vocabulary, households: Sequence[UUID]) -> None:
    """Read anew what these households are called by."""
    field = first(vocabulary)
    wanted = declared.touching(vocabulary, [field])
    rows = await queries.of_households(connection, households, EVER, wanted) if field else []
    found = await asyncio.to_thread(_fold, rows, field, vocabulary)
    await connection.execute("delete from read.called where household_id = any($1)", households)
    await connection.execute(_CALLED, list(found), list(found.values()))


def _fold(rows: Sequence[asyncpg.Record], field: str, vocabulary: Vocabulary) -> dict[UUID, str]:
    events: dict[UUID, list[Happened]] = {}
    # By type, and of this field alone: an event that registers a household tells of much else.
    alone: dict[tuple[str, str, int], Meaning] = {}
    for row in rows:
        event = happened(row, vocabulary)
        kind = event.service, event.type, event.schema_version
        if kind not in alone:
            alone[kind] = declared.alone(event.meaning, field)
        events.setdefault(UUID(row["key"]), []).append(replace(event, meaning=alone[kind]))
    words, names = vocabulary.state().get(field), {}
    for household, those in events.items():
        value = state(those, EVER, EVER).fields.get(field)
        name = shown(field, value.value, words.codes if words else {})[0] if value else ABSENT
        if name != ABSENT:
            names[household] = name[:LONGEST].replace("\0", "?")  # as the database takes it
    return names


_CALLED = (
    "insert into read.called (household_id, name) select * from unnest($1::uuid[], $2::text[])"
)

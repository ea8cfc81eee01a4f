"""The words of every service, read from the catalogue topic and kept in memory.

Nobody waits for it: an event whose words have not arrived is shown by the name of its type.
"""

import asyncio
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec
import structlog

from audit.meaning.sentences import Codes, Description, Words
from audit.meaning.words import AREAS, FILTERS, PURPOSES, is_area
from audit.verify import meant, understood
from common.kafka import KafkaError, LogScan, Place
from common.topics import CATALOGUE
from contracts.meaning import Also, Meaning

log = structlog.get_logger()

AGAIN: Final = 2.0  # seconds between attempts while Kafka is away

TypeName = tuple[str, str, int]  # service, event name, major version


class StateWords(msgspec.Struct):
    """What is published of a state field: its name, the labels of its codes, the phases that these stand
    for, which departments may see it, and whether lists show it (`StateField`)."""

    zh: str
    en: str
    codes: Codes = {}
    phases: dict[str, str] = {}
    routes: dict[str, list[str]] = {}
    needed_by: list[str] = []
    also: Also | None = None
    naming: int = 0
    withholds: bool = False


class _Meant(msgspec.Struct):
    service: str = ""
    type: str = ""
    schema_version: int = 1
    meaning: Meaning = Meaning()
    state: dict[str, StateWords] = {}


_description = msgspec.json.Decoder(Description)
_meant = msgspec.json.Decoder(_Meant)
NOTHING = Meaning()


class Labels(Mapping[str, Words]):
    """The labels of event types by their full names, which a look at a list of duties records."""

    def __init__(self, known: Mapping[str, Description]) -> None:
        self._known = known

    def __getitem__(self, name: str) -> Words:
        return self._known[name].label

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def published(meaning: Meaning) -> dict[str, Any]:
    """A meaning in the form of the catalogue, without the parts that are empty."""
    return {name: value for name, value in msgspec.to_builtins(meaning).items() if value}


class Vocabulary:
    """Descriptions by event type; the last one published counts."""

    def __init__(self) -> None:
        # Not while it is read, when what is known may be what was declared before.
        self.whole = True
        self._known: dict[str, Description] = {}
        self._meant: dict[str, _Meant] = {}
        self._declared: dict[str, str] = {}
        # Codes that we have names for, of fields for which their service publishes none.
        asked: Codes = ChainMap(FILTERS, Labels(self._known))  # type: ignore[arg-type] # only read
        self._ours: dict[str, dict[str, Codes]] = {
            "audit.ListLookedAt.v1": {"filters": asked, "purpose": PURPOSES},
            "audit.HouseholdLookedAt.v1": {"purpose": PURPOSES},
            "audit.HouseholdExported.v1": {"purpose": PURPOSES},
        }

    def __len__(self) -> int:
        return len(self._known)

    def learn(self, key: str, value: bytes | None) -> None:
        """Take a record of the catalogue; without a body the type is forgotten."""
        if value is None:
            self._known.pop(key, None)
            self._meant.pop(key, None)
            self._declared.pop(key, None)
            return
        try:
            understood(value.decode())  # or it could fail half way, or whoever reads what is signed
            known, meant = _description.decode(value), _meant.decode(value)
            _must_make_queries(value, meant.meaning)
            self._known[key], self._meant[key] = _named(known, self._ours.get(key, {})), meant
            for name, words in meant.state.items():
                words.codes = words.codes or (AREAS if is_area(name) else {})
            self._declared |= _declared(key, known.label, meant)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            log.warning("description_not_understood", type=key, error=str(error))

    def declared(self) -> dict[str, str]:
        """What was declared of each type, as checkpoints sign it: entries of the map of meanings. Nothing
        as long as something else may have been declared since."""
        return self._declared if self.whole else {}

    def description(self, service: str, type_: str, schema_version: int) -> Description | None:
        """What the service said of this type and major version, if it has yet."""
        return self._known.get(f"{service}.{type_}.v{schema_version}")

    def meaning(self, service: str, type_: str, schema_version: int) -> Meaning:
        """What this type does to the state of its household; nothing, until that is known."""
        known = self._meant.get(f"{service}.{type_}.v{schema_version}")
        return known.meaning if known else NOTHING

    def types(self, wanted: Callable[[Meaning], bool]) -> list[TypeName]:
        """The types whose meaning is of that kind."""
        return [
            (m.service, m.type, m.schema_version) for m in self._meant.values() if wanted(m.meaning)
        ]

    def state(self) -> dict[str, StateWords]:
        """The names of all state fields."""
        return {name: words for m in self._meant.values() for name, words in m.state.items()}

    def label(self, service: str, type_: str, schema_version: int) -> Words:
        """The name of the type for people; the name in code until it is known."""
        known = self.description(service, type_, schema_version)
        return known.label if known else Words(type_, type_)


def _named(known: Description, ours: Mapping[str, Codes]) -> Description:
    names = {name for template in known.templates for name in template.names}
    areas = {name: AREAS for name in names if is_area(name)}
    return replace(known, codes={**areas, **ours, **known.codes})


def _must_make_queries(value: bytes, meaning: Meaning) -> None:
    """Raises `ValidationError` for a meaning that cannot be counted by, whatever the event."""
    if b"\\u0000" in value:
        raise msgspec.ValidationError("it holds NUL")
    for choice in meaning.chooses.values():
        if any(said.count("/") + 1 != len(choice.by) for said in choice.codes):
            raise msgspec.ValidationError(
                "a code stands for more or fewer values than are chosen by"
            )


def _declared(key: str, label: Words, declared: _Meant) -> dict[str, str]:
    """Nothing of a type that goes by another name than it says."""
    if key != f"{declared.service}.{declared.type}.v{declared.schema_version}":
        return {}
    told = {"label": msgspec.to_builtins(label), "meaning": published(declared.meaning)}
    return {key: meant(key, told)} if key.isprintable() else {}


async def follow(servers: str, vocabulary: Vocabulary) -> None:
    """Read the catalogue from its beginning, and go on reading, for ever."""
    while True:
        scan, place = LogScan(servers), Place(CATALOGUE, 0)
        vocabulary.whole = False
        try:
            _, end = (await scan.start([place]))[place]
            while True:
                vocabulary.whole = scan.reached().get(place, 0) >= end
                for records in (await scan.fetch(500, 1.0)).values():
                    for record in records:
                        vocabulary.learn(
                            (record.key or b"").decode("utf-8", "replace"), record.value
                        )
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("catalogue_interrupted", error=repr(error))
        finally:
            await scan.close()
        await asyncio.sleep(AGAIN)

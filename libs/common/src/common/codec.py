"""Payloads to bytes and back. The union in `contracts` is the registry; nothing registers itself."""

from dataclasses import dataclass, field
from typing import Any, get_args

import msgspec

from contracts.meaning import Meanings


class UnknownType(Exception):
    """An event type (or major version) that this reader does not know."""


@dataclass(frozen=True)
class Codec:
    """Encodes the events of one union. A type is stored by its class name and `SCHEMA_VERSION`."""

    types: dict[str, type[Any]]
    decoders: dict[str, msgspec.json.Decoder[Any]]
    meanings: Meanings = field(default_factory=Meanings)

    @classmethod
    def of(cls, union: Any, meanings: Meanings | None = None) -> "Codec":
        """The codec of a union of event dataclasses (or of a single one), and what they mean."""
        types = {member.__name__: member for member in get_args(union) or (union,)}
        decoders = {name: msgspec.json.Decoder(member) for name, member in types.items()}
        return cls(types, decoders, meanings or Meanings())

    def decode(self, name: str, schema_version: int, data: bytes) -> Any:
        """The payload. Unknown fields are ignored (tolerant reader).

        Raises `UnknownType` for a type or major version of the future, and
        `msgspec.ValidationError` or `msgspec.DecodeError` for data of another shape.
        """
        if name not in self.decoders or schema_version != schema_version_of(self.types[name]):
            raise UnknownType(f"{name}.v{schema_version}")
        return self.decoders[name].decode(data)


_encoder = msgspec.json.Encoder()


def encode(payload: object) -> bytes:
    """Compact JSON of an event dataclass; keys in the order of its fields."""
    return _encoder.encode(payload)


def schema_version_of(event: type[Any]) -> int:
    """The major version of an event type: 1, unless the class says otherwise."""
    version: int = getattr(event, "SCHEMA_VERSION", 1)
    return version

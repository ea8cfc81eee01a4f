"""The `data` of each fact type, made from the table: what a department sends, and what it says."""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from common.form import HIDDEN
from common.problems import FAULTS, Fault, fault, pointer_to
from contracts.fact_codes import FactCode, FactType, FactValue, RetractionReason
from identification.domain.fact_types import FACT_TYPES, FactSpec
from identification.domain.facts import content_of, fact_id_of, key_of

Amount = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
# No name of a record holds a line break, or what nobody sees; in Python, `$` stands before a last line break too.
PLAIN = rf"^[^\t\n\r\ufe00-\ufe0f{HIDDEN}]+$(?!\n)"
NAMED = (
    "不能为空，不能含换行、控制字符或看不见的格式字符",
    "it is not empty and holds no line break, no control character and no other that nobody sees",
)
Text64 = Annotated[str, msgspec.Meta(max_length=64, pattern=PLAIN)]
Number = Annotated[int, msgspec.Meta(ge=1, le=10_000)]

TYPES = {f"cn.shouwang.fact.{fact.value}.v1": fact for fact in FactType}
RETRACTION = "cn.shouwang.fact.Retraction.v1"
EARLIEST = date(1900, 1, 1)  # before it, a rule that looks back would leave the calendar

_PARTS = (
    FactValue.BASIC_INSURANCE,
    FactValue.SERIOUS_ILLNESS_INSURANCE,
    FactValue.MEDICAL_ASSISTANCE,
    FactValue.COMPLIANT_OWN_COST,
)


class Retraction(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A record is taken back; `record_version` is one that was not used for it before."""

    # Made from the codes, which mypy does not follow; msgspec does, and the OpenAPI document lists them.
    fact_type: Literal[tuple(fact.value for fact in FactType)]  # type: ignore[valid-type]
    record_key: Text64
    record_version: Number
    reason: Literal[tuple(reason.value for reason in RetractionReason)]  # type: ignore[valid-type]


class Told(msgspec.Struct, frozen=True):
    """What a department said of one record, whatever its type. `identity_number` goes no further."""

    fact_type: FactType
    record_key: str
    record_version: int
    identity_number: str
    detected_on: date
    values: dict[FactValue, int]
    codes: list[FactCode]
    key: bytes
    content: bytes
    fact_id: UUID
    reason: RetractionReason | None = None


def _struct(fact: FactType, spec: FactSpec) -> type[msgspec.Struct]:
    fields: list[Any] = [
        ("record_key", Text64),
        ("identity_number", Text64),
        (spec.dated, date),
        *((value.value, Amount) for value in spec.values),
        *((name, Literal[tuple(c.value for c in codes)]) for name, codes in spec.codes.items()),
        ("record_version", Number, 1),
        *((value.value, Amount | None, None) for value in spec.optional),
        *(
            (name, Literal[tuple(c.value for c in codes)] | None, None)
            for name, codes in spec.optional_codes.items()
        ),
    ]
    return msgspec.defstruct(fact.value, fields, forbid_unknown_fields=True, frozen=True)


_decoders = {fact: msgspec.json.Decoder(_struct(fact, spec)) for fact, spec in FACT_TYPES.items()}
# Of the `data` of each type, and under `None` of a retraction.
SHAPES: dict[FactType | None, type[msgspec.Struct]] = {
    None: Retraction,
    **{fact: decoder.type for fact, decoder in _decoders.items()},
}
_by_name = {fact.value: fact for fact in FactType}
_retraction = msgspec.json.Decoder(Retraction)
_values = {
    fact: [(value, value.value) for value in (*spec.values, *spec.optional)]
    for fact, spec in FACT_TYPES.items()
}
_codes = {fact: [*spec.codes, *spec.optional_codes] for fact, spec in FACT_TYPES.items()}


def schema_of(fact: FactType) -> dict[str, Any]:
    """The JSON Schema of a type's `data`."""
    return msgspec.json.schema(_decoders[fact].type)


def schema_of_retraction() -> dict[str, Any]:
    """The JSON Schema of a retraction's `data`."""
    return msgspec.json.schema(Retraction)


def told(fact: FactType, department: str, raw: msgspec.Raw) -> Told:
    """Read a fact's `data`. Raises `msgspec.ValidationError`."""
    data: Any = _decoders[fact].decode(raw)
    on: date = getattr(data, FACT_TYPES[fact].dated)
    values: dict[FactValue, int] = {}
    for value, name in _values[fact]:
        if (amount := getattr(data, name)) is not None:
            values[value] = amount
    codes = [FactCode[code] for name in _codes[fact] if (code := getattr(data, name))]
    key = key_of(department, fact, data.record_key)
    return Told(
        fact,
        data.record_key,
        data.record_version,
        data.identity_number,
        on,
        values,
        codes,
        key,
        content_of(on, values, codes),
        fact_id_of(key, data.record_version),
    )


def retracted(department: str, raw: msgspec.Raw, on: date) -> Told:
    """Read a retraction's `data`. Raises `msgspec.ValidationError`."""
    data = _retraction.decode(raw)
    fact, reason = _by_name[data.fact_type], RetractionReason[data.reason]
    key = key_of(department, fact, data.record_key)
    return Told(
        fact,
        data.record_key,
        data.record_version,
        "",
        on,
        {},
        [],
        key,
        content_of(date.min, {}, [reason]),
        fact_id_of(key, data.record_version),
        reason,
    )


def implausible(fact: Told, today: date) -> Iterator[Fault]:
    """What no schema says: dates in the future or of another age, parts above the total."""
    if fact.detected_on > today:
        yield fault(f"/data/{FACT_TYPES[fact.fact_type].dated}", "future")
    if fact.detected_on < EARLIEST:
        yield fault(f"/data/{FACT_TYPES[fact.fact_type].dated}", "range", least=EARLIEST)
    total = fact.values.get(FactValue.TOTAL)
    if total is not None and sum(fact.values[part] for part in _PARTS) > total:
        yield fault("/data/total_fen", "sum")


def faults_of_shape(
    error: msgspec.ValidationError, raw: bytes | msgspec.Raw, base: str, shape: type[msgspec.Struct]
) -> list[Fault]:
    """Of all fields of the object at `base`, where and what: `error` names the first that is wrong."""
    try:
        given = _fields.decode(raw)
    except msgspec.ValidationError:
        return [fault_of_shape(error, base, shape)]
    wanted = _each_field(shape)
    found = [
        fault(base + pointer_to(name), "extra_forbidden") for name in given if name not in wanted
    ]
    for name, (decoder, required) in wanted.items():
        if name in given:
            try:
                decoder.decode(given[name])
            except msgspec.ValidationError as wrong:
                found.append(fault_of_shape(wrong, base + pointer_to(name), shape))
        elif required:
            found.append(fault(base + pointer_to(name), "missing"))
    return found


@cache
def _each_field(shape: type[msgspec.Struct]) -> dict[str, tuple[msgspec.json.Decoder[Any], bool]]:
    """How the fields of a shape are read by themselves, and whether each has to be there."""
    fields = msgspec.structs.fields(shape)
    return {f.encode_name: (msgspec.json.Decoder(f.type), f.required) for f in fields}


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


def fault_of_shape(error: msgspec.ValidationError, base: str, shape: type[msgspec.Struct]) -> Fault:
    """Where and what, and what would be right, from msgspec's message and the `shape` that was wanted at `base`;
    never the value (it may be personal)."""
    message, _, path = str(error).partition(" - at `$")
    pointer = base + "".join(
        "/" + part
        for part in path.rstrip("`").replace("[", ".").replace("]", "").split(".")
        if part
    )
    if "unknown field" in message:
        return fault(f"{pointer}/{message.split('`')[1]}", "extra_forbidden")
    if "missing required field" in message:
        return fault(f"{pointer}/{message.split('`')[1]}", "missing")
    code = next((code for sign, code in _SIGNS if sign in message), "value")
    known = _known(shape, pointer) if code == "enum" else ()
    bound = {sign: int(number) for sign, number in re.findall("([<>]=) (-?[0-9]+)", message)}
    form = NAMED if code == "pattern" else None
    return fault(pointer, code, known=known, least=bound.get(">="), most=bound.get("<="), form=form)


def _known(shape: type[msgspec.Struct], pointer: str) -> list[str]:
    """The codes of the field that a pointer names."""
    wanted = get_type_hints(shape)[pointer.rpartition("/")[2]]
    ways = [wanted, *get_args(wanted)]
    return [code for way in ways if get_origin(way) is Literal for code in get_args(way)]


_SIGNS = (
    ("Invalid enum value", "enum"),
    ("Invalid RFC3339 encoded datetime", "datetime"),
    ("Invalid RFC3339", "date"),
    ("of length", "length"),
    ("matching regex", "pattern"),
    ("Expected `int`, got", "int"),
    ("Expected `int | null`, got", "int"),
    ("Expected `int` ", "range"),
    ("out of range", "range"),
    ("Expected `str", "string"),
    ("Expected `datetime`", "datetime"),
    ("Expected `date`", "date"),
    ("Expected `object`", "object"),
)
assert {code for _, code in _SIGNS} <= set(FAULTS)

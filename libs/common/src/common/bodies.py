"""The JSON of a body: whether it is any, where it breaks, and whether all who read it read the same."""

import json
import re
from codecs import BOM_UTF8
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import islice
from math import isinf
from typing import Any

import msgspec

from common.problems import Fault, Problem, fault, pointer_to

NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
MOST = 50  # faults of one body that are told
TOO_FAR = ("数字过大", "a number that large is none of 64 bits")

_syntax = msgspec.json.Decoder(msgspec.Raw)


def must_be_json(raw: bytes) -> None:
    """Raises `Problem` (400) for what RFC 8259 does not call JSON. Python's parser takes more: UTF-16, a byte order
    mark, NaN, half of a surrogate pair."""
    try:
        raw.decode()  # which the decoder does not look at
        _syntax.decode(raw)
    except NO_JSON as error:
        raise json_problem(raw) from error


def i_json(raw: bytes) -> Any:
    """What a form says, in JSON that can be read in one way only (I-JSON, RFC 7493, 2.2 and 2.3).

    Raises `Problem`: 400 for what is no JSON, 422 with pointers for a name that stands twice in an object, of
    which a reader takes either, and for a number beyond those of 64 bits.
    """
    must_be_json(raw)
    try:
        return _read_once.decode(raw.decode())
    except (ValueError, RecursionError) as error:  # also of `int`, for thousands of digits
        raise json_problem(raw) from error


def json_problem(raw: bytes) -> Problem:
    """What is wrong with JSON that cannot be read: where it breaks, or what of it has two readings. Nothing of
    it is echoed but names."""
    if raw.startswith(BOM_UTF8):
        return Problem("byte-order-mark")
    try:
        text = raw.decode()
        sent = _as_sent.decode(text)
    except json.JSONDecodeError as error:
        return Problem("broken-json", {"line": error.lineno, "column": error.colno})
    except UnicodeDecodeError as error:
        return _broken_after(raw[: error.start].decode(errors="replace"))
    except RecursionError:
        return _broken_after("")
    if (place := _beyond_json(text)) is not None:
        return _broken_after(text[:place])
    if faults := [*islice(_ambiguous(sent), MOST)]:
        return Problem("invalid", faults=faults)
    return _broken_after("")


def _broken_after(text: str) -> Problem:
    column = len(text) - text.rfind("\n")
    return Problem("broken-json", {"line": text.count("\n") + 1, "column": column})


# A string, or a number of Python's that JSON has not.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|NaN|-?Infinity')


def _beyond_json(text: str) -> int | None:
    """Where what Python takes for JSON is none: such a number, or half of a surrogate pair."""
    for found in _TOKEN.finditer(text):
        if not found[0].startswith('"'):
            return found.start()
        try:
            if "\\u" in found[0]:
                json.loads(found[0]).encode()
        except UnicodeEncodeError:
            return found.start()
    return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(made := dict(pairs)) < len(pairs):
        raise ValueError("twice")
    return made


def _finite(text: str) -> float:
    if isinf(number := float(text)):
        raise ValueError("range")
    return number


_read_once = json.JSONDecoder(object_pairs_hook=_once, parse_float=_finite)


class _Object(list[tuple[str, Any]]):
    """Names and values, as often as they stand there."""


class _TooFar:
    """A number beyond those of 64 bits."""


def _number(text: str) -> _TooFar | None:
    return _TooFar() if isinf(float(text)) else None


_as_sent = json.JSONDecoder(object_pairs_hook=_Object, parse_float=_number, parse_int=_number)


def _ambiguous(sent: object) -> Iterator[Fault]:
    """Of what `_as_sent` made, the outermost first."""
    waiting = deque([("", sent)])
    while waiting:
        pointer, value = waiting.popleft()
        inside: Iterable[tuple[object, object]] = ()
        match value:
            case _TooFar():
                yield fault(pointer, "range", form=TOO_FAR)
            case _Object():
                inside, times = value, Counter(name for name, _ in value)
                twice = [name for name in times if times[name] > 1]
                yield from (fault(pointer + pointer_to(name), "twice") for name in twice)
            case list():
                inside = enumerate(value)
        for name, one in inside:
            if isinstance(one, list | _TooFar):
                waiting.append((pointer + pointer_to(name), one))

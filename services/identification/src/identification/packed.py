"""How much an Excel file unpacks into: bytes, and what is made of them.

A few bytes can name a million cells, and openpyxl makes every one of them. So it is counted before
anything is made.
"""

import io
from contextlib import suppress
from xml.parsers import expat
from zipfile import ZipFile

from openpyxl.utils import range_boundaries

MOST_BYTES = 16 * 1024 * 1024
MOST_PIECES = 500_000  # twice what the largest table of ours has
RANGES = frozenset({"mergeCell", "hyperlink", "comment"})  # each has every cell of its `ref` made


class TooMuch(Exception):
    """The file is larger than any table of ours."""


def weigh(raw: bytes) -> None:
    """Raises `TooMuch`, or whatever a broken file breaks."""
    with ZipFile(io.BytesIO(raw)) as packed:
        entries = packed.infolist()
        if sum(entry.file_size for entry in entries) > MOST_BYTES:
            raise TooMuch
        count = _Count()
        for entry in entries:
            count.add(packed.read(entry))


class _Count:
    """Elements of XML, and cells of ranges."""

    def __init__(self) -> None:
        self._pieces = 0

    def add(self, part: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._begins
        # Not XML, such as a picture, or broken, as its reader will find.
        with suppress(expat.ExpatError):
            parser.Parse(part, True)

    def _begins(self, name: str, attributes: dict[str, str]) -> None:
        self._pieces += 1
        if name.rpartition(":")[2] in RANGES:
            self._pieces += _cells(attributes.get("ref", ""))
        if self._pieces > MOST_PIECES:
            raise TooMuch


def _cells(ref: str) -> int:
    try:
        left, top, right, bottom = range_boundaries(ref)
    except ValueError:  # no range, as its reader will find
        return 0
    if left is None or top is None or right is None or bottom is None:  # whole columns or rows
        return MOST_PIECES
    # From right to left, or upwards, there are none: less than none would make room for others.
    return max(right - left + 1, 0) * max(bottom - top + 1, 0)

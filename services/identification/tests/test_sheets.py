"""Files as people keep them: what Excel hides is found, and what was sent is given back."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula

from identification import sheets
from identification.packed import MOST_BYTES
from identification.sheets import CSV, XLSX, Unreadable, read, write

SHEET = "xl/worksheets/sheet1.xml"


def book(*rows: list[Any], others: tuple[list[Any], ...] = (), merge: str | None = None) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    if others:
        second = made.create_sheet("2")
        for row in others:
            second.append(row)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def unreadable(raw: bytes, kind: str = XLSX) -> str:
    with pytest.raises(Unreadable) as found:
        read(raw, kind)
    return found.value.code


def test_a_row_knows_its_number_and_its_cells_by_heading() -> None:
    sheet = read(
        book(["姓名", "出生日期"], ["黄某某", date(1980, 1, 2)], [None, None], ["x", 1]), XLSX
    )
    assert [row.number for row in sheet.rows] == [2, 4]
    assert sheet.rows[0].cells == {"姓名": "黄某某", "出生日期": date(1980, 1, 2)}
    assert sheet.typed


def test_a_cell_in_which_nobody_sees_anything_is_empty() -> None:
    """A blank that somebody typed, of full width too, is no member and no answer."""
    told = ["甲", "乙"], ["a", " "], ["\u3000", " "], ["b", "\u3000"], [None, None, " "]
    sheet = read(book(*told, others=([" "],)), XLSX)
    assert [(row.number, row.cells) for row in sheet.rows] == [
        (2, {"甲": "a", "乙": None}),
        (4, {"甲": "b", "乙": None}),
    ]
    assert unreadable(book(["甲"], [" "])) == "import-empty"


def test_a_formula_and_a_merged_cell_are_faults_of_their_cells() -> None:
    sheet = read(book(["甲", "乙"], ["a", "=1+1"], ["b", 2], [None, 3], merge="A3:A4"), XLSX)
    assert [row.faults for row in sheet.rows] == [
        {"乙": "formula"},
        {"甲": "merged"},
        {"甲": "merged"},
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_the_encodings_of_a_chinese_office(encoding: str) -> None:
    sheet = read('姓名,住址\r\n黄某某,"彭寨镇,聚村"\r\n,\r\n'.encode(encoding), CSV)
    assert [row.cells for row in sheet.rows] == [{"姓名": "黄某某", "住址": "彭寨镇,聚村"}]
    assert not sheet.typed


@pytest.mark.parametrize(
    ("raw", "kind", "code"),
    [
        (b"not a workbook", XLSX, "import-unreadable"),
        (b"\xff\xfe\x00", CSV, "import-unreadable"),
        (b'a,b\n"open,1\n', CSV, "import-unreadable"),
        (b"", CSV, "import-empty"),
        ("甲,乙\n".encode(), CSV, "import-empty"),
        ("甲,甲\n1,2\n".encode(), CSV, "import-headings"),
        ("甲,,丙\n1,2,3\n".encode(), CSV, "import-headings"),
        ("甲,乙\n1,2,3\n".encode(), CSV, "import-ragged"),
        ("甲\n".encode() + b"1\n" * (sheets.MOST_ROWS + 1), CSV, "import-too-large"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(raw: bytes, kind: str, code: str) -> None:
    assert unreadable(raw, kind) == code


def test_a_second_sheet_with_data_is_not_passed_over_in_silence() -> None:
    assert unreadable(book(["甲"], [1], others=(["甲"], [2]))) == "import-one-sheet"
    assert unreadable(book(["甲"], [1], others=([2],))) == "import-one-sheet"
    assert read(book(["甲"], [1], others=([],)), XLSX).rows


def test_what_stands_beside_the_headings_is_not_passed_over_in_silence() -> None:
    assert unreadable(book(["甲", None], [1, None], [None, "黄某某"])) == "import-ragged"
    assert read(book(["甲", None], [1, ""]), XLSX).rows[0].cells == {"甲": 1}


def test_a_small_file_does_not_unpack_into_a_large_one() -> None:
    packed = io.BytesIO(book(["甲"], [1]))
    with ZipFile(packed, "a", ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/large.xml", b" " * (MOST_BYTES + 1))
    assert len(packed.getvalue()) < 100_000
    assert unreadable(packed.getvalue()) == "import-too-large"


def repacked(part: str, change: Callable[[bytes], bytes]) -> bytes:
    """A book of which one part was changed."""
    hostile = io.BytesIO()
    with (
        ZipFile(io.BytesIO(book(["甲"], [1]))) as source,
        ZipFile(hostile, "w", ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            said = source.read(name)
            target.writestr(name, change(said) if name == part else said)
    return hostile.getvalue()


def test_an_entity_bomb_is_not_opened() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    assert unreadable(repacked("xl/workbook.xml", lambda _: bomb)) == "import-unreadable"


ALL_MERGED = '<mergeCells><mergeCell ref="A3:XFD1048576"/></mergeCells>'


@pytest.mark.parametrize(
    "more",
    [
        f"</sheetData>{ALL_MERGED}",
        "</sheetData><hyperlinks>"
        + '<hyperlink ref="XFD1:A1048576"/>' * 2
        + f"</hyperlinks>{ALL_MERGED}",
        '</sheetData><hyperlinks><hyperlink ref="A1:XFD1048576" location="x"/></hyperlinks>',
        '<row r="3">' + '<c r="A3"/>' * 500_000 + "</row></sheetData>",
    ],
)
def test_a_few_bytes_that_name_a_million_cells_are_not_unpacked(more: str) -> None:
    hostile = repacked(SHEET, lambda said: said.replace(b"</sheetData>", more.encode()))
    assert len(hostile) < 50_000
    assert unreadable(hostile) == "import-too-large"


def test_a_broken_range_and_an_infinite_number_are_faults_like_others() -> None:
    merged = b'</sheetData><mergeCells><mergeCell ref="A0:?"/></mergeCells>'
    broken = repacked(SHEET, lambda said: said.replace(b"</sheetData>", merged))
    assert unreadable(broken) == "import-unreadable"
    infinite = repacked(SHEET, lambda said: said.replace(b"<v>1</v>", b"<v>1e400</v>"))
    (row,) = read(infinite, XLSX).rows
    assert row.cells == {"甲": "inf"}
    assert read(write("表", ["甲"], [row.cells], {}), XLSX).rows[0].cells == {"甲": "inf"}


def test_what_is_given_back_is_text_where_text_was_sent() -> None:
    given = write("表", ["甲", "乙"], [{"甲": "=HYPERLINK(1)", "乙": date(2024, 3, 1)}], {})
    sheet = openpyxl.load_workbook(io.BytesIO(given)).active
    assert sheet is not None
    assert (sheet["A2"].data_type, sheet["A2"].value) == ("s", "=HYPERLINK(1)")
    again = read(given, XLSX)
    assert again.rows[0].cells == {"甲": "=HYPERLINK(1)", "乙": date(2024, 3, 1)}


@pytest.mark.parametrize(
    ("typed", "text", "fault"),
    [
        ("=B2&C2", "=B2&C2", "formula"),
        (ArrayFormula("A2:A2", "=B2:B3"), "=B2:B3", "formula"),
        ("#REF!", "#REF!", "excel-error"),
        ("a\ufffdb", "a\ufffdb", "garbled"),
    ],
)
def test_what_was_at_fault_is_so_again_in_the_table_that_is_given_back(
    typed: Any, text: str, fault: str
) -> None:
    sheet = read(book(["甲", "乙"], [typed, 1]), XLSX)
    assert (sheet.rows[0].cells["甲"], sheet.rows[0].faults) == (text, {"甲": fault})
    again = read(write("表", ["甲", "乙"], [sheet.rows[0].cells], {}), XLSX)
    assert again.rows[0].faults == {"甲": fault}
    assert read(f"甲,乙\n{text},1\n".encode(), CSV).rows[0].faults == {"甲": fault}


def test_a_csv_may_have_empty_cells_beside_its_headings() -> None:
    sheet = read("甲,乙,,\n1,2,, \n,,,\n3,4\n".encode(), CSV)
    assert [row.cells for row in sheet.rows] == [{"甲": "1", "乙": "2"}, {"甲": "3", "乙": "4"}]


@pytest.mark.parametrize(
    ("value", "format", "fault"),
    [
        (12345, "00000000", "zeros-lost"),
        (12345, "00000", None),
        (12345, "General", None),
        (0.5, "0.00", None),
        (1234.5, "#,##0.00", None),
        ("00012345", "00000000", None),
    ],
)
def test_zeros_that_only_a_format_shows_are_no_part_of_a_key(
    value: Any, format: str, fault: str | None
) -> None:
    padded = openpyxl.load_workbook(io.BytesIO(book(["甲"], [value])))
    padded.worksheets[0]["A2"].number_format = format
    raw = io.BytesIO()
    padded.save(raw)
    assert read(raw.getvalue(), XLSX).rows[0].faults.get("甲") == fault

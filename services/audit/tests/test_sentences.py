"""An event in one plain sentence, from its published description and its payload."""

import json
from typing import Any

import pytest

from audit.meaning.sentences import Codes, Description, Words, sentence, shown, yuan
from audit.meaning.vocabulary import Vocabulary
from audit.meaning.words import AREAS, area

RISKS = {"ILLNESS": Words("因病", "illness"), "SCHOOLING": Words("因学", "schooling")}
CONFIRMED = Description(
    label=Words("认定", "Confirmed"),
    sentence=Words(
        "风险{risks},收入{income_fen}元,逾期:{late},理由:{reason}",
        "risks {risks}, income {income_fen} yuan, late: {late}, reason: {reason}",
    ),
    codes={"risks": RISKS},
)


def data(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def test_a_sentence_fills_its_template_with_labels_yuan_and_yes_or_no() -> None:
    said = sentence(
        CONFIRMED,
        "MonitoringConfirmed",
        data(risks=["ILLNESS", "SCHOOLING"], income_fen=1234567, late=False),
    )
    assert said == Words(
        "风险因病、因学,收入12,345.67元,逾期:否,理由:—",
        "risks illness, schooling, income 12,345.67 yuan, late: no, reason: —",
    )


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "0.00"), (5, "0.05"), (100, "1.00"), (-12345, "-123.45"), (123456789, "1,234,567.89")],
)
def test_fen_are_shown_in_yuan(fen: int, text: str) -> None:
    assert yuan(fen) == text


@pytest.mark.parametrize(
    ("name", "value", "codes", "zh", "en"),
    [
        ("days", 12, {}, "12", "12"),
        ("share", 0.0, {}, "0.0", "0.0"),
        ("nothing", {}, RISKS, "—", "—"),
        ("late", True, {}, "是", "yes"),
        ("risk", "ILLNESS", RISKS, "因病", "illness"),
        ("risk", "NEW_ONE", RISKS, "NEW_ONE", "NEW_ONE"),
        ("region", 1.5, AREAS, "1.5", "1.5"),
        ("reason", None, {}, "—", "—"),
        ("risks", [], RISKS, "—", "—"),
        ("amounts_fen", [100, 250], {}, "1.00、2.50", "1.00, 2.50"),
        ("visited_at", "2024-06-03T04:00:00Z", {}, "2024-06-03 12:00", "2024-06-03 12:00"),
        ("visited_at", "2024-06-03T04:00:00.000", {}, *["2024-06-03T04:00:00.000"] * 2),  # where?
        ("visited_at", "2024-02-30T00:00:00Z", {}, *["2024-02-30T00:00:00Z"] * 2),  # no such day
        ("visited_at", "0001-01-01T00:00:00+23:59", {}, *["0001-01-01T00:00:00+23:59"] * 2),
        ("new_fences", 12, {}, "12", "12"),
        ("values", {"paid_fen": True}, {}, "paid 是", "paid yes"),
        ("values", {"risk": "ILLNESS"}, RISKS, "risk 因病", "risk illness"),
        ("visited_on", "2024-06-03", {}, "2024-06-03", "2024-06-03"),
        (
            "values",
            {"total_fen": 1596503, "in_patient": True},
            {},
            "total 15,965.03元、in patient 是",
            "total 15,965.03 yuan, in patient yes",
        ),
        (
            "values",
            {"total_fen": 100},
            {"total_fen": Words("总费用", "total cost")},
            "总费用 1.00元",
            "total cost 1.00 yuan",
        ),
    ],
)
def test_a_value_is_shown_as_people_read_it(
    name: str, value: Any, codes: Codes, zh: str, en: str
) -> None:
    assert shown(name, value, codes) == (zh, en)


def test_a_template_is_filled_as_it_stands_and_a_field_may_come_twice() -> None:
    said = Words("100%s的{a}与{a}，{b_fen}元", "{b_fen} yuan of 100%")
    described = Description(said, said)
    assert sentence(described, "T", data(a="甲", b_fen=1)) == Words(
        "100%s的甲与甲，0.01元", "0.01 yuan of 100%"
    )


def test_each_language_may_name_fields_of_its_own() -> None:
    described = Description(Words("", ""), Words("{a}", "{a} of {b}"))
    assert sentence(described, "T", data(a="甲", b="乙")) == Words("甲", "甲 of 乙")


def test_what_nobody_can_be_told_is_left_out_of_its_sentence() -> None:
    """Half of a character, and what is nested deeper than anybody reads."""
    described = Description(Words("", ""), Words("{a}，{b}", "{a}, {b}"))
    said = b'{"a":"\\ud800","b":' + b"[" * 800 + b"1" + b"]" * 800 + b"}"
    assert sentence(described, "T", said) == Words("?，—", "?, —")


DECLARED = Description(
    Words("线索", "Clue"),
    Words("{channel}发现风险[；申报方式：{medium}]", "{channel}[ by {medium}] found a risk"),
    {"medium": {"QR_CODE": Words("扫码", "QR code")}},
)


@pytest.mark.parametrize(
    ("medium", "zh", "en"),
    [
        ("QR_CODE", "甲发现风险；申报方式：扫码", "甲 by QR code found a risk"),
        (None, "甲发现风险", "甲 found a risk"),
    ],
)
def test_A13_what_stands_in_brackets_is_said_where_its_field_is_there(
    medium: str | None, zh: str, en: str
) -> None:
    assert sentence(DECLARED, "T", data(channel="甲", medium=medium)) == Words(zh, en)
    without = {} if medium is None else {"medium": medium}
    assert sentence(DECLARED, "T", data(channel="甲", **without)) == Words(zh, en)


def test_A13_one_field_that_is_absent_leaves_out_all_that_its_brackets_hold() -> None:
    said = Words("发现风险[；{a}至{b}]", "a risk was found[ from {a} to {b}]")
    for fields in ({"a": "1"}, {"b": "2"}, {}):
        told = sentence(Description(Words("", ""), said), "T", data(**fields))
        assert told == Words("发现风险", "a risk was found")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("NaN", "nan"),
        ("1e400", "inf"),
        ("-0", "0"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1e5", "100000.0"),
    ],
)
def test_a_number_is_read_as_the_standard_library_reads_it(number: str, text: str) -> None:
    described = Description(Words("", ""), Words("{n}", "{n}"))
    assert sentence(described, "T", b'{"n":%s}' % number.encode()) == Words(text, text)


@pytest.mark.parametrize("broken", [b"", b"not json", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_a_payload_that_cannot_be_read_is_named_by_its_type(broken: bytes) -> None:
    said = sentence(CONFIRMED, "MonitoringConfirmed", broken)
    assert said.zh.startswith("记录了“MonitoringConfirmed”")
    assert said.en.startswith("“MonitoringConfirmed” was recorded")


def test_a_type_nobody_described_is_named_and_a_later_description_reaches_it() -> None:
    words = Vocabulary()
    assert words.label("assets", "AssetTitled", 1) == Words("AssetTitled", "AssetTitled")
    words.learn(
        "assets.AssetTitled.v1",
        json.dumps(
            {
                "service": "assets",
                "label": {"zh": "确权", "en": "Titled"},
                "sentence": {"zh": "确权", "en": "Titled"},
                "codes": {},
                "of_the_future": 1,
            }
        ).encode(),
    )
    assert words.label("assets", "AssetTitled", 1) == Words("确权", "Titled")
    assert words.description("assets", "AssetTitled", 2) is None


def test_a_broken_description_changes_nothing_and_a_tombstone_forgets() -> None:
    words = Vocabulary()
    known = b'{"label":{"zh":"a","en":"b"},"sentence":{"zh":"c","en":"d"}}'
    words.learn("x.Y.v1", known)
    for harm in (
        b"",
        b',"more":' + b"[" * 100_000,
        b',"meaning":{"when":{"deep":' + b"[" * 40 + b"]" * 40 + b"}}",
        b',"meaning":{"opens":"a\\u0000b"}',
        b',"meaning":{"chooses":{"stage":{"by":["a","b"],"codes":{"one":"A"}}}}',
    ):
        words.learn("x.Y.v1", known.replace(b'"a"', b'"other"')[:-1] + harm + b"}" * bool(harm))
    assert words.label("x", "Y", 1) == Words("a", "b")
    words.learn("x.Y.v1", None)
    assert len(words) == 0


def test_an_area_is_named_by_its_town() -> None:
    assert area("441624108201") == Words("彭寨镇（441624108201）", "Pengzhai (441624108201)")
    assert area("441624108") == area("441624108000") == Words("彭寨镇", "Pengzhai")
    assert area("441624110000") == area("441624110") == Words("公白镇", "Gongbai")
    assert area("441624").zh == area("441624000000").zh == "和平县"
    assert area("441624999000").zh == "和平县（441624999000）"  # of a town that has no name here
    assert area("990000").zh == "990000"

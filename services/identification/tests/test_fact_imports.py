"""A department's export, imported as facts: the rules of events hold for rows."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.fact_codes import FactType
from identification import sheets
from identification.api.columns import Wrong
from identification.api.fact_columns import of_type, yuan
from identification.api.fact_forms import SHAPES, fault_of_shape, told
from identification.sheets import CSV, XLSX
from services.identification.tests.asking import Callers, identity_number
from services.identification.tests.registrar import Home, Register, numbers
from services.identification.tests.test_imports import Cells, reasons, workbook

URL = "/v1/events/import?type=MedicalSettlement"
HEADINGS = [c.heading for part in of_type(FactType.MEDICAL_SETTLEMENT) for c in part]


def row(person: int, **change: Any) -> Cells:
    return {
        "记录编号": f"R-{next(numbers)}",
        "证件号码": identity_number(person),
        "日期": date(2024, 2, 28),
        "医疗总费用（元）": 20000,
        "基本医保支付（元）": 5000.5,
        "大病保险支付（元）": 0,
        "医疗救助（元）": 0,
        "合规自付（元）": 12000,
        **change,
    }


class Export:
    """What 医保 exports, and where it is sent."""

    def __init__(self, app: httpx.AsyncClient, callers: Callers) -> None:
        self._app, self._callers = app, callers

    async def send(
        self, rows: Sequence[Cells], url: str = URL, as_department: str = "yibao"
    ) -> httpx.Response:
        headers = self._callers.of(as_department, "facts:write", department=as_department)
        headers |= {"Content-Type": XLSX, "Accept": "application/json"}
        return await self._app.post(url, content=workbook(rows, HEADINGS), headers=headers)

    async def told(self, rows: Sequence[Cells], query: str = "") -> Any:
        answer = await self.send(rows, URL + query)
        assert answer.status_code in (200, 207), answer.text
        return answer.json()


@pytest.fixture
def export(app: httpx.AsyncClient, callers: Callers) -> Export:
    return Export(app, callers)


async def facts(sql: asyncpg.Connection, home: Home) -> list[str]:
    rows = await sql.fetch(
        "select type, data->'values'->>'basic_insurance_fen' as basic from es.readable "
        "where stream = $1 order by version",
        f"facts-of-household-{home.id}",
    )
    return [f"{row['type']} {row['basic']}" for row in rows]


async def test_a_row_is_a_fact_once_and_its_yuan_are_fen(
    export: Export, register: Register, sql: asyncpg.Connection
) -> None:
    home = await register.household()
    rows = [row(home.people[0])]
    rehearsed = await export.told(rows, "&preview=true")
    assert (rehearsed["accepted"], await facts(sql, home)) == (1, [])
    assert (await export.told(rows))["accepted"] == 1
    again = await export.told(rows)
    assert (again["accepted"], again["replayed"]) == (0, 1)
    assert await facts(sql, home) == ["DepartmentFactRecorded 500050"]


async def test_a_higher_version_of_a_record_corrects_it_and_the_same_version_cannot(
    export: Export, register: Register, sql: asyncpg.Connection
) -> None:
    home = await register.household()
    first = row(home.people[0])
    await export.told([first])
    changed = {**first, "基本医保支付（元）": 1}
    told = await export.told([changed])
    assert told["refused"] == 1
    assert "更高的 record_version" in reasons(told)[0][0][1]
    assert (await export.told([{**changed, "记录版本": 2}]))["accepted"] == 1
    assert await facts(sql, home) == [
        "DepartmentFactRecorded 500050",
        "DepartmentFactCorrected 100",
    ]


async def test_a_fact_about_somebody_unknown_is_kept_and_says_that_it_waits(
    export: Export,
) -> None:
    told = await export.told([row(next(numbers))])
    assert told["accepted"] == 1
    assert reasons(told)[0][0][0] == "证件号码"
    assert "待其登记后生效" in reasons(told)[0][0][1]


@pytest.mark.parametrize(
    ("heading", "value", "reason"),
    [
        ("证件号码", 990000198001010000, "Excel 只保留前15位"),
        ("日期", "2024-02-28", "日期存为文本"),
        ("日期", date(2999, 1, 1), "日期在未来"),
        ("合规自付（元）", "一万", "应为金额"),
        ("合规自付（元）", 0.001, "应为金额"),
        ("合规自付（元）", -1, "应为金额"),
        ("合规自付（元）", "1E999999", "应为金额"),
        ("合规自付（元）", "9" * 5_000, "应为金额"),
        ("合规自付（元）", 10**300, "应为金额"),
        ("医疗总费用（元）", 1, "各项之和超过总额"),
        ("医疗总费用（元）", "=SUM(A1:A2)", "公式"),
        ("记录编号", None, "未填写"),
        ("记录编号", "k" * 65, "至多 64"),
        ("记录编号", "k" * 200, "至多 64"),
        ("记录编号", "一\n二", "格式不符合要求"),
        ("记录编号", "A\ufffd1", "控制字符或乱码"),
        ("记录编号", 2024022800012345678, "Excel 只保留前15位"),
        ("记录编号", "2.02402E+18", "Excel 只保留前15位"),
        ("记录版本", "二", "不是整数"),
    ],
)
async def test_a_row_at_fault_says_which_column_and_what_to_do(
    export: Export, register: Register, heading: str, value: object, reason: str
) -> None:
    home = await register.household()
    told = await export.told([row(home.people[0], **{heading: value}), row(home.people[0])])
    assert (told["accepted"], told["refused"]) == (1, 1)
    ((column, detail),) = reasons(told)[0]
    assert column == heading
    assert reason in detail
    assert identity_number(home.people[0]) not in str(told)


async def test_a_code_that_is_not_known_is_answered_with_those_that_are(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    jiaoyu = callers.of("jiaoyu", "facts:write", department="jiaoyu")
    headings = "记录编号,证件号码,日期,学期,就学状态\n"
    answer = await app.post(
        "/v1/events/import?type=EnrolmentStatus",
        content=f"{headings}j-1,{identity_number(1)},2024-03-01,春,ENROLLED".encode(),
        headers=jiaoyu | {"Content-Type": CSV, "Accept": "application/json"},
    )
    ((column, detail),) = reasons(answer.json())[0]
    assert (column, detail) == ("学期", "不在代码表中：可用 春季学期、秋季学期")


@pytest.mark.parametrize(
    ("change", "pointer", "detail"),
    [
        ({"term": "WINTER"}, "/data/term", "不在代码表中：可用 SPRING、AUTUMN"),
        (
            {"cause": "NONE"},
            "/data/cause",
            "不在代码表中：可用 BY_POVERTY、BY_AVERSION、BY_ILLNESS、BY_OTHER",
        ),
        ({"record_version": 0}, "/data/record_version", "超出允许范围：至少 1"),
        ({"record_key": "k" * 65}, "/data/record_key", "长度不符合要求：至多 64"),
    ],
)
def test_so_is_a_code_or_a_bound_in_an_event(
    change: dict[str, object], pointer: str, detail: str
) -> None:
    data = {
        "record_key": "j-1",
        "identity_number": identity_number(1),
        "checked_on": "2024-03-01",
        "term": "SPRING",
        "status": "ENROLLED",
    } | change
    with pytest.raises(msgspec.ValidationError) as refused:
        told(FactType.ENROLMENT, "jiaoyu", msgspec.Raw(msgspec.json.encode(data)))
    found = fault_of_shape(refused.value, "/data", SHAPES[FactType.ENROLMENT])
    assert (found.pointer, found.zh) == (pointer, detail)


async def test_a_record_stands_in_a_file_once(export: Export, register: Register) -> None:
    home = await register.household()
    first = row(home.people[0])
    told = await export.told([first, first])
    assert reasons(told)[1] == [("记录编号", "同一记录编号和版本在文件中出现两次")]


async def test_rows_without_a_record_number_are_not_taken_for_one_another(
    export: Export, register: Register
) -> None:
    home = await register.household()
    nameless = row(home.people[0], 记录编号=None)
    told = await export.told([nameless, nameless])
    assert reasons(told) == [[("记录编号", "未填写")], [("记录编号", "未填写")]]


async def test_a_type_is_named_as_in_an_event_too(export: Export, register: Register) -> None:
    home = await register.household()
    url = "/v1/events/import?type=cn.shouwang.fact.MedicalSettlement.v1"
    answer = await export.send([row(home.people[0])], url)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)


async def test_versions_of_a_record_are_kept_from_the_lowest_on_wherever_they_stand(
    export: Export, register: Register, sql: asyncpg.Connection
) -> None:
    home = await register.household()
    first = row(home.people[0])
    rows = [{**first, "记录版本": 2, "基本医保支付（元）": 1}, {**first, "记录版本": 1}]
    for query in ("&preview=true", ""):
        assert (await export.told(rows, query))["accepted"] == 2
    assert await facts(sql, home) == [
        "DepartmentFactRecorded 500050",
        "DepartmentFactCorrected 100",
    ]


async def test_a_department_imports_its_own_types_only(export: Export) -> None:
    for url, department, status, code in [
        (URL, "jiaoyu", 403, "wrong-department"),
        ("/v1/events/import?type=Rumour", "yibao", 422, "unknown-event-type"),
        ("/v1/events/import", "yibao", 422, "unknown-event-type"),
        (URL + "&dry=1", "yibao", 400, "unknown-filter"),
    ]:
        answer = await export.send([row(1)], url, department)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_every_type_has_a_template_of_distinct_columns(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    for fact in FactType:
        headings = [c.heading for part in of_type(fact) for c in part]
        assert len(set(headings)) == len(headings), fact
    answer = await app.get(
        "/v1/events/import-template?type=MedicalSettlement", headers=callers.yibao
    )
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, XLSX)


async def test_what_no_excel_file_can_hold_comes_back_as_a_fault_and_not_as_a_failure(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    cells = row(next(numbers), 记录编号="A\x011", 日期="2024-02-28")
    written = ",".join(HEADINGS) + "\n" + ",".join(str(cells.get(h, "")) for h in HEADINGS)
    headers = callers.yibao | {"Content-Type": CSV}
    answer = await app.post(URL, content=written.encode(), headers=headers)
    assert answer.status_code == 207, answer.text
    again = sheets.read(answer.content, XLSX).rows[0]
    assert (again.cells["记录编号"], again.faults) == ("A\ufffd1", {"记录编号": "garbled"})
    assert "控制字符" in str(again.cells["原因"])


@given(st.integers(0, 10**12), st.booleans())
def test_yuan_are_fen_exactly(fen: int, grouped: bool) -> None:
    written = f"{fen // 100:,}.{fen % 100:02d}" if grouped else f"{fen // 100}.{fen % 100:02d}"
    assert yuan(written, typed=False) == fen
    assert yuan(fen / 100, typed=True) == round(Fraction(fen / 100) * 100)


def test_an_amount_that_excel_worked_out_is_the_one_that_it_shows() -> None:
    assert yuan(20000.1 - 12000.05, typed=True) == 800_005
    with pytest.raises(Wrong):
        yuan(1234.005, typed=True)


@pytest.mark.parametrize(
    "value", ["1e3", "1.005", "NaN", "Infinity", "-1", "", True, date(2024, 1, 1)]
)
def test_what_is_not_an_amount_is_not_guessed(value: Any) -> None:
    with pytest.raises(Wrong):
        yuan(value, typed=True)

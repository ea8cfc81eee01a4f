"""Importing households from Excel and CSV: rehearsed, explained row by row, and the same twice."""

import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg
import httpx
import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from identification.api.columns import HEADINGS
from identification.sheets import CSV, XLSX
from services.identification.tests.asking import REGION, Callers, identity_number
from services.identification.tests.registrar import numbers

URL = "/v1/households/import"
JSON = {"Accept": "application/json"}
Cells = dict[str, Any]


def row(household: int, person: int, **change: Any) -> Cells:
    return {
        "户编号": f"I-{household:05d}",
        "户类别": "脱贫户",
        "2019年边缘易致贫户": "否",
        "村代码": REGION,
        "家庭住址": "彭寨镇聚村6组",
        "登记日期": date(2021, 1, 1),
        "共同生活人口": 1,
        "姓名": "黄某某",
        "证件号码": identity_number(person),
        "与户主关系": "户主",
        "性别": "男" if person % 2 else "女",
        "出生日期": date(1980 + person // 1000, 1, 1),
        "劳动能力": "普通劳动力",
        "健康状况": "健康",
        "在校情况": "不在校",
        **change,
    }


def workbook(rows: Sequence[Cells], headings: Sequence[str] = HEADINGS) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(headings))
    for cells in rows:
        sheet.append([cells.get(h) for h in headings])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


class Clerk:
    """Sends files."""

    def __init__(self, app: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self._app, self._headers = app, headers

    async def send(
        self, raw: bytes, kind: str = XLSX, query: str = "", **headers: str
    ) -> httpx.Response:
        sent = self._headers | {"Content-Type": kind} | headers
        return await self._app.post(URL + query, content=raw, headers=sent)

    async def told(self, rows: Sequence[Cells], query: str = "") -> Any:
        """The JSON about a workbook with these rows."""
        headings = dict.fromkeys([*HEADINGS, *(heading for cells in rows for heading in cells)])
        answer = await self.send(workbook(rows, [*headings]), query=query, **JSON)
        assert answer.status_code in (200, 207), answer.text
        return answer.json()


@pytest.fixture
def clerk(app: httpx.AsyncClient, callers: Callers) -> Clerk:
    return Clerk(app, callers.registrar)


def reasons(told: Any) -> list[list[tuple[str | None, str]]]:
    return [[(r["column"], r["detail"]) for r in row["reasons"]] for row in told["rows"]]


async def stored(sql: asyncpg.Connection, *households: int) -> int:
    count: int = await sql.fetchval(
        "select count(*) from read.household where register_number = any($1::text[])",
        [f"I-{h:05d}" for h in households],
    )
    return count


async def test_a_rehearsal_stores_nothing_and_the_import_keeps_what_it_promised(
    clerk: Clerk, sql: asyncpg.Connection
) -> None:
    home, other, head, child, third = (next(numbers) for _ in range(5))
    rows = [
        row(home, head, 共同生活人口=2),
        row(home, child, 与户主关系="子女", 户编号=None, 家庭住址=None, 共同生活人口=None),
        row(other, third),
    ]
    events = await sql.fetchval("select count(*) from es.events")
    rehearsed = await clerk.told(rows, "?preview=true")
    assert (rehearsed["preview"], rehearsed["accepted"], rehearsed["refused"]) == (True, 3, 0)
    assert await sql.fetchval("select count(*) from es.events") == events
    assert await stored(sql, home, other) == 0
    kept = await clerk.told(rows)
    assert (kept["preview"], kept["accepted"]) == (False, 3)
    assert await stored(sql, home, other) == 2


async def test_a_name_that_is_shown_reversed_is_told_beside_its_row(clerk: Clerk) -> None:
    told = await clerk.told([row(next(numbers), next(numbers), 姓名="某\u202e某黄")])
    assert reasons(told) == [[("姓名", "含有看不见的控制字符或格式字符：请删去 U+202E")]]


async def test_the_same_file_again_changes_nothing(clerk: Clerk, sql: asyncpg.Connection) -> None:
    home, head, child = (next(numbers) for _ in range(3))
    rows = [row(home, head, 共同生活人口=2), row(home, child, 与户主关系="子女", 共同生活人口=2)]
    first = await clerk.send(workbook(rows))
    events = await sql.fetchval("select count(*) from es.events")
    again = await clerk.told(rows)
    assert (again["accepted"], again["replayed"], again["refused"]) == (0, 2, 0)
    returned = await clerk.send(first.content, **JSON)
    assert returned.json()["replayed"] == 2
    assert await sql.fetchval("select count(*) from es.events") == events


async def test_the_answer_is_the_file_with_a_result_and_reasons_beside_each_row(
    clerk: Clerk,
) -> None:
    home, other = next(numbers), next(numbers)
    answer = await clerk.send(
        workbook([row(home, next(numbers)), row(other, next(numbers), 性别="不详")])
    )
    assert answer.status_code == 207
    assert answer.headers["Content-Type"] == XLSX
    assert answer.headers["Cache-Control"] == "no-store"
    assert "import-result.xlsx" in answer.headers["Content-Disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    headings, good, bad = [list(r) for r in sheet.iter_rows(values_only=True)]
    assert headings == [*HEADINGS, "结果", "原因"]
    assert (good[0], good[-2], good[-1]) == (f"I-{home:05d}", "已导入", None)
    assert (bad[-2], bad[-1]) == ("未导入", "性别：不在代码表中：可用 男、女")


@pytest.mark.parametrize(
    ("heading", "value", "reason"),
    [
        ("证件号码", 990000198001010000, "Excel 只保留前15位"),
        ("证件号码", "9.9E+17", "Excel 只保留前15位"),
        ("证件号码", "990000198001011000", "Excel 只保留前15位"),
        ("证件号码", "990000198001010019", "校验位错误"),
        ("证件号码", "=1+1", "公式"),
        ("登记日期", "2021-01-01", "日期存为文本"),
        ("登记日期", date(2999, 1, 1), "不能晚于今天"),
        ("出生日期", 29221, "不是有效的日期"),
        ("共同生活人口", "两人", "不是整数"),
        ("共同生活人口", 2, "共同生活人口应在"),
        ("2019年边缘易致贫户", "也许", "应为“是”或“否”"),
        ("户类别", "富裕户", "不在代码表中"),
        ("姓名", None, "未填写"),
        ("姓名", date(2021, 1, 1), "应为文字"),
        ("户编号", "小组1号", "格式不符合要求"),
        ("户编号", 441624108201000100, "Excel 只保留前15位"),
        ("村代码", "4.41624E+11", "Excel 只保留前15位"),
        ("家庭住址", "#N/A", "Excel 错误值"),
        ("村代码", "441625100201", "不在您负责的区域内"),
    ],
)
async def test_a_row_at_fault_says_which_column_and_what_to_do(
    clerk: Clerk, sql: asyncpg.Connection, heading: str, value: object, reason: str
) -> None:
    home, person = next(numbers), next(numbers)
    told = await clerk.told([row(home, person, **{heading: value})])
    ((_, detail),) = reasons(told)[0]
    assert reason in detail
    assert (told["rows"][0]["row"], told["rows"][0]["status"]) == (2, "refused")
    assert identity_number(person) not in str(told)
    assert await stored(sql, home) == 0


async def test_one_bad_row_keeps_its_household_out_and_no_other(
    clerk: Clerk, sql: asyncpg.Connection
) -> None:
    home, other = next(numbers), next(numbers)
    told = await clerk.told(
        [
            row(home, next(numbers), 共同生活人口=2),
            row(home, next(numbers), 与户主关系="户主", 共同生活人口=2),
            row(other, next(numbers)),
        ]
    )
    assert reasons(told)[0] == [(None, "每户须有且只有一名户主，现有 2 名")]
    assert reasons(told)[1] == [(None, "本户其他行有误，整户未导入")]
    assert reasons(told)[2] == []
    assert await stored(sql, home, other) == 1


async def test_rows_of_one_household_agree_and_stand_together(clerk: Clerk) -> None:
    home, other = next(numbers), next(numbers)
    told = await clerk.told(
        [
            row(home, next(numbers), 共同生活人口=2),
            row(home, next(numbers), 与户主关系="子女", 家庭住址="别处", 共同生活人口=2),
            row(other, next(numbers)),
            row(home, next(numbers)),
        ]
    )
    assert reasons(told)[1] == [("家庭住址", "与本户首行不一致")]
    assert reasons(told)[3] == [("户编号", "本户各行不相连：请放在一起")]


async def test_a_person_of_another_household_is_named_by_row_not_by_number(clerk: Clerk) -> None:
    person = next(numbers)
    await clerk.told([row(next(numbers), person)])
    told = await clerk.told([row(next(numbers), person), row(next(numbers), person)])
    assert [len(r) for r in reasons(told)] == [1, 1]
    assert all(r[0][0] == "证件号码" for r in reasons(told))
    assert identity_number(person) not in str(told)


async def test_csv_is_imported_too_with_dates_as_they_are_written(
    clerk: Clerk, sql: asyncpg.Connection
) -> None:
    home = next(numbers)
    cells = row(home, next(numbers), 登记日期="2021/1/1", 出生日期="1982-01-01")
    text = ",".join(HEADINGS) + "\r\n" + ",".join(str(cells[h]) for h in HEADINGS) + "\r\n"
    answer = await clerk.send(text.encode("gb18030"), CSV, **JSON)
    assert answer.json()["accepted"] == 1, answer.text
    assert await stored(sql, home) == 1


async def test_files_that_do_not_fit_say_what_would(clerk: Clerk) -> None:
    for raw, kind, status, code, said in [
        (b"x", XLSX, 422, "import-unreadable", "另存为"),
        (b"x", "application/pdf", 415, "unsupported-media-type", "text/csv"),
        (
            workbook([{"户编号": 1}], ["户编号", "电话"]),
            XLSX,
            422,
            "import-columns",
            "不认识的列：B",
        ),
        ("户编号;姓名\n1;某\n".encode(), CSV, 422, "import-columns", "CSV 以逗号分隔"),
        ("农户表\n户编号,姓名\n".encode(), CSV, 422, "import-ragged", "上面的表名等请删除"),
        (b'a,b\n"open,1\n', CSV, 422, "import-unreadable", "引号须成对"),
    ]:
        answer = await clerk.send(raw, kind)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert said in answer.json()["title"]
    person = [str(value) for value in row(1, 1).values()]
    answer = await clerk.send(workbook([{person[0]: "x"}], person), XLSX)
    assert answer.json()["code"] == "import-columns"
    assert not any(told in answer.text for told in ("黄某某", identity_number(1), "彭寨镇"))
    answer = await clerk.send(b"x", CSV, "?dry=1")
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-filter")


async def test_the_template_has_every_column(
    app: httpx.AsyncClient, callers: Callers, clerk: Clerk
) -> None:
    answer = await app.get(f"{URL}-template", headers=callers.registrar)
    assert "import-template.xlsx" in answer.headers["Content-Disposition"]
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert sheet.title == "导入模板"
    assert [cell.value for cell in sheet[1]] == [*HEADINGS, "证件不符原因"]
    letter = get_column_letter(HEADINGS.index("证件号码") + 1)
    assert sheet.column_dimensions[letter].number_format == "@"
    assert (await app.get(f"{URL}-template", headers=callers.yibao)).status_code == 403
    assert (await clerk.send(answer.content)).json()["code"] == "import-empty"

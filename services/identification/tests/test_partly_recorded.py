"""A service that is too busy for the rest of a file says how much it has recorded; all of it can come again."""

import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from common.batch import NDJSON
from common.intents import Intent
from common.service import Runtime
from common.writer import Busy
from identification.api import events
from services.identification.tests.asking import Callers, identity_number
from services.identification.tests.registrar import Register, numbers
from services.identification.tests.test_fact_imports import Export, row

PART = 2


@pytest.fixture
def after(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Has the writer take so many parts of `PART` items, and no more."""
    monkeypatch.setattr(events, "AT_ONCE", PART)
    really = runtime.writer.execute_all

    def set_to(parts: int) -> None:
        left = iter(range(parts))

        async def execute_all(intents: Sequence[Intent]) -> Any:
            if next(left, None) is None:
                raise Busy
            return await really(intents)

        monkeypatch.setattr(runtime.writer, "execute_all", execute_all)

    return set_to


@pytest.fixture
def export(app: httpx.AsyncClient, callers: Callers) -> Export:
    return Export(app, callers)


async def test_an_upload_that_ends_midway_says_how_many_rows_are_recorded_and_may_come_again(
    export: Export, register: Register, after: Any
) -> None:
    home = await register.household()
    rows = [row(home.people[0]) for _ in range(5)]
    after(2)
    answer = await export.send(rows)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (503, "partly-recorded")
    assert problem["details"] == {"recorded": 4, "sent": 5}
    assert "5 条中有 4 条已记录" in problem["title"]
    assert "4 of 5 are recorded" in problem["title_en"]
    assert answer.headers["Retry-After"] == "1"
    after(9)
    told = await export.told(rows)
    assert (told["replayed"], told["accepted"], told["refused"]) == (4, 1, 0)


async def test_an_upload_that_cannot_begin_is_busy_and_a_rehearsal_never(
    export: Export, register: Register, after: Any
) -> None:
    home = await register.household()
    rows = [row(home.people[0]) for _ in range(3)]
    after(0)
    answer = await export.send(rows)
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert (await export.told(rows, "&preview=true"))["accepted"] == 3


async def test_a_batch_of_events_that_ends_midway_says_so_too(
    app: httpx.AsyncClient, callers: Callers, after: Any
) -> None:
    lines = "\n".join(_event(next(numbers)) for _ in range(3))
    headers = callers.yibao | {"Content-Type": NDJSON}
    after(1)
    answer = await app.post("/v1/events", content=lines, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "partly-recorded")
    assert answer.json()["details"] == {"recorded": 2, "sent": 3}
    after(9)
    told = (await app.post("/v1/events", content=lines, headers=headers)).json()
    assert (told["replayed"], told["accepted"]) == (2, 1)


def _event(number: int) -> str:
    data = {
        "record_key": f"R-{number}",
        "identity_number": identity_number(number),
        "paid_on": "2024-02-28",
        "amount_fen": 100,
    }
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"partly-{number}",
            "source": "urn:gov:441624:yibao",
            "type": "cn.shouwang.fact.MedicalAssistance.v1",
            "time": "2024-03-01T10:00:00+08:00",
            "data": data,
        }
    )

"""What the page of a household carries, weighs and takes; and its stream of news."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from fastapi import FastAPI

from audit.access.looks import STAFF, Looker
from audit.access.sight import Sight
from audit.meaning.state import State
from audit.meaning.vocabulary import Vocabulary
from audit.pages import live
from audit.pages.live import news
from audit.pages.rendering import HERE as SOURCE
from audit.pages.rendering import SERVED
from audit.pages.stands import responsible
from audit.read_model import queries
from common.testing import NOON, OFFICER, Issuer, envelope, history, household
from contracts.envelope import Envelope

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]

PAGE = f"/households/{household(1)}"
# The files that others wrote, and the SHA-256 of each as it was published.
OTHERS = {
    SOURCE / "static" / "htmx-2.0.11.min.js": (
        "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
    ),
    SOURCE / "static" / "uPlot-1.6.32.iife.min.js": (
        "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f"
    ),
    SOURCE / "static" / "uPlot-1.6.32.min.css": (
        "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04"
    ),
    SOURCE.parents[2] / "tests" / "axe" / "axe-4.14.1.min.js": (
        "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
    ),
}


async def test_scripts_are_ours_few_and_allowed_by_nonce(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    await hear([envelope(household_id=household(1))])
    answer = await client.get(PAGE)
    sources = re.findall(r'<script src="([^"]+)" integrity="([^"]+)" nonce="([^"]+)"', answer.text)
    assert len(sources) == 3
    policy = answer.headers["content-security-policy"]
    weight = 0
    for source, integrity, nonce in sources:
        assert f"script-src 'nonce-{nonce}';" in policy
        script = await client.get(source, headers={"Authorization": ""})
        assert integrity == SERVED[source.rpartition("/")[2]].integrity
        weight += len(script.content)
    assert weight <= 60 * 1024
    assert "unsafe" not in policy
    assert "stylesheet" not in answer.text
    assert policy.count("nonce-") == 1
    assert (await client.get(PAGE)).headers["content-security-policy"] != policy
    assert (await client.get("/static/../main.py")).status_code == 404
    assert (
        "script-src" not in (await client.get("/completeness")).headers["content-security-policy"]
    )


def test_what_others_wrote_is_as_they_published_it() -> None:
    found = {path: sha256(path.read_bytes()).hexdigest() for path in OTHERS}
    assert found == OTHERS
    ours = {SOURCE / "static" / name for name in ("household.js", "forms.js", "county.js")}
    served = {path for path in SOURCE.glob("static/*") if path.suffix != ".LICENSE"}
    assert served <= OTHERS.keys() | ours


async def test_five_hundred_events_are_a_page_in_a_fifth_of_a_second(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    await hear(history(500, household_id=household(1)))
    took = []
    for _ in range(6):
        started = time.process_time()
        answer = await client.get(PAGE)
        took.append(time.process_time() - started)
    assert answer.text.count('<li class="event') == 500
    assert min(took) < 0.2, took


async def test_filters_leave_what_was_asked_for(client: httpx.AsyncClient, hear: Hear) -> None:
    missed = envelope(
        b'{"due_on":"2024-06-18"}', type="IdentificationDeadlineMissed", household_id=household(1)
    )
    await hear([missed, envelope(prev=missed)])
    for query, count in (
        ("", 2),
        ("?service=&department=", 2),
        ("?breach=true", 1),
        ("?service=visits", 0),
        ("?department=yibao&service=identification", 2),
    ):
        page = (await client.get(PAGE + query)).text
        assert page.count('<li class="event') == count, query
    assert (await client.get(f"{PAGE}?valid_at=x")).status_code == 400


async def test_the_services_to_choose_from_are_those_that_recorded_something(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    first = envelope(household_id=household(1))
    await hear([first, envelope(service="visits", household_id=household(1))])
    await hear([envelope(service="of-tomorrow", household_id=household(1))])
    for query, services in (
        ("", ["identification", "of-tomorrow", "visits"]),
        ("?service=assets", ["assets", "identification", "of-tomorrow", "visits"]),
    ):
        page = (await client.get(PAGE + query)).text
        chosen = page[page.index('<select id="service"') :].partition("</select>")[0]
        assert re.findall('<option value="([^"]+)"', chosen) == services


async def test_the_header_says_who_is_responsible(client: httpx.AsyncClient, hear: Hear) -> None:
    registered = envelope(household_id=household(1))
    await hear([registered])
    assert _header(await client.get(PAGE))["帮扶责任人"] == "尚未指定"
    assigned = envelope(b'{"person":"P-0107"}', type="ResponsiblePersonAssigned", prev=registered)
    await hear([assigned])
    assert _header(await client.get(PAGE))["帮扶责任人"] == "P-0107"


def test_the_header_says_so_where_no_service_publishes_who_is_responsible() -> None:
    assert responsible(State(), Vocabulary().state()).zh.startswith("尚未发布")


async def test_the_header_says_which_deadline_is_next_and_the_strip_begins_today(
    client: httpx.AsyncClient, hear: Hear, app: FastAPI
) -> None:
    app.state.runtime.clock.set(NOON + timedelta(days=1))

    def opened(payload: bytes) -> Envelope:
        duty: dict[str, Any] = {"service": "visits", "type": "ObligationOpened"}
        return envelope(payload, stream=payload.decode(), household_id=household(1), **duty)

    registered = envelope(household_id=household(1))
    await hear([registered, opened(b'{"obligation_id":"of no day"}')])
    assert _header(await client.get(PAGE))["下一期限"] == "没有未了结的期限"
    clue = envelope(b'{"due_on":"2024-06-18"}', type="RiskDetected", prev=registered)
    await hear([clue, opened(b'{"obligation_id":"later","due_on":"2024-06-30"}')])
    assert _header(await client.get(PAGE))["下一期限"] == "2024-06-18 认定期限"
    app.state.runtime.clock.set(NOON + timedelta(days=16))
    answer = await client.get(PAGE)
    assert _header(answer)["下一期限"] == "2024-06-30 走访期限 1 项已逾期，尚未完成"
    (strip,) = re.findall(r'<ol class="strip".*?</ol>', answer.text, re.DOTALL)
    assert ("认定期限</a>" in strip, "发现风险线索" in strip) == (True, False)
    assert re.findall('<time datetime="([^"]+)"', strip) == ["2024-06-30", "2024-06-18"]
    app.state.runtime.clock.set(NOON + timedelta(days=30))
    assert _header(await client.get(PAGE))["下一期限"] == "2 项已逾期，尚未完成"


def _header(answer: httpx.Response) -> dict[str, str]:
    """What the header says, without markup."""
    start = answer.text.index('<dl class="facts grid">')
    header = answer.text[start : answer.text.index("</dl>", start)]
    pairs = re.findall("<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", header, re.DOTALL)
    return {name: re.sub("<[^>]+>", "", said).strip() for name, said in pairs}


async def test_raw_records_come_with_their_proof_once_they_are_signed(
    client: httpx.AsyncClient, hear: Hear, app: FastAPI
) -> None:
    events = history(3, household_id=household(1))
    await hear(events)
    assert (await client.get(f"{PAGE}/raw")).status_code == 503
    await app.state.keeper.keep(NOON)
    page = (await client.get(f"{PAGE}/raw")).text
    for event in events:
        assert event.hash.hex() in page
    assert "包含证明（2 个哈希）" in page


async def _told(stream: Any) -> str:
    return str(await asyncio.wait_for(anext(stream), 2))


def supervisor(seconds: float = 60, region: str = "441624") -> Looker:
    """Who may look at the household, for so long."""
    who = msgspec.structs.replace(OFFICER, department=STAFF, region=region)
    expires, id_ = time.time() + seconds, household(1)  # noqa: TID251 — as `exp` is
    return Looker("supervisor", frozenset(), expires, who, id_, "441624108201", 1, Sight())


async def test_news_go_on_from_what_was_seen(hear: Hear, app: FastAPI) -> None:
    events = history(3, household_id=household(1))
    await hear(events[:2])
    stream = news(app.state.runtime, supervisor(), 1)
    assert await _told(stream) == "retry: 1000\n\n"
    assert await _told(stream) == "id: 2\ndata: 2\n\n"
    await hear(events[2:])
    assert await _told(stream) == "id: 3\ndata: 3\n\n"
    await stream.aclose()
    nothing = news(app.state.runtime, supervisor(), 3)
    await _told(nothing)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(nothing), 1)


@pytest.mark.parametrize("caller", [supervisor(seconds=0), supervisor(region="441625")])
async def test_news_end_with_the_token_and_where_the_area_of_the_caller_does(
    hear: Hear, app: FastAPI, caller: Looker
) -> None:
    await hear([envelope(household_id=household(1))])
    stream = news(app.state.runtime, caller, 0)
    assert await _told(stream) == "retry: 1000\n\n"
    with pytest.raises(StopAsyncIteration):
        await _told(stream)


async def test_news_end_with_the_token_however_slowly_the_database_answers(
    hear: Hear, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hear([envelope(household_id=household(1))])
    counted = queries.household

    async def slowly(*asked: Any) -> Any:
        await asyncio.sleep(0.3)
        return await counted(*asked)

    monkeypatch.setattr(queries, "household", slowly)
    monkeypatch.setattr(live, "EVERY", 0.01)
    async with asyncio.timeout(3):
        told = [one async for one in news(app.state.runtime, supervisor(seconds=1), 0)]
    assert told == ["retry: 1000\n\n", "id: 1\ndata: 1\n\n"]


@pytest.mark.parametrize(
    ("seen", "heard", "told"),
    [
        ("2", None, ["3"]),
        ("3", None, []),
        ("1", "3", []),
        ("3", "2", ["3"]),
        ("4", None, ["3"]),  # of a timeline that was built anew, with less in it
    ],
)
async def test_whoever_was_away_hears_what_came_since_the_news_that_they_heard_last(
    client: httpx.AsyncClient,
    hear: Hear,
    pool: asyncpg.Pool,
    monkeypatch: pytest.MonkeyPatch,
    seen: str,
    heard: str | None,
    told: list[str],
) -> None:
    """What the page showed counts only until there was news. A stream ends after a while, and whoever comes
    again is recorded again."""
    monkeypatch.setattr(live, "LONGEST", 0.3)
    monkeypatch.setattr(live, "EVERY", 0.1)
    await hear(history(3, household_id=household(1)))
    headers = {"Last-Event-ID": heard} if heard else {}
    async with asyncio.timeout(10):
        answer = await client.get(f"{PAGE}/live?seen={seen}", headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    assert re.findall(r"^id: (\d+)\ndata: \1$", answer.text, re.MULTILINE) == told
    shown = await pool.fetch("select data from es.events")
    assert [json.loads(row["data"])["shown"] for row in shown] == ["NEWS"]


async def test_news_are_for_those_who_may_look(
    client: httpx.AsyncClient, hear: Hear, tokens: Issuer
) -> None:
    await hear([envelope(household_id=household(1))])
    elsewhere = tokens.bearer("supervisor", "audit:read", department=STAFF, region="441625")
    for path in ("/live", "/raw", ""):
        assert (await client.get(PAGE + path, headers=elsewhere)).status_code == 403
    assert (await client.get(f"{PAGE}/live?seen=x")).status_code == 404
    for garbage in ("x", "-1", "1e9", "9" * 40, "1,2"):
        headers = {"Last-Event-ID": garbage}
        assert (await client.get(f"{PAGE}/live", headers=headers)).status_code == 404

"""Pages for people: signing in, finding a household, reading its timeline."""

import base64
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from hashlib import sha256
from html.parser import HTMLParser

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from msgspec.structs import replace

from audit.access.looks import STAFF
from audit.access.signing_in import COOKIE
from common.testing import NOON, Issuer, envelope, history, household
from contracts.envelope import ZERO_HASH, Envelope, chained

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]

PAGE = f"/households/{household(1)}"
VOID = {"meta", "link", "input", "br"}


class Checked(HTMLParser):
    """Fails on a tag that is not closed, an id that comes twice, or a field without a label."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.labelled: set[str] = set()
        self.fields: set[str] = set()
        self.feed(html)
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))
        assert self.fields <= self.labelled

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script":
            assert given["src"]
            assert given["integrity"]
            assert given["nonce"]
        assert not any(name.startswith("on") or name == "style" for name in given)
        if tag not in VOID:
            self.open.append(tag)
        if found := given.get("id"):
            self.ids.append(found)
        if tag == "label":
            self.labelled.add(given["for"] or "")
        if tag in ("input", "textarea", "select") and given.get("type") != "hidden":
            self.fields.add(given["id"] or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def test_a_timeline_reads_in_chinese_first_and_in_english_when_asked(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    approved = envelope(
        b'{"approved_on":"2024-06-01"}',
        type="TownReviewApproved",
        household_id=household(1),
        occurred_at=NOON - timedelta(days=2),
    )
    await hear([approved])
    answer = await client.get(PAGE)
    Checked(answer.text)
    assert '<html lang="zh-CN">' in answer.text
    for said in ("2024年6月", "乡镇于2024-06-01审核通过", "迟报 2 天", "部门工作人员", "彭寨镇"):
        assert said in answer.text
    assert 'datetime="2024-06-01T04:00:00+00:00">2024-06-01 12:00<' in answer.text
    english = await client.get(PAGE, params={"lang": "en"})
    Checked(english.text)
    assert '<html lang="en">' in english.text
    assert "Approved by the town on 2024-06-01" in english.text
    assert f'href="{PAGE}" lang="zh-CN"' in english.text


async def test_silence_of_more_than_sixty_days_is_drawn(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    first = envelope(household_id=household(1))
    second = envelope(prev=first, recorded_at=NOON + timedelta(days=60))
    third = envelope(prev=second, recorded_at=NOON + timedelta(days=121))
    await hear([first, second, third])
    page = (await client.get(PAGE)).text
    assert page.count('class="gap"') == 1
    assert "61 天没有记录" in page
    narrowed = (await client.get(f"{PAGE}?service=identification")).text  # there may be others
    assert (narrowed.count('<li class="event'), 'class="gap"' in narrowed) == (3, False)


async def test_what_is_parked_is_said_on_the_page(client: httpx.AsyncClient, hear: Hear) -> None:
    events = history(3, household_id=household(1))
    await hear([events[0], events[2]])
    page = (await client.get(PAGE)).text
    assert "1 条记录尚未能处理" in page
    assert "<li>之前的记录尚未到达: 1</li>" in page
    assert "历史自相矛盾" not in page
    await hear([events[1]])
    assert "尚未能处理" not in (await client.get(PAGE)).text


async def test_a_clock_is_not_set_to_no_day_at_all(client: httpx.AsyncClient, hear: Hear) -> None:
    await hear([envelope(household_id=household(1))])
    page = (await client.get(PAGE)).text
    assert len(re.findall('<input [^>]*type="date" required ', page)) == 2


async def test_a_contradictory_history_is_said_on_the_page_and_in_the_lists(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    one = envelope(type="RiskDetected", household_id=household(1))
    other = envelope(type="RiskDetected", household_id=household(2))
    await hear([one, other])
    fork = chained(replace(one, data=b'{"other":1}'), ZERO_HASH)
    await hear([fork, envelope(prev=one), envelope(prev=envelope(prev=other))])  # one is missing
    page = (await client.get(PAGE)).text
    Checked(page)
    assert "<strong>历史自相矛盾</strong>" in page
    assert "<li>同一序号的另一份记录: 1</li>" in page
    assert "<li>在上述记录之后等待: 1</li>" in page
    page = (await client.get(PAGE, params={"lang": "en"})).text
    assert "<strong>Contradictory history</strong>" in page
    for listed in (f"/?region={one.region}", "/county/households?phase=CLUE"):
        page = (await client.get(listed)).text
        assert page.count("历史自相矛盾") == 1
        marked = re.search(r'<th scope="row" class="called">.*历史自相矛盾', page)
        assert marked
        assert str(household(1)) in marked[0]


async def test_a_record_whose_content_was_not_taken_is_told_of(
    client: httpx.AsyncClient, hear: Hear, pool: asyncpg.Pool
) -> None:
    one, two, three = history(3, household_id=household(1))
    late = chained(replace(one, data=b'{"other":1}'), ZERO_HASH)
    await hear([one, three, one, two, two, one])
    assert "不再保存" not in (await client.get(PAGE)).text
    await hear([late])
    page = (await client.get(PAGE)).text
    assert "<li>同一序号的另一份记录: 1</li>" in page
    assert "日志中另有" not in page
    await pool.execute("delete from es.parked")  # an administrator gives it up
    page = (await client.get(PAGE)).text
    Checked(page)
    assert "日志中另有 1 条记录" in page
    await hear([chained(replace(three, data=b'{"other":1}'), two.hash), envelope(prev=three)])
    page = (await client.get(PAGE)).text
    assert "日志中另有 1 条记录" in page
    assert "2 条记录尚未能处理" in page


async def test_what_an_event_says_is_text_and_never_markup(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    await hear(
        [
            envelope(
                b'{"place":"<script>alert(1)</script>"}',
                type="PublicityPosted",
                household_id=household(1),
            )
        ]
    )
    page = (await client.get(PAGE)).text
    Checked(page)
    assert "&lt;script&gt;" in page


async def test_more_than_a_page_goes_on_behind_a_link(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    """And so does a silence between the two."""
    events = history(500, household_id=household(1))
    await hear([*events, envelope(prev=events[-1], recorded_at=NOON + timedelta(days=100))])
    page = (await client.get(PAGE)).text
    Checked(page)
    assert page.count('<li class="event') == 500
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    rest = await client.get(following[1].replace("&amp;", "&"))
    assert rest.text.count('<li class="event') == 1
    assert "100 天没有记录" in rest.text


async def test_villages_lead_to_households_and_an_id_straight_to_its_page(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    await hear([envelope(household_id=household(1), region="441624108201")])
    villages = await client.get("/")
    assert "不是登记册上的户编号" in villages.text
    Checked(villages.text)
    assert "彭寨镇（441624108201）" in villages.text
    assert 'href="/?region=441624108201"' in villages.text
    village = await client.get("/?region=441624108201&lang=en")
    Checked(village.text)
    assert f'href="{PAGE}?lang=en"' in village.text
    found = await client.get("/", params={"household": f" {household(1)} "})
    assert (found.status_code, found.headers["location"]) == (303, PAGE)


async def test_errors_are_pages_too(client: httpx.AsyncClient, hear: Hear, tokens: Issuer) -> None:
    await hear([envelope(household_id=household(1))])
    elsewhere = tokens.bearer("supervisor", "audit:read", department=STAFF, region="4416")
    for address, status in [
        (f"/households/{household(2)}", 404),
        ("/households/17", 404),
        ("/?household=17", 404),
        ("/?region=x", 404),
        ("/?region=441625", 403),
        (f"{PAGE}?cursor=x", 400),
        (f"{PAGE}?colour=red", 400),
    ]:
        answer = await client.get(address)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
        Checked(answer.text)
    assert (await client.get(PAGE, headers=elsewhere)).status_code == 200


async def test_signing_in_keeps_the_token_in_a_cookie_no_script_can_read(
    client: httpx.AsyncClient, hear: Hear, tokens: Issuer
) -> None:
    await hear([envelope(household_id=household(1))])
    del client.headers["Authorization"]
    asked = await client.get(PAGE, params={"lang": "en"})
    assert asked.status_code == 401
    Checked(asked.text)
    assert f'name="next" value="{PAGE}?lang=en"' in asked.text
    token = tokens.token("supervisor", "audit:read", department=STAFF)
    signed_in = await client.post("/session", data={"token": f" {token}\n", "next": PAGE})
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, PAGE)
    cookie = signed_in.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert (await client.get(PAGE)).status_code == 200
    assert (await client.get(f"/v1{PAGE}/timeline")).status_code == 200
    signed_out = await client.post("/session/end")
    assert (signed_out.status_code, signed_out.headers["location"]) == (303, "/")
    assert (await client.get(PAGE)).status_code == 401


@pytest.mark.parametrize("profile", ["development", "production"])
async def test_in_production_the_cookie_is_sent_over_tls_alone(
    app: FastAPI,
    client: httpx.AsyncClient,
    tokens: Issuer,
    monkeypatch: pytest.MonkeyPatch,
    profile: str,
) -> None:
    monkeypatch.setattr(app.state.runtime.settings, "profile", profile)
    token = tokens.token("supervisor", "audit:read", department=STAFF)
    answer = await client.post("/session", data={"token": token})
    assert ("Secure" in answer.headers["set-cookie"]) is (profile == "production")


async def test_signing_out_keeps_the_language(client: httpx.AsyncClient, tokens: Issuer) -> None:
    client.cookies.set(COOKIE, tokens.token("supervisor", "audit:read", department=STAFF))
    del client.headers["Authorization"]
    page = (await client.get("/county?lang=en")).text
    assert '<form method="post" action="/session/end?lang=en">' in page
    signed_out = await client.post("/session/end?lang=en")
    assert signed_out.headers["location"] == "/?lang=en"
    client.cookies.clear()
    form = await client.get(signed_out.headers["location"])
    assert (form.status_code, "Sign in" in form.text) == (401, True)
    assert 'name="next" value="/?lang=en"' in form.text


async def test_a_token_that_will_not_do_is_refused_at_the_form(
    client: httpx.AsyncClient, tokens: Issuer
) -> None:
    del client.headers["Authorization"]
    for token, status in [
        ("", 401),
        ("not a token", 401),
        (tokens.token("supervisor", "audit:read", department=STAFF, exp=1), 401),
        (tokens.token("yibao", "facts:write"), 403),
    ]:
        answer = await client.post(
            "/session", params={"lang": "en"}, data={"token": token, "next": f"{PAGE}?lang=en"}
        )
        assert answer.status_code == status
        assert "set-cookie" not in answer.headers
        Checked(answer.text)
        assert f'name="next" value="{PAGE}?lang=en"' in answer.text
        assert f'id="other-language" href="{PAGE}"' in answer.text
        assert "Sign out" not in answer.text
    assert "this needs the scope audit:read" in answer.text
    client.cookies.set(COOKIE, "stale")
    assert "令牌无效" in (await client.get("/")).text


async def test_a_program_sends_its_token_as_a_bearers_only(
    client: httpx.AsyncClient, tokens: Issuer
) -> None:
    token = tokens.token("supervisor", "audit:read", department=STAFF)
    client.headers["Authorization"] = f"bearer  {token}"
    assert (await client.get("/")).status_code == 200
    for header in (f"Basic {token}", token, "Bearer ", ""):
        client.headers["Authorization"] = header
        answer = await client.get("/")
        assert (answer.status_code, answer.headers["www-authenticate"][:6]) == (401, "Bearer")
    del client.headers["Authorization"]
    assert (await client.get("/")).headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("more", [b"\xff", b"&a=1" * 20])
async def test_a_form_that_no_page_of_ours_sends_signs_nobody_in(
    client: httpx.AsyncClient, tokens: Issuer, more: bytes
) -> None:
    del client.headers["Authorization"]
    token = tokens.token("supervisor", "audit:read", department=STAFF)
    answer = await client.post("/session", content=f"token={token}".encode() + more)
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)


@pytest.mark.parametrize(
    "next_", ["https://elsewhere.example", "//elsewhere.example", "/\\x", "/v1/x"]
)
async def test_signing_in_leads_to_pages_of_ours_only(
    client: httpx.AsyncClient, tokens: Issuer, next_: str
) -> None:
    token = tokens.token("supervisor", "audit:read", department=STAFF)
    answer = await client.post("/session", data={"token": token, "next": next_})
    assert answer.headers["location"] == "/"


async def test_the_page_may_load_nothing_and_its_style_is_the_one_allowed(
    client: httpx.AsyncClient,
) -> None:
    """Nor may another site show it in a frame, and what is typed into it goes nowhere else."""
    answer = await client.get("/completeness")
    policy = answer.headers["content-security-policy"]
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style
    digest = base64.b64encode(sha256(style[1].encode()).digest()).decode()
    assert dict(part.split(" ", 1) for part in policy.split("; ")) == {
        "default-src": "'none'",
        "img-src": "data:",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "style-src": f"'sha256-{digest}'",
    }
    assert answer.headers["cache-control"] == "no-store"

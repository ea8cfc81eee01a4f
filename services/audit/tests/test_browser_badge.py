"""The badge of a household's page, which a real browser computes itself."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from msgspec.structs import replace
from playwright.async_api import Route, expect

from audit.log.keeper import Keeper
from audit.succession import succeed
from common.note import Signer
from common.testing import NOON, envelope, history, household
from contracts.envelope import Envelope, chained
from services.audit.tests.conftest import Hear, Open, needs_chromium

HERE = f"/households/{household(1)}"

pytestmark = needs_chromium


@pytest.mark.usefixtures("story")
async def test_the_browser_verifies_the_file_itself(open_: Open) -> None:
    page = await open_(HERE)
    await expect(page.locator("#badge.good")).to_contain_text("3 条记录未被改动")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("update read.timeline set data = '{}' where version = 2", "identification/0 #1"),
        ("update log.leaves set hash = sha256('x') where index = 1", "identification/0 #1"),
        ("update log.checkpoints set note = replace(note, E'\\n1\\n', E'\\n2\\n')", "signature"),
        ("delete from log.leaves where index = 2", "heads"),
    ],
)
@pytest.mark.usefixtures("story")
async def test_what_was_changed_turns_the_badge_red(
    open_: Open, db: Any, change: str, why: str
) -> None:
    owner = await asyncpg.connect(db.superuser_url)
    await owner.execute(change)
    await owner.close()
    page = await open_(HERE)
    await expect(page.locator("#badge.bad")).to_contain_text("验证失败")
    await expect(page.locator("#badge.bad")).to_contain_text(why)


async def test_two_records_in_one_place_turn_the_badge_red(
    open_: Open, story: list[Envelope], hear: Hear, app: FastAPI
) -> None:
    last = story[-1]
    await hear([chained(replace(last, data=b"{}"), last.prev_hash)])
    assert await app.state.keeper.keep(NOON + timedelta(days=101))
    await expect((await open_(HERE)).locator("#badge.bad")).to_contain_text("fork: household-")


@pytest.mark.usefixtures("story")
async def test_another_key_than_the_one_first_seen_is_not_believed(open_: Open) -> None:
    page = await open_(HERE)
    await expect(page.locator("#badge.good")).to_be_visible()
    await page.evaluate("localStorage.setItem('log-key', 'other+00000000+AAAA')")
    await page.reload()
    await expect(page.locator("#badge.bad")).to_contain_text("key")


NEXT = Signer("shouwang.test/audit", bytes([9]) * 32)


async def test_the_key_that_was_first_seen_is_followed_to_its_successor(
    open_: Open, app: FastAPI, pool: asyncpg.Pool, db: Any, hear: Hear, story: list[Envelope]
) -> None:
    """Straight after the change, when the old key signed the last checkpoint, and after the next."""
    page = await open_(HERE)
    await expect(page.locator("#badge.good")).to_be_visible()
    keeper: Keeper = app.state.keeper
    async with pool.acquire() as connection:
        note = await succeed(connection, keeper.signer, NEXT)
    app.state.keeper = Keeper(pool, NEXT)
    await page.reload()
    await expect(page.locator("#badge.good")).to_contain_text("3 条记录未被改动")
    afresh = await open_(HERE)
    await expect(afresh.locator("#badge.good")).to_be_visible()
    await hear([envelope(prev=story[-1], recorded_at=NOON + timedelta(days=101))])
    assert await app.state.keeper.keep(NOON + timedelta(days=102))
    for again in (page, afresh):
        await again.reload()
        await expect(again.locator("#badge.good")).to_contain_text("4 条记录未被改动")
    owner = await asyncpg.connect(db.superuser_url)
    for forged, why in (
        (note.replace("\n1\n", "\n2\n"), "key: succession"),
        (note.rpartition("\u2014")[0], "key: succession"),
    ):
        await owner.execute("update log.successions set note = $1", forged)
        await page.reload()
        await expect(page.locator("#badge.bad")).to_contain_text(why)
    await owner.execute("delete from log.successions")
    await page.reload()
    await expect(page.locator("#badge.bad")).to_contain_text("key")
    await owner.close()


@pytest.mark.usefixtures("story")
async def test_a_key_counts_in_the_browser_for_its_own_checkpoints_only(
    open_: Open, app: FastAPI, pool: asyncpg.Pool, db: Any
) -> None:
    """A stolen old key signs nothing more, and the new one nothing of before."""
    keeper: Keeper = app.state.keeper
    async with pool.acquire() as connection:
        await succeed(connection, keeper.signer, NEXT)
    text = (await pool.fetchval("select note from log.checkpoints")).rpartition("\n\n")[0] + "\n"
    app.state.keeper = Keeper(pool, NEXT)
    owner = await asyncpg.connect(db.superuser_url)
    await owner.execute("update log.checkpoints set note = $1", NEXT.sign(text))
    await owner.close()
    page = await open_(HERE)
    await expect(page.locator("#badge.bad")).to_contain_text("signature")


async def test_five_hundred_events_verify_too(open_: Open, hear: Hear, app: FastAPI) -> None:
    await hear(history(500, household_id=household(1)))
    keeper: Keeper = app.state.keeper
    await keeper.keep(NOON)
    page = await open_(HERE)
    await expect(page.locator("#badge.good")).to_contain_text("500", timeout=60_000)


async def _tampered(route: Route, change: Callable[[dict[str, Any]], None]) -> None:
    answer = await route.fetch()
    dossier = await answer.json()
    change(dossier)
    await route.fulfill(response=answer, json=dossier)


@pytest.mark.usefixtures("story")
async def test_each_record_says_that_it_was_proved_by_its_content(open_: Open) -> None:
    page = await open_(HERE)
    await expect(page.locator("#badge.good")).to_contain_text("按内容验证")
    proofs = page.locator("li.event .proof")
    assert await proofs.all_text_contents() == ["已按内容验证"] * 3


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.usefixtures("story")
async def test_no_green_badge_where_the_file_withholds_the_content_of_what_is_shown(
    open_: Open, lang: str
) -> None:
    """Its hash is proved; that what the page says is what was recorded, is not."""
    page = await open_("/")

    def withhold(dossier: dict[str, Any]) -> None:
        for name in ("header", "data", "prev_hash"):
            del dossier["events"][1][name]

    await page.route("**/dossier?*", lambda route: _tampered(route, withhold))
    await page.goto(f"{page.url.rstrip('/')}{HERE}?lang={lang}")
    said = ("按内容 2 条，仅按哈希 1 条", "by content 2, only by hash 1")[lang == "en"]
    await expect(page.locator("#badge.partly")).to_contain_text(said)
    await expect(page.locator("#badge.good")).to_have_count(0)
    by_hash = ("仅按哈希验证", "only by hash")[lang == "en"]
    marked = page.locator("li.event", has_text=by_hash)
    await expect(marked).to_have_count(1)
    await expect(marked.locator("h4 strong.tag")).to_contain_text(by_hash)


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("lost", ["**/dossier?*", "**/v1/log/key"])
@pytest.mark.parametrize("status", [None, 401, 502])
async def test_what_did_not_come_is_not_verified_and_no_forgery(
    open_: Open, faults: list[str], lost: str, status: int | None
) -> None:
    page = await open_("/")

    async def lose(route: Route) -> None:
        await (route.fulfill(status=status) if status else route.abort())

    await page.route(lost, lose)
    await page.goto(page.url.rstrip("/") + HERE)
    await expect(page.locator("#badge")).to_contain_text("未能取得卷宗，尚未验证")
    await expect(page.locator("#badge.bad, #badge.good")).to_have_count(0)
    faults.clear()


async def test_no_green_badge_where_content_is_kept_nowhere(
    open_: Open, story: list[Envelope], db: Any
) -> None:
    owner = await asyncpg.connect(db.superuser_url)
    await owner.execute("delete from read.timeline where version = 3")
    await owner.close()
    page = await open_(HERE)
    await expect(page.locator("#badge.partly")).to_contain_text("按内容 2 条，仅按哈希 1 条")


async def test_what_waits_beside_a_record_of_unkept_content_is_no_fault(
    open_: Open, story: list[Envelope], hear: Hear, db: Any
) -> None:
    """What the page shows and the file lacks is new: however many the file has that the page lacks."""
    owner = await asyncpg.connect(db.superuser_url)
    await owner.execute("delete from read.timeline where version = 3")
    await owner.close()
    await hear([envelope(prev=story[-1], recorded_at=NOON + timedelta(days=101))])
    page = await open_(HERE)
    await expect(page.locator("#badge.partly")).to_contain_text("另有 1 条尚待签名")
    await expect(page.locator("li.event").last.locator(".proof")).to_have_text("尚待签名，未验证")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.usefixtures("story")
async def test_no_green_badge_where_nothing_of_the_household_is_signed(
    open_: Open, hear: Hear, lang: str
) -> None:
    await hear([envelope(household_id=household(2))])
    page = await open_(f"/households/{household(2)}?lang={lang}")
    said = {"zh": "尚待签名，未验证", "en": "Not verified yet"}[lang]
    await expect(page.locator("#badge")).to_contain_text(said)
    await expect(page.locator("#badge.good")).to_have_count(0)


@pytest.mark.usefixtures("story")
async def test_what_waits_to_be_signed_is_told_whatever_the_list_is_narrowed_to(
    open_: Open, story: list[Envelope], hear: Hear
) -> None:
    await hear([envelope(prev=story[-1], recorded_at=NOON + timedelta(days=101))])
    page = await open_(f"{HERE}?service=visits")
    await expect(page.locator("#badge.good")).to_contain_text("另有 1 条尚待签名")

"""What the pages say is said in both languages alike, and of one thing as of one."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from audit.meaning.sentences import Counted, Words
from audit.pages.phrases import PHRASES
from audit.pages.rendering import said
from common.testing import NOON, envelope, household
from contracts.envelope import Envelope

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]

SEVERAL = re.compile(r"\{n\} (more )?[a-z]+s\b")
ONES = re.compile(r"\b1 (more )?(events|records|households|days|hashes|services)\b")


@pytest.mark.parametrize("words", PHRASES.values(), ids=PHRASES)
def test_a_phrase_says_the_same_of_the_same_things_in_both_languages(words: Words) -> None:
    texts = [words.zh, words.en] + ([words.one] if isinstance(words, Counted) else [])
    named = {frozenset(re.findall(r"{(\w+)", text)) for text in texts}
    assert len(named) == 1
    assert isinstance(words, Counted) or not SEVERAL.search(words.en)


def test_of_one_thing_english_says_that_it_is_one() -> None:
    days = PHRASES["days"]
    assert [said(days, "en", n=n) for n in (0, 1, 1.0, 1.5, 1_234)] == [
        "0 days",
        "1 day",
        "1 day",
        "1.5 days",
        "1,234 days",
    ]
    assert said(days, "zh", n=1) == "1 天"


async def test_pages_with_one_of_everything_say_so(
    client: httpx.AsyncClient, hear: Hear, app: FastAPI
) -> None:
    clue = envelope(type="RiskDetected", household_id=household(1))
    verified = envelope(
        type="HouseholdVerified",
        prev=clue,
        occurred_at=NOON + timedelta(days=1),
        recorded_at=NOON + timedelta(days=1),
    )
    here = f"/households/{household(1)}"
    await hear([clue])
    assert "<dd>1 event</dd>" in (await client.get(here, params={"lang": "en"})).text
    await hear([verified])
    assert "<dd>2 events</dd>" in (await client.get(here, params={"lang": "en"})).text
    await app.state.keeper.keep(NOON)
    pages = ("/", "/?region=441624108201", "/county", "/county/households?phase=CLUE", here)
    for path in (*pages, f"{here}/raw", f"{here}/accesses", "/completeness", "/accesses"):
        page = await client.get(path, params={"lang": "en"} | dict(httpx.URL(path).params))
        assert page.status_code == 200
        assert not ONES.search(page.text), path
    assert "1 day (of 1)" in (await client.get("/county?lang=en")).text

"""The page of the county: every number is right, and equals the list behind it."""

import html
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from audit.access.looks import STAFF
from audit.pages.county import STRIDE, TALL, TILES, Bar, bars, legend, tiles
from audit.pages.phrases import PHRASES
from audit.pages.rendering import SERVED
from audit.read_model.counting import count
from audit.read_model.tally import Month, Standing
from common.testing import NOON, Issuer, envelope, household
from contracts.envelope import Envelope

Hear = Callable[[Sequence[Envelope]], Awaitable[None]]

PENGZHAI, DABA = "441624108201", "441624101202"
DUTY = "visits.ObligationOpened.v1"


class Life:
    """The events of one household, a stream a service."""

    def __init__(self, number: int, region: str = PENGZHAI) -> None:
        self.id, self.region = household(number), region
        self.events: list[Envelope] = []
        self._last: dict[str, Envelope] = {}

    def then(
        self, day: float, type_: str, service: str = "identification", **payload: Any
    ) -> "Life":
        moment = NOON + timedelta(days=day)
        event = envelope(
            json.dumps(payload).encode(),
            prev=self._last.get(service),
            type=type_,
            service=service,
            stream=f"{service}-{self.id}",
            household_id=self.id,
            region=self.region,
            occurred_at=moment,
            recorded_at=moment,
        )
        self._last[service] = event
        self.events.append(event)
        return self

    def duty(self, number: int, opened: int, due: str, closed: float | None = None) -> "Life":
        of = {"obligation_id": str(UUID(int=number))}
        self.then(opened, "ObligationOpened", "visits", due_on=due, **of)
        return self if closed is None else self.then(closed, "ObligationFulfilled", "visits", **of)


async def shown(client: httpx.AsyncClient, address: str) -> str:
    answer = await client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


async def every_number(client: httpx.AsyncClient, page: str) -> dict[str, int]:
    """What the links with numbers say, by their address; each equals the list behind it."""
    numbers = {}
    for link in re.finditer(r'<a class="count" href="([^"]+)"[^>]*>([\d,]+)</a>', page):
        address, number = html.unescape(link[1]), int(link[2].replace(",", ""))
        behind = await shown(client, address)
        total = re.search(r'<p id="total">\D*([\d,]+)', behind)
        assert total
        assert int(total[1].replace(",", "")) == number, address
        rows = [int(n) for n in re.findall(r'<td class="number"[^>]*>(\d+)</td></tr>', behind)]
        listed = len(re.findall(r'<th scope="row" class="called">', behind))
        assert (sum(rows) if re.search("du(ty|e)=", address) else listed) == number, address
        numbers[address.partition("?")[2]] = number
    return numbers


@pytest.fixture
def today(app: FastAPI) -> None:
    """30 June 2024, noon in Shanghai."""
    app.state.runtime.clock.set(datetime(2024, 6, 30, 4, tzinfo=UTC))


async def heard(hear: Hear, *lives: Life) -> None:
    await hear(sorted((e for life in lives for e in life.events), key=lambda e: e.recorded_at))


@pytest.mark.usefixtures("today")
async def test_every_number_equals_the_list_behind_it(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    monitored = Life(1).then(0, "RiskDetected").then(4, "HouseholdVerified")
    monitored.then(10, "MonitoringConfirmed")
    eliminated = Life(2, DABA).then(0, "RiskDetected").then(2, "HouseholdVerified")
    eliminated.then(6, "MonitoringConfirmed").then(20, "RiskEliminated")
    revoked = Life(3, DABA).then(0, "RiskDetected").then(8, "MonitoringConfirmed")
    revoked.then(9, "RiskEliminated").then(12, "RiskEliminationRevoked")
    clue = Life(4).then(0, "RiskDetected").then(1, "VerificationStarted")
    ended = Life(5).then(0, "RiskDetected").then(1, "ClueWithdrawn", ends_case=True)
    goes_on = Life(6).then(0, "RiskDetected").then(1, "ClueWithdrawn", ends_case=False)
    await heard(hear, monitored, eliminated, revoked, clue, ended, goes_on)
    numbers = await every_number(client, await shown(client, "/county"))
    by = {key.replace("region=441624&", ""): n for key, n in numbers.items()}
    assert (by["phase=MONITORED"], by["phase=CLUE"], by["phase=ELIMINATED"]) == (2, 2, 1)
    assert numbers["region=441624108&phase=MONITORED"] == 1
    assert numbers["region=441624101&phase=MONITORED"] == 1
    assert [by[f"step={s}"] for s in ("CLUE", "VERIFIED", "CONFIRMED", "ELIMINATED")] == [
        6,
        2,
        3,
        2,
    ]


@pytest.mark.usefixtures("today")
async def test_a_time_between_two_steps_is_a_median_over_each_time_it_was_gone(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    twice = Life(1).then(0, "RiskDetected").then(1, "RiskDetected").then(4, "HouseholdVerified")
    twice.then(6, "ReviewReturned").then(9, "HouseholdVerified")
    twice.then(12, "RiskDetected").then(18, "HouseholdVerified")
    once = Life(2, DABA).then(0, "RiskDetected").then(11, "HouseholdVerified")
    other = Life(3).then(0, "RiskDetected").then(8, "HouseholdVerified")
    await heard(hear, twice, once, other)
    whole = await shown(client, "/county?lang=en")
    assert "7 days (of 4)" in whole  # of 4, 6, 8 and 11; the second verification of a case is none
    assert "11 days (of 1)" in await shown(client, "/county?region=441624101&lang=en")


@pytest.mark.usefixtures("today")
async def test_each_step_is_timed_from_the_one_before(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    life = Life(1).then(0, "RiskDetected").then(0, "HouseholdVerified")
    await heard(hear, life.then(10, "MonitoringConfirmed").then(25, "RiskEliminated"))
    page = await shown(client, "/county?lang=en")
    assert re.findall(r"([\d.]+) days \(of 1\)", page) == ["0", "10", "15"]


@pytest.mark.usefixtures("today")
async def test_a_duty_is_breached_when_its_day_is_over_done_late_or_not(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    life = Life(1).duty(1, -30, "2024-06-05", closed=2).duty(2, -30, "2024-06-04", closed=2)
    life.duty(3, 0, "2024-06-29").duty(4, 0, "2024-06-30").duty(5, 0, "no day")
    await heard(hear, life, Life(2, DABA).duty(6, 0, "2024-07-30"))
    numbers = await every_number(client, await shown(client, "/county"))
    of = {
        outcome: numbers[f"region=441624&duty={DUTY}&outcome={outcome}"]
        for outcome in ("opened", "fulfilled", "breached", "open")
    }
    assert of == {"opened": 6, "fulfilled": 2, "breached": 2, "open": 4}


async def test_a_day_and_a_month_end_at_midnight_in_shanghai(
    client: httpx.AsyncClient, hear: Hear, app: FastAPI
) -> None:
    """Two duties that are due on the last day of June; one is done when that is just over."""
    midnight = datetime(2024, 6, 30, 16, tzinfo=UTC)
    done = (midnight - NOON) / timedelta(days=1)
    await heard(hear, Life(1).duty(1, 0, "2024-06-30").duty(2, 0, "2024-06-30", closed=done))
    for moment, breached, overdue, month in (
        (midnight - timedelta(minutes=9), 1, 0, "2024-06"),
        (midnight, 2, 1, "2024-07"),
    ):
        app.state.runtime.clock.set(moment)
        county = await shown(client, "/county")
        numbers = await every_number(client, county)
        assert numbers[f"region=441624&duty={DUTY}&outcome=breached"] == breached
        assert re.findall(r'<th scope="row">(\d{4}-\d\d)</th>', county)[-1] == month
        page = await shown(client, f"/households/{household(1)}")
        assert page.count('<li class="overdue">') == overdue
        assert re.findall('<h3 class="month">(.*?)</h3>', page) == ["2024年6月", "2024年7月"]


@pytest.mark.usefixtures("today")
async def test_a_deadline_that_a_household_has_once_is_counted_each_time(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    life = Life(1).then(0, "RiskDetected", due_on="2024-06-20").then(1, "RiskDetected")
    life.then(5, "MonitoringConfirmed").then(9, "MonitoringClosed")
    life.then(10, "RiskDetected", due_on="2024-06-29")
    await heard(hear, life)
    numbers = await every_number(client, await shown(client, "/county"))
    kind = "region=441624&duty=identification.RiskDetected.v1&outcome="
    assert [numbers[kind + o] for o in ("opened", "fulfilled", "breached", "open")] == [2, 1, 1, 1]
    behind = await shown(client, f"/county/households?{kind}breached")
    assert (
        "认定期限（发现风险线索）：已逾期" in behind
    )  # to find a clue is no duty that one can miss


@pytest.mark.usefixtures("today")
async def test_a_deadline_that_is_opened_again_while_open_stays_what_its_page_shows(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    """A fact that was told late is due earlier than what opened the clock."""
    life = Life(1).then(0, "RiskDetected", due_on="2024-07-05")
    await heard(hear, life.then(1, "RiskDetected", due_on="2024-06-10"))
    numbers = await every_number(client, await shown(client, "/county"))
    kind = "region=441624&duty=identification.RiskDetected.v1&outcome="
    assert [numbers[kind + o] for o in ("opened", "breached", "open")] == [1, 0, 1]
    page = await shown(client, f"/households/{household(1)}")
    assert '<time datetime="2024-07-05">' in page


@pytest.mark.usefixtures("today")
async def test_an_id_that_no_index_takes_is_counted_and_breaks_nothing(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    endless = "".join(sha256(str(n).encode()).hexdigest() for n in range(200))
    ledgered = Life(1).then(0, "DangerousHousingLedgered", entry_id=endless, due_on="2024-07-05")
    await heard(hear, ledgered.then(9, "HousingRemedyNoted", entry_id=endless, step="x"))
    numbers = await every_number(client, await shown(client, "/county"))
    kind = "region=441624&duty=identification.DangerousHousingLedgered.v1&outcome="
    assert [numbers[kind + o] for o in ("opened", "fulfilled")] == [1, 1]


@pytest.mark.usefixtures("today")
async def test_what_is_no_json_is_counted_by_its_type_and_breaks_nothing(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    for n, data in enumerate((b"\xff\xfe", b"{", b'"\\u0000"', b"\x00", '{"名":"彭"}'.encode()), 1):
        type_ = "RiskDetected" if n % 2 else "VillageReviewHeld"
        await hear([envelope(data, type=type_, household_id=household(n))])
    numbers = await every_number(client, await shown(client, "/county"))
    assert numbers["region=441624&phase=CLUE"] == 3


async def test_an_area_shows_itself_only_and_no_other_is_shown(
    client: httpx.AsyncClient, hear: Hear, tokens: Issuer
) -> None:
    await heard(hear, Life(1).then(0, "RiskDetected"), Life(2, DABA).then(0, "RiskDetected"))
    town = tokens.bearer("supervisor", "audit:read", department=STAFF, region="441624108")
    page = await client.get("/county?map=CLUE", headers=town)
    assert page.text.count('<a class="town"') == 1
    assert "彭寨镇" in page.text
    for address in ("/county?region=441624101", "/county/households?step=CLUE&region=441624101"):
        assert (await client.get(address, headers=town)).status_code == 403
    behind = await client.get("/county/households?step=CLUE", headers=town)
    assert str(household(1)) in behind.text
    assert str(household(2)) not in behind.text


@pytest.mark.parametrize(
    "address",
    [
        "/county?region=x",
        "/county?map=ALL",
        "/county/households",
        "/county/households?phase=ALL",
        "/county/households?phase=CLUE&step=CLUE",
        f"/county/households?step=CLUE&duty={DUTY}",
        "/county/households?phase=CLUE&outcome=lost",
        "/county/households?duty=x",
        f"/county/households?duty={DUTY}&outcome=lost",
    ],
)
async def test_what_is_not_there_is_a_page_that_says_so(
    client: httpx.AsyncClient, address: str
) -> None:
    answer = await client.get(address)
    assert answer.status_code == 404
    assert "text/html" in answer.headers["content-type"]


async def test_a_long_list_goes_on_behind_a_link(
    client: httpx.AsyncClient, hear: Hear, app: FastAPI, pool: asyncpg.Pool
) -> None:
    """As the same list."""
    due = {"due_on": "2024-06-18"}
    await heard(hear, *(Life(n).then(0, "RiskDetected", **due) for n in range(1, 102)))
    await count(pool, app.state.vocabulary, "441624")
    duties = "duty=identification.RiskDetected.v1&outcome=open", "due=2024-06&outcome=open"
    for asked in ("phase=CLUE", "step=CLUE", *duties):
        first = await shown(client, f"/county/households?{asked}")
        following = re.search(r'rel="next" href="([^"]+)"', first)
        assert following
        rest = await shown(client, html.unescape(following[1]))
        assert rest.count('<th scope="row" class="called">') == 1
        for said in (r"<h1.*</h1>", r'<p id="total">合计 101 [户次]</p>'):
            assert re.findall(said, first) == re.findall(said, rest) != []


def test_a_bar_stands_in_its_month_and_is_seen_be_it_one_of_many() -> None:
    may, june = date(2024, 5, 1), date(2024, 6, 1)
    assert bars([Month(may, 1_000, 1), Month(june, 1, 0)]) == [
        Bar("2024-05", 1_000, 1, 0, TALL, 1),
        Bar("2024-06", 1, 0, STRIDE, 1, 0),
    ]


@pytest.mark.parametrize("most", range(40))
def test_the_legend_says_of_each_shade_what_it_stands_for(most: int) -> None:
    numbers = range(most + 1)
    standing = [Standing(town, "CLUE", n) for town, n in zip(TILES, numbers, strict=False)]
    told = {n: shade for shade, first, last in legend(most) for n in range(first, last + 1)}
    assert set(told) == set(numbers)
    if most < len(TILES):
        shown = tiles(standing, "CLUE", "441624")
        assert {t.households: t.shade for t in shown if t.households} == {
            n: told[n] for n in numbers if n
        }


async def test_the_map_opens_on_the_monitored_or_on_what_there_is_without_them(
    client: httpx.AsyncClient, hear: Hear
) -> None:
    async def coloured_by(address: str) -> str:
        page = await shown(client, address)
        (phase,) = re.findall(r'map=(\w+)" aria-current', page)
        assert f"各镇情况：{PHRASES[f'phase_{phase}'].zh}</h2>" in page  # paper has no switch
        return str(phase)

    assert await coloured_by("/county") == "MONITORED"
    await heard(hear, Life(1).then(0, "RiskDetected"))
    assert await coloured_by("/county") == "CLUE"
    assert await coloured_by("/county?map=MONITORED") == "MONITORED"
    await heard(hear, Life(2).then(0, "RiskDetected").then(1, "MonitoringConfirmed"))
    assert await coloured_by("/county") == "MONITORED"


async def test_all_seventeen_towns_have_a_tile_of_their_own(client: httpx.AsyncClient) -> None:
    places = re.findall(r'<li class="(r\d c\d) shade0">', await shown(client, "/county"))
    assert len(set(places)) == 17


async def test_the_duties_of_each_month_are_a_picture_and_a_table_that_opens_their_lists(
    client: httpx.AsyncClient, hear: Hear, app: FastAPI
) -> None:
    app.state.runtime.clock.set(NOON)
    kept = Life(1).duty(1, -40, "2024-05-01", closed=-35)
    missed = Life(2, DABA).duty(2, -40, "2024-05-31").duty(3, -400, "2023-05-31")
    coming = Life(3).duty(4, -1, "2024-06-30").duty(5, -1, "2024-06-01", closed=-1)
    await hear([*kept.events, *missed.events, *coming.events])
    page = await shown(client, "/county")
    assert page.count('<g transform="translate(') == 12
    assert '<text x="25" y="14">1/2</text>' in page
    rows = re.findall(r'<th scope="row">(\d{4}-\d\d)</th>(.*?)</tr>', page)
    numbers = {month: re.findall(r">(\d+)</a>", cells) for month, cells in rows}
    assert next(iter(numbers)) == "2023-07"
    assert {m: n for m, n in numbers.items() if n != ["0", "0"]} == {
        "2024-05": ["2", "1"],
        "2024-06": ["2", "1"],
    }
    assert "2023-05" not in numbers
    for area, due in (("441624", 2), ("441624101", 1)):
        page = await shown(client, f"/county?region={area}")
        assert (await every_number(client, page))[f"region={area}&due=2024-05"] == due
    breached = await shown(client, "/county/households?due=2024-05&outcome=breached")
    assert str(household(2)) in breached
    assert "2024-05 已逾期" in breached
    both = "due=2024-05&phase=MONITORED"
    for wrong in ("due=2024-13", "due=2024", "due=2024-05&duty=x", "due=2024-05&outcome=x", both):
        assert (await client.get(f"/county/households?{wrong}")).status_code == 404


async def test_the_chart_is_drawn_by_files_of_ours_that_the_page_may_use_and_no_others(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/county")
    policy = answer.headers["content-security-policy"]
    used = re.findall(
        r'<(script|link)[^>]* (?:src|href)="/static/([^"]+)" integrity="([^"]+)" nonce="([^"]+)"',
        answer.text,
    )
    assert [(tag, name.rpartition("-")[0]) for tag, name, _, _ in used] == [
        ("link", "uPlot-1.6.32.min"),
        ("script", "uPlot-1.6.32.iife.min"),
        ("script", "county"),
    ]
    for _, name, integrity, nonce in used:
        assert f"' 'nonce-{nonce}'; script-src 'nonce-{nonce}'" in policy
        assert SERVED[name].integrity == integrity
        file = await client.get(f"/static/{name}", headers={"Authorization": ""})
        assert file.headers["content-type"] == f"{SERVED[name].kind}; charset=utf-8"
        assert "immutable" in file.headers["cache-control"]
    for directive in ("unsafe", "connect-src", "'self' '"):
        assert directive not in policy


async def test_a_list_of_nobody_says_what_was_asked_for(client: httpx.AsyncClient) -> None:
    page = await shown(client, "/county/households?step=ELIMINATED&lang=en")
    assert re.search(r'<h1 id="list">Reached: Eliminated\b', page)
    assert "No household is like that." in page

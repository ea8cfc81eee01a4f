"""S2-03 over HTTP: from a department's word or the register to the focus lists, and off them again."""

from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from prometheus_client import generate_latest

from common.service import Runtime
from common.testing import eventually
from identification import closing, figures
from identification.domain.policy_book import PolicyBook
from identification.read_model.policies import as_book, in_file
from services.identification.tests.asking import Callers
from services.identification.tests.registrar import DAY, Register, joining, leaving
from services.identification.tests.test_api_facts import events, heard_all
from services.identification.tests.test_api_policies import line
from services.identification.tests.test_register_api import splitting
from services.identification.tests.watched import Said, Watch, years_before

POLICIES = Path(__file__).parents[3] / "policies" / "heping-2024.toml"
towns = count(1)

GRANTED = {"scheme": "MARGINAL_FAMILY", "decision": "GRANTED", "decided_on": "2024-03-01"}
CARD = {"level": "LEVEL_1", "change": "NEW_CARD", "decided_on": "2024-03-01"}
ORPHAN = {"kind": "ORPHAN", "recognised_on": "2024-03-01"}
CHILD = {"born_on": "2015-01-01", "labour_capacity": "NONE"}


def on(group: str) -> Said:
    return ("Tagged", group, None)


def off(group: str, reason: str) -> Said:
    return ("Untagged", group, reason)


@pytest.fixture
def watch(app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection) -> Watch:
    """A town of its own, so that its lists are those of the test."""
    return Watch(app, callers, sql, f"4416243{next(towns):02d}")


@pytest.fixture
def book(runtime: Runtime) -> PolicyBook:
    """The parameters of the county."""
    return as_book(in_file(POLICIES, runtime.clock.today()))


async def test_S203_a_grant_puts_the_household_on_the_list_once_and_opens_no_clue(
    watch: Watch, sql: asyncpg.Connection, runtime: Runtime, book: PolicyBook
) -> None:
    home = await watch.household()
    await watch.told(home.people[0], "minzheng", "SocialProtection", GRANTED)
    await watch.until(home, on("LOW_INCOME"))
    again = {**GRANTED, "decided_on": "2024-04-01"}
    await watch.told(home.people[0], "minzheng", "SocialProtection", again, f"{home.id}-2")
    await heard_all(sql, f"facts-of-household-{home.id}")
    await watch.until(home, on("LOW_INCOME"))
    stream = f"household-{home.id}"
    ((_, tagged),) = await events(sql, stream, "FocusGroupTagged")
    assert (tagged["since"], tagged["person_id"], tagged["basis"]) == ("2024-03-01", None, "FACT")
    first = await sql.fetchval(
        "select event_id from es.events where stream = $1 and version = 1",
        f"facts-of-household-{home.id}",
    )
    assert tagged["evidence_event_ids"] == [str(first)]
    (row,) = await watch.listed("&group=LOW_INCOME")
    assert (row["household_id"], row["groups"], row["persons"]) == (home.id, ["LOW_INCOME"], 0)
    assert await watch.listed("&group=ORPHAN") == []
    assert await watch.shown(home) == [
        {"group": "LOW_INCOME", "person_id": None, "since": "2024-03-01"}
    ]
    counted = await watch.counted()
    assert (counted["LOW_INCOME"], counted["ORPHAN"], counted["ANY"]) == (1, 0, 1)
    await figures.measure(runtime.pool, book, runtime.clock.today())
    shown = generate_latest().decode()
    assert 'shouwang_focus_households{group="LOW_INCOME"}' in shown
    assert 'shouwang_focus_households{group="LOW_INCOME"} 0.0' not in shown
    said = [kind for kind, _ in await events(sql, stream)]
    assert said == ["HouseholdRegistered", "FocusGroupTagged"]  # no clue, and no change of status
    ended = {**GRANTED, "decision": "ENDED", "decided_on": "2024-05-01"}
    await watch.told(home.people[0], "minzheng", "SocialProtection", ended, f"{home.id}-3")
    await watch.until(home, on("LOW_INCOME"), off("LOW_INCOME", "ENDED"))
    assert await watch.listed() == []
    assert await watch.shown(home) == []


async def test_S203_a_correction_and_a_retraction_take_back_what_a_fact_made(watch: Watch) -> None:
    home = await watch.household(CHILD)
    head, child = home.people
    await watch.told(head, "canlian", "DisabilityCard", CARD)
    severe = on("SEVERE_DISABILITY")
    await watch.until(home, severe)
    corrected: dict[str, Any] = {**CARD, "level": "LEVEL_3", "record_version": 2}
    await watch.told(head, "canlian", "DisabilityCard", corrected)
    gone = off("SEVERE_DISABILITY", "ENDED")
    await watch.until(home, severe, gone)
    await watch.told(child, "minzheng", "ChildInNeed", ORPHAN)
    await watch.until(home, severe, gone, on("ORPHAN"))
    (shown,) = await watch.shown(home)
    assert (shown["group"], shown["person_id"]) == ("ORPHAN", home.person(1))
    await watch.taken_back(child, "minzheng", "ChildInNeed")
    await watch.until(home, severe, gone, on("ORPHAN"), off("ORPHAN", "NOT_REPORTED"))


async def test_S203_birthdays_and_periods_are_judged_as_the_days_end(
    watch: Watch, runtime: Runtime, book: PolicyBook
) -> None:
    today = runtime.clock.today()
    tomorrow = today + timedelta(days=1)
    child = {**CHILD, "born_on": years_before(tomorrow, 18)}
    grown = await watch.household(child)
    await watch.told(grown.people[1], "minzheng", "ChildInNeed", ORPHAN)
    old = await watch.household({"health": "DISABLED", "born_on": years_before(tomorrow, 60)})
    older = await watch.household({"health": "DISABLED", "born_on": years_before(today, 60)})
    ill = await watch.household({})
    reported = {"recognised_on": years_before(tomorrow, 1)}
    await watch.told(ill.people[1], "weijian", "SeriousIllness", reported)
    await watch.until(grown, on("ORPHAN"))
    await watch.until(ill, on("SEVERE_ILLNESS"))
    await watch.until(older, on("DISABLED_ELDERLY"))
    await closing.close(runtime, book, today - timedelta(days=400))  # closed again, long after
    assert await watch.said(older) == [on("DISABLED_ELDERLY")]
    assert (await watch.said(grown), await watch.said(old)) == ([on("ORPHAN")], [])
    for _ in range(2):  # closed twice, said once
        await closing.close(runtime, book, today)
        assert await watch.said(grown) == [on("ORPHAN"), off("ORPHAN", "AGE")]
        assert await watch.said(old) == [on("DISABLED_ELDERLY")]
        assert await watch.said(ill) == [
            on("SEVERE_ILLNESS"),
            off("SEVERE_ILLNESS", "PERIOD_OVER"),
        ]


async def test_S203_the_register_says_who_is_ill_and_who_is_not(
    watch: Watch, register: Register
) -> None:
    home = await watch.household()
    person = home.person(0)
    ill = {"person_id": person, "health": "SERIOUS_ILLNESS", "recorded_on": "2024-04-15"}
    await register.done(home.id, "health", **ill)
    await watch.until(home, on("SEVERE_ILLNESS"))
    well = {**ill, "health": "HEALTHY", "recorded_on": "2024-04-16"}
    await register.done(home.id, "health", **well)
    await watch.until(home, on("SEVERE_ILLNESS"), off("SEVERE_ILLNESS", "NOT_REPORTED"))


async def test_S203_a_tag_goes_with_the_person_through_a_split_and_a_merger(
    watch: Watch, register: Register, sql: asyncpg.Connection
) -> None:
    home, survivor = await watch.household({}), await watch.household()
    await watch.told(home.people[1], "canlian", "DisabilityCard", CARD)
    severe, left = on("SEVERE_DISABILITY"), off("SEVERE_DISABILITY", "LEFT")
    await watch.until(home, severe)
    answer = await register.done(home.id, "split", **splitting(home))
    new = type(home)(answer.headers["Location"].rpartition("/")[2], home.people[1:])
    await watch.until(home, severe, left)
    await watch.until(new, severe)
    await register.done(survivor.id, "merger", absorbed_ids=[new.id], effective_on=DAY)
    await watch.until(new, severe, off("SEVERE_DISABILITY", "OFF_REGISTER"))
    await watch.until(survivor, severe)
    assert [row["household_id"] for row in await watch.listed()] == [survivor.id]


async def test_S203_a_death_ends_it_and_a_marriage_takes_it_along(
    watch: Watch, register: Register
) -> None:
    home, other = await watch.household({}, {}), await watch.household()
    for number in home.people[1:]:
        await watch.told(number, "canlian", "DisabilityCard", CARD)
    severe = on("SEVERE_DISABILITY")
    await watch.until(home, severe, severe)
    await register.done(home.id, "departures", **leaving(home.person(1), co_living_count=2))
    await watch.until(home, severe, severe, off("SEVERE_DISABILITY", "LEFT"))
    await register.done(other.id, "members", **joining(home.people[1]))
    await watch.until(other, severe)
    died = {"died_on": "2024-04-20"}
    await watch.told(home.people[2], "minzheng", "Death", died)
    ended = [off("SEVERE_DISABILITY", "LEFT"), off("SEVERE_DISABILITY", "DIED")]
    await watch.until(home, severe, severe, *ended)


async def test_S203_a_restricted_person_is_on_no_list_until_that_ends(
    app: httpx.AsyncClient, callers: Callers, watch: Watch, sql: asyncpg.Connection
) -> None:
    officer = Register(app, callers.staff("members:rights", "officer", "441624"))
    home = await watch.household({})
    await watch.told(home.people[1], "canlian", "DisabilityCard", CARD)
    severe = on("SEVERE_DISABILITY")
    await watch.until(home, severe)
    who = f"members/{home.person(1)}"
    await officer.done(home.id, f"{who}/restriction", reason="CONTESTED", restricted_on=DAY)
    assert await watch.listed() == await watch.shown(home) == []
    assert (await watch.counted())["ANY"] == 0
    await watch.taken_back(home.people[1], "canlian", "DisabilityCard")
    await heard_all(sql, f"facts-of-household-{home.id}")
    await watch.until(home, severe)
    await officer.done(home.id, f"{who}/restriction-end", lifted_on=DAY)
    await watch.until(home, severe, off("SEVERE_DISABILITY", "NOT_REPORTED"))


async def test_S203_a_new_version_of_the_policy_judges_tags_anew(
    app: httpx.AsyncClient, callers: Callers, watch: Watch, runtime: Runtime
) -> None:
    of_fifty = {"health": "DISABLED", "born_on": years_before(runtime.clock.today(), 50)}
    home = await watch.household(of_fifty)
    office = callers.staff("policies:publish households:read", "office", "441624")

    async def publish(version: str, key: str, value: int) -> None:
        parameter = {"key": key, "value": value, "kind": "default", "source": "S2-03, 试验"}
        body = line(f"{watch.town}/{version}", 1, region=watch.town, parameters=[parameter])
        key_of = {"Idempotency-Key": f"{watch.town}-{version}"}
        answer = await app.post("/v1/policies", json=body, headers=office | key_of)
        assert answer.status_code == 201, answer.text

    await publish("1", "relief_fen", 400_000)
    await publish("2", "focus_elderly_age", 50)
    await watch.until(home, on("DISABLED_ELDERLY"))
    later = {"published_on": "2024-09-06"}
    parameter = {"key": "focus_elderly_age", "value": 51, "kind": "default", "source": "S2-03"}
    body = line(f"{watch.town}/3", 1, region=watch.town, parameters=[parameter], **later)
    answer = await app.post("/v1/policies", json=body, headers=office | {"Idempotency-Key": "f3"})
    assert answer.status_code == 201, answer.text
    await watch.until(home, on("DISABLED_ELDERLY"), off("DISABLED_ELDERLY", "AGE"))


async def test_S203_the_list_is_for_staff_and_fails_closed_and_leads_on(
    app: httpx.AsyncClient, callers: Callers, watch: Watch
) -> None:
    homes = [await watch.household() for _ in range(3)]
    for home in homes:
        await watch.told(home.people[0], "minzheng", "SocialProtection", GRANTED)
        await watch.until(home, on("LOW_INCOME"))
    minzheng = callers.of("minzheng", "households:read", department="minzheng")
    for query, headers, status, code in [
        ("?year=2024", watch.staff, 400, "unknown-filter"),
        ("?group=ANY", watch.staff, 422, "invalid"),
        ("?limit=501", watch.staff, 422, "invalid"),
        ("?region=441624109", watch.staff, 403, "outside-region"),
        ("", minzheng, 403, "not-routed"),
    ]:
        answer = await app.get(f"/v1/focus-households{query}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), query
    first = await app.get("/v1/focus-households?limit=2", headers=watch.staff)
    assert len(first.json()) == 2
    path = first.headers["Link"].partition("<")[2].partition(">")[0]
    rest = await app.get(path, headers=watch.staff)
    found = [row["household_id"] for row in (*first.json(), *rest.json())]
    assert found == sorted(home.id for home in homes)


async def test_S203_a_department_sees_no_groups_of_a_household_that_is_routed_to_it(
    app: httpx.AsyncClient, callers: Callers, watch: Watch
) -> None:
    home = await watch.household({})
    await watch.told(home.people[1], "canlian", "DisabilityCard", CARD)
    await watch.until(home, on("SEVERE_DISABILITY"))
    canlian = callers.of("canlian", "households:read", department="canlian")

    async def routed() -> Any:
        answer = await app.get(f"/v1/households/{home.id}", headers=canlian)
        return answer.json() if answer.status_code == 200 else None

    assert (await eventually(routed))["focus_groups"] is None


async def test_S203_the_rules_of_focus_groups_are_named_in_plain_words(
    app: httpx.AsyncClient, watch: Watch
) -> None:
    rules = (await app.get("/v1/rules", headers=watch.staff)).json()
    named = {rule["id"]: rule for rule in rules}
    assert named["FOCUS-ORPHAN"]["version"] == 1
    assert "孤儿" in named["FOCUS-ORPHAN"]["zh"]

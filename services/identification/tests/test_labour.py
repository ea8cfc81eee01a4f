"""S2-02: a household is looked at when its labour or category changes, not at the next income."""

from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from common.service import Runtime
from common.testing import eventually
from contracts.fact_codes import FactCode as C
from contracts.fact_codes import FactType as T
from identification.domain.findings import History
from identification.domain.rules import still_unemployed
from services.identification.tests.asking import Callers, household, person
from services.identification.tests.registrar import DAY, Home, Register, joining, leaving
from services.identification.tests.seen import CHILD, fact
from services.identification.tests.seen import DAY as FIRST
from services.identification.tests.story import HASH
from services.identification.tests.test_api_facts import by, events, heard_all, post
from services.identification.tests.test_api_facts import fact as told
from services.identification.tests.test_protection_anew import earns, elderly, numbers

__all__ = ["elderly"]  # a fixture
ABLE = {"capacity": "ORDINARY", "basis": "SEEN_AT_HOME", "assessed_on": DAY}
SAID = ("RiskDetected", "RiskClueAttached", "ClueEvidenceAdded")


class Log:
    """What is said of households once everything was heard."""

    def __init__(self, sql: asyncpg.Connection) -> None:
        self._sql = sql

    async def clues(self, home: Home) -> list[tuple[str, dict[str, Any]]]:
        await heard_all(self._sql, f"household-{home.id}")
        return await events(self._sql, f"household-{home.id}", *SAID)

    async def last(self, home: Home, kind: str) -> str:
        """The latest event of a type."""
        return str(
            await self._sql.fetchval(
                """
                select event_id from es.events where stream = $1 and type = $2
                order by version desc limit 1
                """,
                f"household-{home.id}",
                kind,
            )
        )


@pytest.fixture
def log(sql: asyncpg.Connection) -> Log:
    return Log(sql)


async def test_S202_who_is_found_able_to_work_brings_the_household_before_the_line_at_once(
    app: httpx.AsyncClient,
    callers: Callers,
    register: Register,
    elderly: Home,
    log: Log,
    runtime: Runtime,
) -> None:
    await earns(app, callers, elderly)
    assert await log.clues(elderly) == []  # A14
    await register.done(elderly.id, "labour", person_id=elderly.person(1), **ABLE)
    ((kind, clue),) = await eventually(lambda: log.clues(elderly))
    assert (kind, clue["rule_id"]) == ("RiskDetected", "INCOME-LINE")
    assert clue["discovered_on"] == str(runtime.clock.today())
    cited = [await log.last(elderly, e) for e in ("IncomeAssessed", "LabourCapacityAssessed")]
    assert clue["evidence_event_ids"] == cited
    # More labour is nothing new, and less takes nothing back.
    await register.done(elderly.id, "labour", person_id=elderly.person(0), **ABLE)
    for place in (0, 1):
        lost = ABLE | {"capacity": "LOST"}
        await register.done(elderly.id, "labour", person_id=elderly.person(place), **lost)
    assert await log.clues(elderly) == [(kind, clue)]
    assert (await register.get(elderly.id))["stage"] == "CLUE_OPEN"


async def test_S202_so_does_a_member_who_joins_and_a_category_that_is_corrected(
    app: httpx.AsyncClient,
    callers: Callers,
    register: Register,
    elderly: Home,
    log: Log,
) -> None:
    await earns(app, callers, elderly)
    assert await log.clues(elderly) == []
    form = joining(next(numbers)) | {"co_living_count": 3}
    await register.done(elderly.id, "members", **form)
    ((_, clue),) = await eventually(lambda: log.clues(elderly))
    assert clue["rule_id"] == "INCOME-LINE"
    assert clue["evidence_event_ids"][1:] == [await log.last(elderly, "HouseholdMemberAdded")]

    general = await register.household(category="GENERAL")
    seen = Home(general.id, general.people * 2)
    await register.done(seen.id, "members", **joining(next(numbers)))
    await earns(app, callers, seen)
    assert await log.clues(seen) == []
    listed = {"category": "GENERAL", "marginal_2019": True, "reason": "PROVINCIAL_LIST"}
    await register.done(seen.id, "category", **listed, document_hash=HASH, corrected_on=DAY)
    ((_, clue),) = await eventually(lambda: log.clues(seen))
    assert clue["evidence_event_ids"][1:] == [await log.last(seen, "CategoryCorrected")]


async def test_A54_of_several_who_arrive_at_once_the_first_brings_the_labour(
    app: httpx.AsyncClient, callers: Callers, register: Register, elderly: Home, log: Log
) -> None:
    """The read model knows them all when the first is heard."""
    await earns(app, callers, elderly)
    assert await log.clues(elderly) == []
    absorbed = await register.household(2)
    form = {"absorbed_ids": [absorbed.id], "effective_on": DAY}
    await register.done(elderly.id, "merger", **form)
    ((kind, clue),) = await eventually(lambda: log.clues(elderly))
    assert (kind, clue["rule_id"]) == ("RiskDetected", "INCOME-LINE")


async def test_the_last_who_is_able_to_work_is_unemployed(
    app: httpx.AsyncClient, callers: Callers, register: Register, log: Log, sql: asyncpg.Connection
) -> None:
    """UNEMPLOYMENT: with the head at work it is no risk; without the head nobody has work."""
    home = await _family(app, callers)
    idle = told(home.people[1], "renshe", "UnemploymentRegistration", registered_on="2024-02-20")
    answer = await post(app, by(callers, "renshe"), idle)
    assert answer.status_code == 201, answer.text
    await heard_all(sql, f"facts-of-household-{home.id}")
    assert await log.clues(home) == []
    gone = leaving(home.person(0), reason="DEATH") | {
        "new_head": {"head_id": home.person(1), "relations": []}
    }
    await register.done(home.id, "departures", **gone)
    (_, clue), *_ = await eventually(lambda: log.clues(home))
    assert (clue["rule_id"], clue["risk_types"]) == ("UNEMPLOYMENT", ["UNSTABLE_EMPLOYMENT"])
    assert clue["evidence_event_ids"][0] == answer.json()["event_id"]


async def _family(app: httpx.AsyncClient, callers: Callers) -> Home:
    """A head and a grown-up child, both able to work."""
    people = [next(numbers), next(numbers)]
    members = [person(people[0]), person(people[1], relation="CHILD")]
    body = household(people[0], members=members, co_living_count=2)
    answer = await app.post("/v1/households", json=body, headers=callers.registrar)
    assert answer.status_code == 201, answer.text
    return Home(str(body["household_id"]), people)


def test_whoever_has_work_again_is_not_unemployed_any_more() -> None:
    lost = fact(T.UNEMPLOYMENT, number=1)
    other = fact(T.UNEMPLOYMENT, number=2, person=CHILD)
    hired = fact(T.INSURED_EMPLOYMENT, C.STARTED, number=3, on=FIRST.replace(day=9))
    day = FIRST.replace(day=10)
    left = still_unemployed(History([lost, other, hired]), day)
    assert [(f.event_id, f.detected_on) for f in left] == [(other.event_id, day)]
    again = fact(T.UNEMPLOYMENT, number=4, on=day)
    later = fact(T.UNEMPLOYMENT, number=5, on=day + timedelta(days=1))
    (now,) = still_unemployed(History([lost, hired, again, later]), day)
    assert now.event_id == again.event_id

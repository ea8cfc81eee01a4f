"""S4.0-01, S4.1-03: who is eligible for protection and has none; what Civil Affairs said counts."""

from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.intents import Connection
from common.testing import eventually
from contracts.codes import Channel, LabourCapacity
from contracts.fact_codes import FactCode, FactType
from contracts.protection import Protection, ProtectionGapClosed, ProtectionGapDetected
from identification.domain.findings import Counted, History, KnownHousehold
from identification.domain.household import HOUSEHOLD as DECIDER
from identification.domain.protection import Gap, missing
from identification.read_model import protection
from services.identification.tests.asking import Callers, household, person
from services.identification.tests.ending import NOTE
from services.identification.tests.entries import DEREGISTER
from services.identification.tests.registrar import Home, Register
from services.identification.tests.seen import CHILD, DAY, HEAD, HOUSEHOLD, fact, income
from services.identification.tests.story import POLICY, REGISTERED, history
from services.identification.tests.test_api_facts import by, events, post
from services.identification.tests.test_api_facts import fact as told
from services.identification.tests.test_api_policies import assessment

C, T, P = FactCode, FactType, Protection
numbers = count(3600)
IDLE = replace(
    HOUSEHOLD, persons=tuple(replace(p, labour=LabourCapacity.NONE) for p in HOUSEHOLD.persons)
)


def gaps(home: KnownHousehold, *facts: Counted) -> set[Gap]:
    """What is missing to a household with these facts."""
    judged = missing(home, History(facts), POLICY)
    assert judged is not None
    return set(judged[0])


def earning(fen: int, home: KnownHousehold = IDLE) -> KnownHousehold:
    return replace(home, incomes=(income(fen, members=2),))


def decision(code: FactCode, on: date = DAY) -> Counted:
    return fact(T.SOCIAL_PROTECTION, C.SUBSISTENCE, code, on=on)


def card(*codes: FactCode, person: UUID = HEAD) -> Counted:
    return fact(T.DISABILITY_CARD, *codes, person=person)


@pytest.mark.parametrize(
    ("fen", "kind"),
    [
        (1_439_999, P.SUBSISTENCE),
        (1_440_000, P.MARGINAL_FAMILY),
        (2_160_000, P.MARGINAL_FAMILY),
        (2_160_001, None),
    ],
)
def test_S401_a_household_without_labour_is_eligible_by_its_income(
    fen: int, kind: Protection | None
) -> None:
    assert gaps(earning(fen)) == ({(kind, None)} if kind else set())


def test_S401_with_labour_or_without_an_assessment_nothing_is_said() -> None:
    assert gaps(earning(1, HOUSEHOLD)) == set()
    assert gaps(IDLE) == set()


def test_S401_what_civil_affairs_granted_or_refused_is_no_gap_and_what_they_ended_is() -> None:
    home = earning(1_800_000)
    assert gaps(home, decision(C.GRANTED)) == gaps(home, decision(C.REFUSED)) == set()
    ended = [decision(C.GRANTED, date(2024, 1, 1)), decision(C.ENDED)]
    assert gaps(home, *ended) == {(P.MARGINAL_FAMILY, None)}
    again = decision(C.GRANTED, date(2024, 3, 2))
    assert gaps(home, *ended, again) == set()


def test_S401_the_end_of_one_scheme_is_no_gap_while_another_is_granted() -> None:
    """民政: 支出型困难 ends in the month in which 低保 begins, and is told after it."""
    home, before = earning(1_800_000), date(2024, 2, 1)
    granted = decision(C.GRANTED, before)
    other = fact(T.SOCIAL_PROTECTION, C.RIGID_EXPENDITURE, C.ENDED, number=4)
    assert gaps(home, granted, other) == set()
    assert gaps(home, other) == gaps(home, granted, other, decision(C.ENDED)) != set()


def test_S413_nursing_for_the_severely_disabled_and_living_for_the_disabled_who_are_poor() -> None:
    severe, mild = card(C.LEVEL_2, C.NEW_CARD), card(C.LEVEL_3, C.NEW_CARD)
    nursing, living = (P.NURSING_ALLOWANCE, HEAD), (P.LIVING_ALLOWANCE, HEAD)
    assert gaps(HOUSEHOLD, severe) == {nursing}
    assert gaps(HOUSEHOLD, mild) == set()
    assert gaps(earning(2_160_000, HOUSEHOLD), severe) == {nursing, living}
    assert gaps(earning(2_160_000, HOUSEHOLD), mild) == {living}
    assert gaps(earning(2_160_001, HOUSEHOLD), mild) == set()
    ended = card(C.LEVEL_1, C.CARD_ENDED)._replace(detected_on=date(2024, 3, 2))
    assert gaps(HOUSEHOLD, severe, ended) == set()
    assert gaps(HOUSEHOLD, card(C.LEVEL_1, C.NEW_CARD, person=UUID(int=9))) == set()


def test_S413_each_allowance_is_decided_for_one_person_and_one_kind() -> None:
    both = [card(C.LEVEL_1, C.NEW_CARD), card(C.LEVEL_1, C.NEW_CARD, person=CHILD)]

    def granted(kind: FactCode) -> Counted:
        return fact(T.DISABILITY_ALLOWANCE, kind, C.GRANTED, number=3)

    assert gaps(HOUSEHOLD, *both, granted(C.NURSING_ALLOWANCE)) == {(P.NURSING_ALLOWANCE, CHILD)}
    assert len(gaps(HOUSEHOLD, *both, granted(C.LIVING_ALLOWANCE))) == 2


def test_S401_nothing_is_said_while_a_decision_may_be_withheld() -> None:
    withheld = History([], frozenset({HEAD}))
    assert missing(earning(1_800_000), withheld, POLICY) is None


GAP: Gap = (P.MARGINAL_FAMILY, None)


def test_S401_a_gap_is_said_once_and_closed_once() -> None:
    given = history(NOTE)
    assert given[1:] == [
        ProtectionGapDetected(
            household_id=REGISTERED.household_id,
            kind=P.MARGINAL_FAMILY,
            person_id=None,
            detected_on=NOTE.noted_on,
        )
    ]
    assert DECIDER.when(NOTE, given=given) == []
    over = replace(NOTE, gaps=frozenset(), decided=frozenset({GAP}))
    (event,) = DECIDER.when(over, given=given)
    assert isinstance(event, ProtectionGapClosed)
    assert event.decided
    assert DECIDER.when(over, given=[*given, event]) == []
    (richer,) = DECIDER.when(replace(over, decided=frozenset()), given=given)
    assert isinstance(richer, ProtectionGapClosed)
    assert not richer.decided
    assert DECIDER.when(NOTE, given=history(DEREGISTER)) == []
    (gone,) = DECIDER.when(NOTE, given=history(NOTE, DEREGISTER))
    assert isinstance(gone, ProtectionGapClosed)
    assert gaps(earning(1)) == {(P.SUBSISTENCE, None)}
    assert gaps(replace(earning(1), active=False)) == set()


@pytest.fixture
async def elderly(app: httpx.AsyncClient, callers: Callers, register: Register) -> tuple[int, Home]:
    """Two elderly without labour, on the register as formerly poor: 脱贫户."""
    first, second = next(numbers), next(numbers)
    members = [person(n, labour_capacity="NONE") for n in (first, second)]
    members[1]["relation"] = "SPOUSE"
    body = household(first, members=members, co_living_count=2)
    answer = await app.post("/v1/households", json=body, headers=callers.registrar)
    assert answer.status_code == 201, answer.text
    return first, Home(str(body["household_id"]), [first, second])


async def test_A14_two_elderly_below_the_line_are_a_gap_for_civil_affairs_and_no_automatic_clue(
    app: httpx.AsyncClient,
    callers: Callers,
    sql: asyncpg.Connection,
    elderly: tuple[int, Home],
) -> None:
    number, home = elderly
    stream = f"household-{home.id}"
    window = ("2023-03-01", "2024-02-29")
    seen = assessment(number, 1_800_000, window, "2024-03-04")
    seen["income"]["members"] = 2
    answer = await app.post("/v1/incomes", json=[seen], headers=callers.registrar)
    assert answer.json()["accepted"] == 1, answer.text

    async def timeline(*types: str) -> Any:
        return await events(sql, stream, *types)

    async def found() -> Any:
        return await timeline("ProtectionGapDetected")

    ((_, gap),) = await eventually(found)
    assert (gap["kind"], gap["person_id"]) == ("MARGINAL_FAMILY", None)
    assert [kind for kind, _ in await timeline()] == [
        "HouseholdRegistered",
        "IncomeAssessed",
        "ProtectionGapDetected",
    ]
    minzheng = callers.of("minzheng", "households:read facts:write", department="minzheng")
    path = "/v1/protection-gaps?region=441624108&kind=MARGINAL_FAMILY&limit=500"

    async def listed() -> list[str]:
        rows = (await app.get(path, headers=minzheng)).json()
        return [row["household_id"] for row in rows]

    assert home.id in await listed()
    village = Register(app, callers.staff("episodes:village", "village"))
    clue = {"channel": Channel.CADRE_SCREENING, "risk_types": ["LACK_OF_LABOUR"]}
    dated = {"discovered_on": "2024-03-05", "summary": "两位老人无劳动能力"}
    await village.done(home.id, "clues", **clue, **dated)
    granted = told(
        number,
        "minzheng",
        "SocialProtection",
        decided_on="2024-03-10",
        scheme="MARGINAL_FAMILY",
        decision="GRANTED",
    )
    answer = await post(app, by(callers, "minzheng"), granted)
    assert answer.status_code == 201, answer.text

    async def closed() -> Any:
        return await timeline("ProtectionGapClosed")

    ((_, over),) = await eventually(closed)
    assert over["decided"]
    assert home.id not in await listed()


async def test_S413_who_lacks_both_allowances_is_one_person_and_nobody_while_restricted(
    read: Connection,
) -> None:
    await read.execute(
        """
        insert into read.household (household_id, register_number, region, category,
            marginal_2019, persons, has_labour, status, origin, stage, risk_types, version)
        values (md5('gaps')::uuid, 'G-1', '441624108299', 'GENERAL', false, 2, false, 'ACTIVE',
            'TOWN', 'NONE', '{}', 1);
        insert into read.protection_gap (household_id, kind, person_id, region, detected_on)
        select md5('gaps')::uuid, kind, person, '441624108299', '2024-03-01' from (values
            ('MARGINAL_FAMILY', '00000000-0000-0000-0000-000000000000'::uuid), ('LIVING_ALLOWANCE', md5('one')::uuid),
            ('NURSING_ALLOWANCE', md5('one')::uuid)) as t (kind, person)
        """
    )
    (gaps,) = await protection.many(read, region="441624108299", kind=None, after=None, limit=500)
    assert (len(gaps.kinds), gaps.persons) == (3, 1)
    await read.execute("insert into vault.restricted (person_id) values (md5('one')::uuid)")
    assert await protection.counted(read, "441624108299") == {
        kind: int(kind is P.MARGINAL_FAMILY) for kind in P
    }
    (gaps,) = await protection.many(read, region="441624108299", kind=None, after=None, limit=500)
    assert (gaps.kinds, gaps.persons) == ([P.MARGINAL_FAMILY], 0)


async def test_protection_gaps_are_for_staff_and_civil_affairs(
    app: httpx.AsyncClient, callers: Callers
) -> None:
    staff = callers.staff("households:read", "town")
    jiaoyu = callers.of("jiaoyu", "households:read", department="jiaoyu")
    for query, headers, status, code in [
        ("?year=2024", staff, 400, "unknown-filter"),
        ("?kind=ANY", staff, 422, "invalid"),
        ("?region=441624109", staff, 403, "outside-region"),
        ("", jiaoyu, 403, "not-routed"),
    ]:
        answer = await app.get(f"/v1/protection-gaps{query}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), query

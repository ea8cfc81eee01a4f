"""T20: a birth date that was corrected is the member's from then on, and what reads an age is judged anew."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from common.ids import new_id
from common.service import Runtime
from common.testing import eventually
from contracts.circumstances import BirthDateCorrected, SexCorrected
from contracts.codes import LabourBasis, LabourCapacity, Leaving, Sex
from contracts.fact_codes import FactCode as C
from contracts.fact_codes import FactType as T
from contracts.households import LabourCapacityAssessed
from contracts.identification import HouseholdEvent
from contracts.monitoring import RecordCorrected
from identification.domain.findings import History
from identification.domain.household import HOUSEHOLD
from identification.domain.monitoring_commands import CorrectRecord
from identification.domain.register_commands import JoinHousehold, RemoveMember
from identification.domain.rulebook import FACT_RULES
from services.identification.tests.asking import Callers
from services.identification.tests.ending import CORRECT, ENDING, LATER, monitored
from services.identification.tests.registrar import Home, Register
from services.identification.tests.seen import CHILD, HEAD, fact
from services.identification.tests.seen import HOUSEHOLD as KNOWN
from services.identification.tests.story import (
    POLICY,
    REGISTERED,
    RISK,
    START,
    STEPS,
    history,
    refused,
    state,
)
from services.identification.tests.test_api_facts import events, heard_all
from services.identification.tests.test_inquiries import ASK, SIGN
from services.identification.tests.watched import Said, Watch, years_before

towns = count(1)
SIXTEEN = LATER.replace(year=LATER.year - 16)
TWELVE = date(2012, 5, 5)


def born(on: date, place: int = 1, known: date | None = None) -> CorrectRecord:
    """The correction of what the registration says of a member."""
    record = REGISTERED.members[place]
    return replace(
        CORRECT,
        corrected_type="HouseholdRegistered",
        path=f"/members/{place}/born_on",
        recorded_value=f'"{record.born_on}"',
        old_value=f'"{known or record.born_on}"',
        new_value=f'"{on}"',
        reason="与户口簿核对,录入有误",
        record=record,
        amended=replace(record, born_on=on),
    )


def after(events: list[HouseholdEvent], *commands: CorrectRecord) -> list[HouseholdEvent]:
    for command in commands:
        events = [*events, *HOUSEHOLD.when(command, given=events)]
    return events


def test_T20_a_corrected_birth_date_is_the_member_s_from_then_on() -> None:
    command = born(SIXTEEN)
    corrected, told = HOUSEHOLD.when(command, given=history())
    assert isinstance(corrected, RecordCorrected)
    assert told == BirthDateCorrected(
        household_id=REGISTERED.household_id,
        person_id=REGISTERED.members[1].person_id,
        from_born_on=REGISTERED.members[1].born_on,
        to_born_on=SIXTEEN,
        unable=False,
        corrects=CORRECT.corrected_event_id,
        corrected_on=LATER,
    )
    events = [*history(), corrected, told]
    assert [m.born_on for m in state(events).registered.members] == [
        SIXTEEN if n == 1 else m.born_on for n, m in enumerate(REGISTERED.members)
    ]
    assert HOUSEHOLD.when(command, given=events) == []  # the same request again
    assert refused(born(TWELVE), events).code == "correction-does-not-fit"
    assert len(HOUSEHOLD.when(born(TWELVE, known=SIXTEEN), given=events)) == 3


def test_T20_a_corrected_sex_is_the_member_s_from_then_on() -> None:
    record = REGISTERED.members[1]
    other = next(sex for sex in Sex if sex is not record.sex)
    command = replace(
        born(TWELVE),
        path="/members/1/sex",
        recorded_value=f'"{record.sex}"',
        old_value=f'"{record.sex}"',
        new_value=f'"{other}"',
        amended=replace(record, sex=other),
    )
    given = after(history(), born(SIXTEEN))  # the record says another birth date than the register
    _, told = HOUSEHOLD.when(command, given=given)
    assert isinstance(told, SexCorrected)
    member = state([*given, told]).registered.members[1]
    assert (told.from_sex, member.sex, member.born_on) == (record.sex, other, SIXTEEN)


def test_T20_nobody_under_sixteen_by_the_corrected_date_is_able_to_work() -> None:
    """At sixteen they may be, and somebody who turns out to be older is assessed by people."""
    _, told, assessed = HOUSEHOLD.when(born(SIXTEEN + timedelta(days=1)), given=history())
    assert isinstance(told, BirthDateCorrected)
    assert isinstance(assessed, LabourCapacityAssessed)
    assert (told.unable, assessed.person_id) == (True, told.person_id)
    assert (assessed.capacity, assessed.basis) == (LabourCapacity.NONE, LabourBasis.AGE)
    events = after(history(), born(TWELVE), born(SIXTEEN, known=TWELVE))
    assert isinstance(events[-1], BirthDateCorrected)
    assert state(events).registered.members[1].labour_capacity is LabourCapacity.NONE


@pytest.mark.parametrize("on", [LATER + timedelta(days=1), date(1899, 12, 31)])
def test_T20_a_birth_date_is_one_that_somebody_can_have(on: date) -> None:
    refusal = refused(born(on), history())
    assert (refusal.code, refusal.details) == ("birth-date-out-of-range", {"member": 2})


def test_T20_of_somebody_who_is_no_member_any_more_only_the_correction_is_kept() -> None:
    leaves = RemoveMember(
        person_id=REGISTERED.members[1].person_id,
        reason=Leaving.MARRIAGE_OUT,
        effective_on=date(2024, 4, 1),
        co_living_count=3,
        new_head=None,
        today=LATER,
    )
    merged = history(JoinHousehold(survivor_id=UUID(int=98), effective_on=leaves.effective_on))
    for given in (history(leaves), merged):
        (corrected,) = HOUSEHOLD.when(born(TWELVE), given=given)
        assert isinstance(corrected, RecordCorrected)


def test_T20_two_events_that_say_the_same_wrong_date_are_corrected_each_and_the_member_once() -> (
    None
):
    other = replace(born(TWELVE), corrected_event_id=UUID(int=91))
    (corrected,) = HOUSEHOLD.when(other, given=after(history(), born(TWELVE)))
    assert isinstance(corrected, RecordCorrected)


def test_T20_no_status_changes_by_a_corrected_birth_date() -> None:
    for done in range(1, len(STEPS) + 1):
        events = history(*STEPS[:done])
        known, then = state(events), state(after(events, born(TWELVE)))
        assert (then.stage, then.case, then.file) == (known.stage, known.case, known.file)


def test_T20_an_elimination_is_reviewed_when_nobody_was_able_to_work() -> None:
    """E7: the last who was able to work is none. A monitored household meets the guard in its time."""
    for given, expected in (
        (monitored(*ENDING), (RISK.clue_id, False)),
        (monitored(), (None, True)),
    ):
        *_, others = [given] + [given := after(given, born(TWELVE, place)) for place in (0, 1, 2)]
        assert all(c.case_id is None for c in others if isinstance(c, RecordCorrected))
        corrected, *_ = HOUSEHOLD.when(born(TWELVE, 3), given=others)
        assert isinstance(corrected, RecordCorrected)
        assert (corrected.case_id, corrected.still_supported) == expected
        again = born(SIXTEEN, 3, known=TWELVE)  # nobody was able before it
        corrected, *_ = HOUSEHOLD.when(again, given=after(others, born(TWELVE, 3)))
        assert isinstance(corrected, RecordCorrected)
        assert corrected.case_id is None


def test_T06_nobody_is_asked_on_a_letter_that_a_child_signed() -> None:
    sign = replace(SIGN, signers=(REGISTERED.members[1].person_id,))
    given = history(RISK, START, sign)
    eighteen = sign.signed_on.replace(year=sign.signed_on.year - 18)
    young = after(given, born(eighteen + timedelta(days=1)))
    assert refused(ASK, young).code == "signer-not-adult-member"
    assert HOUSEHOLD.when(ASK, given=after(given, born(eighteen)))


def test_T20_a_rule_that_reads_an_age_is_looked_at_again() -> None:
    """Whatever rule finds something else by another birth date is marked, and no other."""
    facts = {
        T.ENROLMENT: fact(T.ENROLMENT, C.DROPOUT, person=CHILD),
        T.UNEMPLOYMENT: fact(T.UNEMPLOYMENT),
        T.ACCIDENT: fact(T.ACCIDENT, C.DIED),
    }
    child = KNOWN.with_birth(CHILD, date(1990, 1, 1), able=False)
    other = replace(
        child, persons=tuple(replace(p, labour=LabourCapacity.NONE) for p in child.persons)
    )
    reading = set()
    for rule in FACT_RULES:
        about = facts.get(rule.hears, fact(rule.hears, amount=10**7, person=HEAD))
        found = [rule.find(about, one, History([about]), POLICY) for one in (KNOWN, other)]
        if found[0] != found[1]:
            reading.add(rule.id)
    assert reading == {rule.id for rule in FACT_RULES if rule.reads_age}


@pytest.fixture
def watch(app: httpx.AsyncClient, callers: Callers, sql: asyncpg.Connection) -> Watch:
    """A town of its own, so that its lists are those of the test."""
    return Watch(app, callers, sql, f"4416244{next(towns):02d}")


async def test_T20_a_corrected_birth_date_is_judged_by_at_once_and_delists_nobody(
    app: httpx.AsyncClient,
    callers: Callers,
    watch: Watch,
    sql: asyncpg.Connection,
    runtime: Runtime,
) -> None:
    """Registered as grown up, found to be a child of twelve, and then to be grown up after all."""
    today = runtime.clock.today()
    county = Register(app, callers.staff("episodes:county households:read", "county", "441624"))
    home = await watch.household({"born_on": "2000-01-01"})
    child, recent = home.people[1], str(today - timedelta(days=30))
    out = {"checked_on": recent, "term": "AUTUMN", "status": "DROPOUT"}
    await watch.told(child, "jiaoyu", "EnrolmentStatus", out)
    await watch.told(child, "minzheng", "ChildInNeed", {"kind": "ORPHAN", "recognised_on": recent})
    await heard_all(sql, f"facts-of-household-{home.id}")
    stream = f"household-{home.id}"
    assert [kind for kind, _ in await events(sql, stream)] == ["HouseholdRegistered"]

    corrected = await correct_birth(county, sql, home, "2000-01-01", years_before(today, 12))
    assert [e["type"] for e in corrected] == [
        "RecordCorrected",
        "BirthDateCorrected",
        "LabourCapacityAssessed",
    ]
    tagged: Said = ("Tagged", "ORPHAN", None)
    await watch.until(home, tagged)

    async def clues() -> Any:
        return await events(sql, stream, "RiskDetected", "RiskClueAttached")

    ((_, clue),) = await eventually(clues)
    fact_id = await sql.fetchval(
        "select event_id from es.events where stream = $1 and version = 1",
        f"facts-of-household-{home.id}",
    )
    assert (clue["rule_id"], clue["discovered_on"]) == ("DROPOUT", str(today))
    assert clue["evidence_event_ids"] == [str(fact_id), corrected[1]["event_id"]]

    async def schooling() -> Any:
        return [kind for kind, _ in await events(sql, f"schooling-of-household-{home.id}")]

    assert await eventually(schooling) == ["DropoutDetected"]

    again = await correct_birth(county, sql, home, years_before(today, 12), "2000-01-01")
    assert [e["type"] for e in again] == ["RecordCorrected", "BirthDateCorrected"]
    await watch.until(home, tagged, ("Untagged", "ORPHAN", "AGE"))

    async def replaced() -> Any:
        return await events(sql, f"evidence-of-household-{home.id}")

    ((kind, gone),) = await eventually(replaced)
    assert (kind, gone["withdrawal_proposed"]) == ("ClueEvidenceReplaced", True)
    assert (gone["clue_id"], gone["event_id"]) == (clue["clue_id"], again[1]["event_id"])
    assert (await county.get(home.id))["stage"] == "CLUE_OPEN"  # it is for people to decide
    assert await schooling() == ["DropoutDetected", "DropoutEnded"]


async def correct_birth(
    county: Register, sql: asyncpg.Connection, home: Home, old: str, new: str
) -> list[dict[str, str]]:
    registered = await sql.fetchval(
        "select event_id from es.events where stream = $1 and version = 1", f"household-{home.id}"
    )
    done = await county.done(
        home.id,
        "corrections",
        corrected_event_id=str(registered),
        path="/members/1/born_on",
        old_value=old,
        new_value=new,
        effective_on="2024-03-04",
        reason="与户口簿核对,录入有误",
        requested_by=f"village-{new_id()}",
        number_differs="OTHER_PAPERS",
    )
    await heard_all(sql, f"household-{home.id}")
    recorded: list[dict[str, str]] = done.json()["events"]
    return recorded

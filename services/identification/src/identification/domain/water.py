"""A source of drinking water: whom it serves, its tests, and when they run out (S1.3-04 to 07)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import UUID, uuid5

from common.decider import Decider, Refused
from contracts.safeguards import (
    WaterEvent,
    WaterFault,
    WaterKind,
    WaterOutageReported,
    WaterServiceChanged,
    WaterSourceRegistered,
    WaterTestDue,
    WaterTestExpired,
    WaterTestRecorded,
)
from identification.domain.guards import not_in_future, without_personal_data
from identification.domain.months import months_after
from identification.domain.policy import Policy


@dataclass(frozen=True, kw_only=True)
class RegisterSource:
    source_id: UUID
    label: str
    kind: WaterKind
    region: str
    served: frozenset[UUID]
    registered_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class ChangeService:
    connected: frozenset[UUID]
    disconnected: frozenset[UUID]
    effective_on: date
    today: date


@dataclass(frozen=True, kw_only=True)
class RecordTest:
    """`fetch_minutes` and the distances are 0 if the water comes into the house."""

    test_id: UUID
    laboratory: str
    tested_on: date
    quality_passed: bool
    litres_per_person_day: int
    fetch_minutes: int
    horizontal_m: int
    vertical_m: int
    supply_percent: int
    report_hash: str
    policy: Policy
    today: date


@dataclass(frozen=True, kw_only=True)
class ReportOutage:
    outage_id: UUID
    began_on: date
    days: int
    over: bool
    today: date


@dataclass(frozen=True, kw_only=True)
class LookAtTests:
    """The business date has moved on: has the report run out, or does it soon?"""

    policy: Policy
    today: date


WaterCommand = RegisterSource | ChangeService | RecordTest | ReportOutage | LookAtTests


@dataclass(frozen=True)
class Source:
    """A registered source. `last` is its latest test by date. `task` is the task to test again, which opens
    once for each test, before the report runs out; `expired` is said once for each test, too."""

    registered: WaterSourceRegistered
    served: frozenset[UUID]
    last: WaterTestRecorded | None = None
    tests: Mapping[UUID, WaterTestRecorded] = field(default_factory=dict)
    outages: Mapping[UUID, WaterOutageReported] = field(default_factory=dict)
    task: UUID | None = None
    expired: bool = False

    @property
    def due(self) -> bool:
        """Whether it was said that the report runs out soon."""
        return self.task is not None


def decide(command: WaterCommand, source: Source | None) -> list[WaterEvent]:
    """Raises `Refused`."""
    match command, source:
        case RegisterSource() as c, None:
            return _register(c)
        case RegisterSource() as c, Source(registered):
            if _register(c) == [registered]:
                return []
            raise Refused("water-source-exists")
        case _, None:
            raise Refused("water-source-unknown")
        case ChangeService() as c, Source() as s:
            return _change(c, s)
        case RecordTest() as c, Source() as s:
            return _test(c, s)
        case ReportOutage() as c, Source() as s:
            return _outage(c, s)
        case LookAtTests() as c, Source() as s:
            return _look(c, s)
    raise AssertionError(command)


def _register(c: RegisterSource) -> list[WaterEvent]:
    not_in_future(c.registered_on, c.today, "registered_on")
    without_personal_data(label=c.label)
    served = sorted(c.served)
    return [
        WaterSourceRegistered(
            source_id=c.source_id,
            label=c.label,
            kind=c.kind,
            region=c.region,
            served=served,
            served_count=len(served),
            registered_on=c.registered_on,
        )
    ]


def _change(c: ChangeService, source: Source) -> list[WaterEvent]:
    not_in_future(c.effective_on, c.today, "effective_on")
    connected = sorted(c.connected - source.served)
    disconnected = sorted(c.disconnected & source.served - c.connected)
    if not connected and not disconnected:
        return []
    return [
        WaterServiceChanged(
            source_id=source.registered.source_id,
            connected=connected,
            disconnected=disconnected,
            served_count=len(source.served) + len(connected) - len(disconnected),
            effective_on=c.effective_on,
        )
    ]


def _test(c: RecordTest, source: Source) -> list[WaterEvent]:
    """A test is known by its id. Sending the same again records nothing, even if other parameters hold by
    then."""
    not_in_future(c.tested_on, c.today, "tested_on")
    without_personal_data(laboratory=c.laboratory)
    faults = faults_of(c)
    event = WaterTestRecorded(
        source_id=source.registered.source_id,
        test_id=c.test_id,
        laboratory=c.laboratory,
        tested_on=c.tested_on,
        valid_to=months_after(c.tested_on, 12 * c.policy.water_test_years),
        qualified=not faults,
        faults=faults,
        litres_per_person_day=c.litres_per_person_day,
        fetch_minutes=c.fetch_minutes,
        horizontal_m=c.horizontal_m,
        vertical_m=c.vertical_m,
        supply_percent=c.supply_percent,
        report_hash=c.report_hash,
    )
    known = source.tests.get(c.test_id)
    if known is None:
        return [event]
    if _measured(known) != _measured(event):
        raise Refused("water-test-exists")
    return []


def _measured(test: WaterTestRecorded) -> tuple[WaterTestRecorded, bool]:
    """What the report itself says, without what the parameters of its day made of it."""
    plain = replace(test, faults=[], qualified=False, valid_to=test.tested_on)
    return plain, WaterFault.QUALITY in test.faults


def faults_of(c: RecordTest) -> list[WaterFault]:
    """S1.3-04: quality, quantity, convenience, and the guarantee of supply.

    Water is convenient if one of these holds: it is fetched within the time, it is not far away, or it is
    not far up.
    """
    policy = c.policy
    convenient = (
        c.fetch_minutes <= policy.water_fetch_minutes
        or c.horizontal_m <= policy.water_horizontal_m
        or c.vertical_m <= policy.water_vertical_m
    )
    wanting = {
        WaterFault.QUALITY: not c.quality_passed,
        WaterFault.QUANTITY: c.litres_per_person_day < policy.water_litres,
        WaterFault.CONVENIENCE: not convenient,
        WaterFault.SUPPLY: c.supply_percent < policy.water_supply_percent,
    }
    return [fault for fault, holds in wanting.items() if holds]


def _outage(c: ReportOutage, source: Source) -> list[WaterEvent]:
    not_in_future(c.began_on + timedelta(days=c.days), c.today, "days")
    known = source.outages.get(c.outage_id)
    if known and (known.began_on, known.days, known.over) == (c.began_on, c.days, c.over):
        return []
    if known and (known.over or c.days < known.days or c.began_on != known.began_on):
        raise Refused("water-outage-passed", days=known.days)
    return [
        WaterOutageReported(
            source_id=source.registered.source_id,
            outage_id=c.outage_id,
            began_on=c.began_on,
            days=c.days,
            over=c.over,
            reported_on=c.today,
        )
    ]


def _look(c: LookAtTests, source: Source) -> list[WaterEvent]:
    """A32: 90 days before the report runs out a test is due, and on the day after `valid_to` the report is
    stale; each is said once."""
    last = source.last
    if last is None:
        return []
    events: list[WaterEvent] = []
    # By the source too: one report of a laboratory may be about several sources.
    task_id = source.task or uuid5(last.source_id, f"water-test {last.test_id}")
    ahead = timedelta(days=c.policy.water_warn_days)
    if not source.due and c.today >= last.valid_to - ahead:
        events.append(
            WaterTestDue(
                source_id=last.source_id,
                task_id=task_id,
                valid_to=last.valid_to,
                noticed_on=c.today,
                served_count=len(source.served),
            )
        )
    if not source.expired and stale(last.valid_to, c.today):
        events.append(
            WaterTestExpired(
                source_id=last.source_id,
                task_id=task_id,
                expired_on=last.valid_to + timedelta(days=1),
                served_count=len(source.served),
            )
        )
    return events


def stale(valid_to: date, today: date) -> bool:
    """S1.3-06: older than its validity."""
    return today > valid_to


def evolve(source: Source | None, event: WaterEvent) -> Source:
    """Fold one."""
    if isinstance(event, WaterSourceRegistered):
        return Source(event, frozenset(event.served))
    assert source is not None, "the first event of a source registers it"
    match event:
        case WaterServiceChanged():
            served = source.served - {*event.disconnected} | {*event.connected}
            return replace(source, served=served)
        case WaterTestRecorded():
            source = replace(source, tests={**source.tests, event.test_id: event})
            if source.last and event.tested_on < source.last.tested_on:
                return source
            return replace(source, last=event, task=None, expired=False)
        case WaterTestDue():
            return replace(source, task=event.task_id)
        case WaterTestExpired():
            return replace(source, expired=True)
        case WaterOutageReported():
            return replace(source, outages={**source.outages, event.outage_id: event})


WATER: Decider[WaterCommand, Source | None, WaterEvent] = Decider(None, decide, evolve)

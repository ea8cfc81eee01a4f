"""The deadlines of a household, from what services declare of their events. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from audit.meaning.state import Happened, at
from common.clock import business_date

Outcome = Literal["open", "overdue", "fulfilled", "late"]


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline that an event opened. `due_on` is `None` if the event tells no date.

    Late: fulfilled after that day. Overdue: not fulfilled yet, and the day is over.
    """

    opened_by: Happened
    opened_on: date
    due_on: date | None
    closed_on: date | None
    outcome: Outcome


def deadlines(events: Iterable[Happened], today: date) -> list[Deadline]:
    """The deadlines in the order of their last days, without those that were cancelled. `events` may be in
    any order: they take effect in the order in which they were recorded."""
    open_: dict[str, Happened] = {}
    ended: dict[str, tuple[Happened, date | None]] = {}  # and when it was closed, if it was
    for event in sorted(events, key=lambda e: e.recording):
        meaning = event.meaning
        if any(at(event.payload, path) != wanted for path, wanted in meaning.when.items()):
            continue
        ends, begins = meaning.closes or meaning.cancels, meaning.opens or meaning.reopens
        if ends and (opened := open_.pop(id_ := _id(event, ends), None)):
            ended[id_] = opened, business_date(event.occurred_at) if meaning.closes else None
        if begins:
            last = ended.pop(id_ := _id(event, begins), (event, None))
            if meaning.opens:  # another one follows
                ended[str(event.event_id)] = last
            open_.setdefault(id_, event if meaning.opens else last[0])
    found = [_deadline(opened, on, today) for opened, on in ended.values() if on]
    found += [_deadline(event, None, today) for event in open_.values()]
    return sorted(found, key=lambda d: (d.due_on or date.max, d.opened_on))


def _id(event: Happened, path: str) -> str:
    """The value at the path; or, if there is none, the path itself: the name of a deadline that a household
    has only once."""
    found = at(event.payload, path)
    return found if isinstance(found, str) else path


def _deadline(opened: Happened, closed_on: date | None, today: date) -> Deadline:
    due_on = _due(opened)
    if due_on is None or due_on >= (closed_on or today):
        outcome: Outcome = "fulfilled" if closed_on else "open"
    else:
        outcome = "late" if closed_on else "overdue"
    return Deadline(opened, business_date(opened.occurred_at), due_on, closed_on, outcome)


def _due(event: Happened) -> date | None:
    """The date that it sets as `due_on`, if it is written `YYYY-MM-DD`: readers differ in what else is one."""
    due = event.meaning.due()
    told: Any = at(event.payload, due[1]) if due else None
    try:
        found = date.fromisoformat(told)
    except (TypeError, ValueError):
        return None
    return found if found.isoformat() == told else None

"""T20: a field of an earlier event said something wrong; a new event says what it should have said."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pydantic
from fastapi import APIRouter, Response

from common.codec import Codec, encode
from common.problems import Problem, fault
from contracts.assessments import IncomeAssessed, SafeguardAssessed
from contracts.codes import Sex
from contracts.households import HouseholdMemberAdded, HouseholdRegistered
from contracts.identification import HouseholdEvent
from identification import vault
from identification.api.fields import RegisterNumber
from identification.api.monitoring_forms import CorrectionForm
from identification.api.steps import County, Step
from identification.domain.correctable import NUMBER
from identification.domain.known_incomes import day_of
from identification.domain.monitoring_commands import Correctable, CorrectRecord
from identification.identity import contradicted_by, differs_fault

router = APIRouter(prefix="/v1/households/{household_id}", tags=["corrections"])

CODEC = Codec.of(HouseholdEvent)
_number = pydantic.TypeAdapter(RegisterNumber)


@router.post("/corrections", status_code=201, summary="T20: correct a field of an earlier event")
async def correct(form: CorrectionForm, asked: County) -> Response:
    """Asked for by one person, approved by another; the event itself stays as it is. An assessment is
    recorded anew as it stands now, a member has the corrected birth date from then on, and what rests on
    either is judged anew; no status changes by itself. The household has the register number that is corrected."""
    step = await asked.step()
    event = await step.app.runtime.pool.fetchrow(
        "select type, schema_version, data from es.events where stream = $1 and event_id = $2",
        f"household-{step.household_id}",
        form.corrected_event_id,
    )
    if event is None:
        raise Problem("unknown-event", faults=[fault("/corrected_event_id", "value")])
    payload = msgspec.json.decode(event["data"])
    if form.path == "/household_id":
        raise Problem("field-follows", {"path": form.path}, [fault("/path", "value")])
    kind = event["type"], event["schema_version"]
    now = _with(payload, form.path, form.new_value)
    try:
        amended = CODEC.decode(*kind, encode(now))
        if (event["type"], form.path) == NUMBER:
            _number.validate_python(form.new_value)
    except (msgspec.ValidationError, pydantic.ValidationError) as error:
        raise Problem("invalid", faults=[fault("/new_value", "value")]) from error
    record = _record(CODEC.decode(*kind, event["data"]), form.path)
    await _as_in_the_number(step, now, form)
    command = CorrectRecord(
        corrected_event_id=form.corrected_event_id,
        corrected_type=event["type"],
        path=form.path,
        recorded_value=encode(_at(payload, form.path)).decode(),
        old_value=encode(form.old_value).decode(),
        new_value=encode(form.new_value).decode(),
        effective_on=form.effective_on,
        reason=form.reason,
        requested_by=form.requested_by,
        by=step.by,
        today=step.today,
        policy=step.policy_on(_day(record, form.effective_on)),
        record=record,
        amended=_record(amended, form.path),
        number_differs=form.number_differs,
        person_id=_whose(payload, form.path),
    )
    return await step.take(command, form.effective_on)


async def _as_in_the_number(step: Step, payload: Any, form: CorrectionForm) -> None:
    """A corrected sex or birth date is that of the identity number, or it is said why not. Raises `Problem`
    (422). The number of somebody whose data may not be used, or who is gone, is not opened for this."""
    above, _, name = form.path.rpartition("/")
    if name not in ("born_on", "sex"):
        if form.number_differs:
            raise Problem("invalid", faults=[fault("/number_differs", "value")])
        return
    member = _at(payload, above)
    person_id = UUID(member["person_id"])
    async with step.app.runtime.pool.acquire() as connection:
        kept = await vault.kept(connection, step.household_id, person_id)
    if kept is None or kept.restricted:
        return
    number = step.app.vault.open(person_id, kept.sealed).identity_number
    if not number:
        return
    born_on = date.fromisoformat(member["born_on"])
    male = member["sex"] == Sex.MALE
    differ = name in contradicted_by(number, male=male, born_on=born_on)
    if differ and form.number_differs is None:
        raise Problem("invalid", faults=[differs_fault("/new_value")])
    if form.number_differs and not differ:
        raise Problem("invalid", faults=[fault("/number_differs", "as-in-number")])


def _record(payload: Any, path: str) -> Correctable | None:
    """An assessment, or the member whose birth date or sex is at `path`; of anything else nothing follows."""
    match payload, path.split("/")[1:]:
        case (IncomeAssessed() | SafeguardAssessed()) as assessed, _:
            return assessed
        case HouseholdRegistered() as entry, ["members", place, "born_on" | "sex"]:
            return entry.members[int(place)]
        case HouseholdMemberAdded() as added, ["member", "born_on" | "sex"]:
            return added.member
    return None


def _whose(payload: Any, path: str) -> UUID | None:
    """The person whom the field is about, if it is about one."""
    holder = _at(payload, path.rpartition("/")[0])
    named = holder.get("person_id") if isinstance(holder, dict) else None
    return UUID(named) if named else None


def _day(record: Correctable | None, effective_on: date) -> date:
    """The day whose parameters hold for the record."""
    match record:
        case IncomeAssessed():
            return day_of(record)
        case SafeguardAssessed():
            return record.assessed_on
    return effective_on


def _at(payload: Any, path: str) -> Any:
    """The value at a JSON pointer. Raises `Problem` (422) where there is none."""
    for name in path.split("/")[1:]:
        try:
            payload = payload[_place(name)] if isinstance(payload, list) else payload[name]
        except (KeyError, IndexError, TypeError, ValueError):
            raise Problem("no-such-field", {"path": path}, [fault("/path", "value")]) from None
    return payload


def _place(name: str) -> int:
    """A place in a list. Raises `ValueError` for another way to write it, such as `01` (RFC 6901): each
    would be corrected as a field of its own."""
    place = int(name)
    if name != str(place):
        raise ValueError(name)
    return place


def _with(payload: Any, path: str, value: Any) -> Any:
    """A copy with another value at a JSON pointer. Raises `Problem` as `_at`."""
    _at(payload, path)
    copy = msgspec.json.decode(encode(payload))
    above, _, name = path.rpartition("/")
    holder = _at(copy, above) if above else copy
    holder[int(name) if isinstance(holder, list) else name] = value
    return copy

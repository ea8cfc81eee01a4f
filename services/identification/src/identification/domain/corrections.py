"""T20: the value that a field of an earlier event should have had, and what follows if the event is an
assessment or the field a birth date (`births`).

The assessment is recorded once more, as it stands now, so that whoever judges by assessments judges anew:
rules, protection, the guards of an elimination. Decisions stay as they were; people review them.
"""

import json
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date
from uuid import UUID

from common.decider import Refused
from contracts.assessments import IncomeAssessed, SafeguardAssessed
from contracts.codes import MonitoredClass
from contracts.households import Member
from contracts.monitoring import RecordCorrected
from identification.domain import births
from identification.domain.assessments import proposed_class
from identification.domain.correctable import NUMBER, may_be
from identification.domain.guards import (
    Taken,
    apart,
    explained,
    not_in_future,
    without_personal_data,
)
from identification.domain.income import GROUPS, Income, assessed, totals
from identification.domain.known_incomes import (
    above_the_line,
    day_of,
    find,
    with_one_more,
)
from identification.domain.monitoring_commands import Assessment, CorrectRecord
from identification.domain.policy import Policy
from identification.domain.stages import NotAtRisk, Verified, monitored_of
from identification.domain.states import Household
from identification.domain.survey import Survey, in_sum, is_safe, of_those_here

Corrected = RecordCorrected | IncomeAssessed | SafeguardAssessed | births.Follows
MOST_FEN = 10**12
AMOUNTS = tuple(f.name for f in fields(Income) if f.name.endswith("_fen"))
INCOME = {f"/{name}" for name in (*AMOUNTS, "members", "previous_disposable_fen")}
SURVEY = {f.name for f in fields(Survey)}
BY_MEMBER = {"dropouts": "schooling", "uninsured": "uninsured_persons", "water_safe": "water"}


def correct(c: CorrectRecord, household: Household) -> Sequence[Corrected]:
    """Asked for by one person and approved by another, with a reason and a value that differs. The event
    that is corrected stays as it is.

    Where a field was corrected before, the next correction starts from its value since then.
    """
    known = household.corrected.get((c.corrected_event_id, c.path), c.recorded_value)
    if known == c.new_value != c.recorded_value:
        return []
    if known != c.old_value:
        raise Refused("correction-does-not-fit", path=c.path, recorded=known)
    apart(c.by, {c.requested_by}, before=Taken.REQUEST)
    explained(reason=c.reason)
    # Assessments and dates have no free text, and the form limits what a register number may be.
    if c.record is None and (c.corrected_type, c.path) != NUMBER:
        without_personal_data(old_value=c.old_value, new_value=c.new_value)
    if c.old_value == c.new_value:
        raise Refused("nothing-to-correct")
    not_in_future(c.effective_on, c.today, "effective_on")
    follows, case = _what_follows(c, household)
    corrected = RecordCorrected(
        household_id=household.id,
        corrected_event_id=c.corrected_event_id,
        corrected_type=c.corrected_type,
        path=c.path,
        old_value=c.old_value,
        new_value=c.new_value,
        effective_on=c.effective_on,
        reason=c.reason,
        requested_by=c.requested_by,
        approved_by=c.by,
        case_id=case[0] if case else None,
        still_supported=case[1] if case else True,
    )
    return [corrected, *follows]


def _what_follows(
    c: CorrectRecord, household: Household
) -> tuple[Sequence[Assessment | births.Follows], tuple[UUID, bool] | None]:
    """The events that follow, and the case whose decision rests on the old value, if there is one."""
    may_be(c, household)
    if isinstance(c.amended, Member):
        told = births.corrected(c, c.amended, household)
        return told, births.decided_on(told, household)
    now = _restated(c, household)
    return ([now], _decided_on(c, now, household)) if now else ([], None)


def corrected(household: Household, event: RecordCorrected) -> Household:
    """The field has the new value from now on. A corrected register number becomes the household's number."""
    known = {**household.corrected, (event.corrected_event_id, event.path): event.new_value}
    entry = household.registered
    if (event.corrected_type, event.path) == NUMBER:
        entry = replace(entry, register_number=json.loads(event.new_value))
    return replace(household, corrected=known, registered=entry)


def _restated(c: CorrectRecord, household: Household) -> Assessment | None:
    """The whole assessment with the new value; `None` where nothing is judged by the record."""
    match c.record, c.amended:
        case IncomeAssessed() as record, IncomeAssessed() as amended:
            if record != find(household.assessments, record.assessment_id):
                raise Refused("record-superseded")
            return _income(c, record, amended)
        case SafeguardAssessed() as record, SafeguardAssessed() as amended:
            _takes_effect(c, record.assessed_on)
            known = household.safeguards
            if record == known:
                return _survey(c, amended, household)
            if known and known.corrects and known.assessed_on == record.assessed_on:
                raise Refused("record-superseded")
    return None


def _takes_effect(c: CorrectRecord, on: date) -> None:
    if c.effective_on != on:
        raise Refused("correction-from-its-day", on=on)


def _income(c: CorrectRecord, record: IncomeAssessed, amended: IncomeAssessed) -> IncomeAssessed:
    """The totals and the comparison are computed from the corrected amounts, with the line of that day."""
    _takes_effect(c, day_of(record))
    sources = amended.sources
    if c.path[1:] in GROUPS and sources:
        raise Refused("correct-the-source", path=c.path)
    if c.path not in INCOME and not c.path.startswith("/sources/"):
        raise Refused("field-follows", path=c.path)
    told = {f.name: getattr(amended, f.name) for f in fields(Income)}
    if sources:
        told |= totals(sources)
    income = Income(**told)
    if income.members < 1 or not all(0 <= told[name] <= MOST_FEN for name in AMOUNTS):
        raise Refused("correction-out-of-range", path=c.path)
    found = assessed(
        income,
        replace(c.policy, income_line_fen=record.line_fen),
        household_id=record.household_id,
        assessment_id=record.assessment_id,
        assessed_on=day_of(record),
        previous_disposable_fen=amended.previous_disposable_fen,
        sources=sources,
    )
    return replace(found, assessed_on=record.assessed_on, corrects=c.corrected_event_id)


def _survey(
    c: CorrectRecord, amended: SafeguardAssessed, household: Household
) -> SafeguardAssessed:
    """The numbers are computed from the corrected answers, which are about people whom the household knows."""
    field = c.path.split("/")[1]
    if field not in SURVEY:
        raise Refused("field-follows", path=c.path)
    if field in BY_MEMBER and getattr(amended, BY_MEMBER[field]) is not None:
        raise Refused("correct-the-source", path=c.path)
    people = [*household.registered.members, *(past.member for past in household.past.left)]
    named = [*(child.person_id for child in amended.schooling or ())]
    if not {*named, *(amended.uninsured_persons or ())} <= {m.person_id for m in people}:
        raise Refused("not-a-member")
    return replace(in_sum(amended), corrects=c.corrected_event_id)


def _decided_on(
    c: CorrectRecord, now: Assessment, household: Household
) -> tuple[UUID, bool] | None:
    """The case whose decision rests on the record, and whether the decision would be the same now.

    `None` if no decision rests on it. Also `None` if a clue of the case does: then the clue's evidence is
    replaced (A50).
    """
    monitored, eliminated = monitored_of(household.case), household.eliminated
    file = household.file or (eliminated and eliminated.file)
    clues = {clue.clue_id for clue in file.clues} if file else set()
    if any(r.clue_id in clues and c.corrected_event_id in r.evidence for r in household.reported):
        return None
    if monitored and isinstance(now, IncomeAssessed):
        if monitored.confirmed.assessment_id != now.assessment_id:
            return None
        fits = proposed_class(now, household, c.policy) is monitored.confirmed.monitored_class
        return household.opened.case_id, fits
    if monitored or household.case or not eliminated:
        return None
    if isinstance(now, SafeguardAssessed):
        return eliminated.file.case_id, is_safe(of_those_here(now, household.registered))
    before = above_the_line(household.assessments)
    after = above_the_line(with_one_more(household.assessments, now))
    if before is None or not before[0] <= day_of(now) <= eliminated.on:
        return None
    return eliminated.file.case_id, after is not None and after[0] <= before[0]


def still_fits(household: Household, case: Verified, policy: Policy) -> bool:
    """T10: whether the class that was proposed still follows."""
    return case.verified.proposed_class is _class_now(
        household, case, case.income.assessment_id, case.verified.proposed_class, policy
    )


def no_class_fits(household: Household, case: NotAtRisk, policy: Policy) -> bool:
    """T4: whether the household is still found not at risk."""
    return _class_now(household, case, case.found.assessment_id, None, policy) is None


def _class_now(
    household: Household,
    case: Verified | NotAtRisk,
    assessment_id: UUID,
    proposed: MonitoredClass | None,
    policy: Policy,
) -> MonitoredClass | None:
    """The class that was proposed; or, if the assessment or the household's category was corrected since,
    the class that follows now."""
    income = find(household.assessments, assessment_id)
    if income is None or (
        income.corrects is None and household.registered.category is case.category
    ):
        return proposed
    return proposed_class(income, household, policy)

"""What runs beside the stages: authorisation (T5), comparison (T6), objections (T11), help that
cannot wait (T12)."""

from dataclasses import replace
from datetime import date
from typing import assert_never

from common.decider import Refused
from contracts.inquiries import (
    AuthorisationRefused,
    AuthorisationSigned,
    DataComparisonCompleted,
    DataComparisonRequested,
    EmergencyAssistanceGranted,
    InquiryEvent,
    ObjectionRaised,
    ObjectionResolved,
    SignatureMedium,
)
from identification.domain.commands import (
    CompleteComparison,
    GrantEmergencyAssistance,
    InquiryCommand,
    RaiseObjection,
    RefuseAuthorisation,
    RequestComparison,
    ResolveObjection,
    SignAuthorisation,
)
from identification.domain.files import CaseFile
from identification.domain.guards import (
    Needed,
    Taken,
    apart,
    begun_on,
    explained,
    in_order,
    last_step,
    out_of_order,
    without_personal_data,
)
from identification.domain.registration import OLDEST, age_on
from identification.domain.stages import (
    Case,
    Publicised,
    PublicityOver,
    TownReviewed,
    Verifying,
    monitored_of,
)
from identification.domain.states import Household

ADULT = 18  # years


def advance(command: InquiryCommand, household: Household, case: Case | None) -> list[InquiryEvent]:
    """What follows. Raises `Refused`."""
    match command:
        case GrantEmergencyAssistance():
            return _grant(command, household)
        case RaiseObjection() | ResolveObjection():
            if not isinstance(case, Publicised | PublicityOver | TownReviewed):
                raise out_of_order(Needed.POSTED, household)
            if isinstance(command, RaiseObjection):
                return _object(command, household, case)
            return _resolve(command, household, case)
        case _ if case is None or monitored_of(case):
            raise out_of_order(Needed.CASE, household)
        case SignAuthorisation():
            return _sign(command, household)
        case RefuseAuthorisation():
            return _refuse(command, household)
        case RequestComparison():
            return _request(command, household)
        case CompleteComparison():
            return _compared(command, household)
        case _:
            assert_never(command)


def _sign(c: SignAuthorisation, household: Household) -> list[InquiryEvent]:
    """T5. Everybody who signs is an adult member. Sending the same letter again records nothing."""
    in_order(c.signed_on, _last_word(household), c.today, "signed_on")
    born = {member.person_id: member.born_on for member in household.registered.members}
    if not c.signers or not c.scope:
        raise Refused("authorisation-incomplete")
    if c.medium is None:
        raise Refused("authorisation-medium", codes=list(SignatureMedium))
    for number, signer in enumerate(c.signers, 1):
        if signer not in born or age_on(born[signer], c.signed_on) < ADULT:
            raise Refused("signer-not-adult-member", signer=number)
    signed = AuthorisationSigned(
        household_id=household.id,
        signers=list(dict.fromkeys(c.signers)),
        scope=list(dict.fromkeys(c.scope)),
        document_hash=c.document_hash,
        assisted=c.assisted,
        signed_on=c.signed_on,
        medium=c.medium,
    )
    return [] if household.opened.consent == signed else [signed]


def _refuse(c: RefuseAuthorisation, household: Household) -> list[InquiryEvent]:
    """T5. A refusal also takes back an authorisation; from then on no register is asked."""
    in_order(c.refused_on, _last_word(household), c.today, "refused_on")
    without_personal_data(reason=c.reason)
    refused = AuthorisationRefused(
        household_id=household.id, reason=c.reason, refused_on=c.refused_on
    )
    return [] if household.opened.consent == refused else [refused]


def _last_word(household: Household) -> date:
    """The day on which the family last signed or refused. What they said before that day can no longer be
    recorded."""
    match household.opened.consent:
        case AuthorisationSigned() as said:
            return said.signed_on
        case AuthorisationRefused() as said:
            return said.refused_on
        case None:
            return begun_on(household)


def _request(c: RequestComparison, household: Household) -> list[InquiryEvent]:
    """T6 and A19. No register is asked without a signature, nor for more than it allows."""
    file = household.opened
    under_way = file.asked.comparison_id if file.asked else None
    if c.comparison_id == under_way or c.comparison_id in file.compared:
        return []
    match file.consent:
        case None:
            raise Refused("authorisation-needed")
        case AuthorisationRefused():
            raise Refused("authorisation-refused", refused_on=file.consent.refused_on)
        case AuthorisationSigned():
            in_order(c.requested_on, file.consent.signed_on, c.today, "requested_on")
            _not_by_a_child(file.consent, household)
            beyond = sorted(set(c.sources) - set(file.consent.scope))
        case _:
            assert_never(file.consent)
    if beyond or not c.sources:
        raise Refused("beyond-authorisation", sources=beyond, scope=file.consent.scope)
    if file.asked:
        raise Refused("comparison-open", sources=file.asked.sources)
    return [
        DataComparisonRequested(
            household_id=household.id,
            comparison_id=c.comparison_id,
            sources=list(dict.fromkeys(c.sources)),
            requested_on=c.requested_on,
        )
    ]


def _not_by_a_child(consent: AuthorisationSigned, household: Household) -> None:
    """T5: whoever signed was an adult on that day, by the birth dates as they are known now (T20)."""
    born = {member.person_id: member.born_on for member in household.registered.members}
    for number, signer in enumerate(consent.signers, 1):
        if signer in born and age_on(born[signer], consent.signed_on) < ADULT:
            raise Refused("signer-not-adult-member", signer=number)


def _compared(c: CompleteComparison, household: Household) -> list[InquiryEvent]:
    """T6. Every register that was asked answered once, or timed out. Nothing that one answers rejects a
    case by itself."""
    asked = household.opened.asked
    if asked is None:
        raise Refused("no-comparison-open")
    in_order(c.completed_on, asked.requested_on, c.today, "completed_on")
    without_personal_data(**{f.source: f.detail_ref for f in c.findings})
    told = [*(finding.source for finding in c.findings), *c.timed_out]
    if sorted(told) != sorted(asked.sources):
        missing = sorted(set(asked.sources) - set(told))
        raise Refused("comparison-incomplete", missing=missing, asked=asked.sources)
    return [
        DataComparisonCompleted(
            household_id=household.id,
            comparison_id=asked.comparison_id,
            findings=list(c.findings),
            hits=sum(finding.hit for finding in c.findings),
            timed_out=list(c.timed_out),
            completed_on=c.completed_on,
        )
    ]


def _object(
    c: RaiseObjection, household: Household, case: Publicised | PublicityOver | TownReviewed
) -> list[InquiryEvent]:
    """From the notice until the county decides."""
    if c.objection_id in {*household.opened.objections, *household.opened.answered}:
        return []
    posted_on = household.opened.posted_on
    assert posted_on, "an objection is to a notice"
    in_order(c.raised_on, posted_on, c.today, "raised_on")
    without_personal_data(text=c.text)
    return [
        ObjectionRaised(
            household_id=household.id,
            objection_id=c.objection_id,
            procedure=case.before.procedure,
            anonymous=c.anonymous,
            text=c.text,
            raised_on=c.raised_on,
        )
    ]


def _resolve(
    c: ResolveObjection, household: Household, case: Publicised | PublicityOver | TownReviewed
) -> list[InquiryEvent]:
    """T11. With a reason, whichever way it is decided; not by who verified what is objected to (as T9)."""
    if c.objection_id not in household.opened.objections:
        raise Refused("unknown-objection", objections=list(household.opened.objections))
    apart(c.by, case.before.by, before=Taken.VERIFICATION)
    raised_on = household.opened.objections[c.objection_id]
    earliest = max(raised_on, last_step(household)) if c.upheld else raised_on
    anew = c.upheld and monitored_of(case) is None
    in_order(c.resolved_on, earliest, c.today, "resolved_on")
    explained(text=c.text)
    return [
        ObjectionResolved(
            household_id=household.id,
            objection_id=c.objection_id,
            procedure=case.before.procedure,
            upheld=c.upheld,
            text=c.text,
            resolved_on=c.resolved_on,
            resolved_by=c.by,
            risk_types=sorted(household.opened.risk_types) if anew else [],
        )
    ]


def _grant(c: GrantEmergencyAssistance, household: Household) -> list[InquiryEvent]:
    """T12. With a case or before there is one, until the county confirms: from then on, help is planned.

    Also possible before the household was registered: help that cannot wait comes before the paperwork.
    """
    if c.grant_id in household.grant_ids:
        return []
    if monitored_of(household.case):
        raise out_of_order(Needed.UNCONFIRMED, household)
    in_order(c.granted_on, OLDEST, c.today, "granted_on")
    return [
        EmergencyAssistanceGranted(
            household_id=household.id,
            grant_id=c.grant_id,
            cause=c.cause,
            amount_fen=c.amount_fen,
            granted_on=c.granted_on,
            granted_by=c.by,
        )
    ]


def evolve(household: Household, event: InquiryEvent) -> Household:
    """Fold one."""
    if isinstance(event, EmergencyAssistanceGranted):
        household = replace(household, grant_ids=household.grant_ids | {event.grant_id})
        if household.file is None:
            return replace(household, grants=(*household.grants, event))
    file = household.opened
    match event:
        case EmergencyAssistanceGranted():
            return replace(household, file=file.with_help([event]))
        case AuthorisationSigned() | AuthorisationRefused():
            return replace(household, file=replace(file, consent=event))
        case DataComparisonRequested():
            return replace(household, file=replace(file, asked=event))
        case DataComparisonCompleted():
            assert file.asked, "what was not asked for has no answer"
            days = (file.asked.requested_on, event.completed_on)
            compared = {**file.compared, event.comparison_id: days}
            file = replace(file, asked=None, compared=compared, hits=event.hits)
            return replace(household, file=file)
        case ObjectionRaised():
            objections = {**file.objections, event.objection_id: event.raised_on}
            return replace(household, file=replace(file, objections=objections))
        case ObjectionResolved():
            return _resolved(household, file, event)
        case _:
            assert_never(event)


def _resolved(household: Household, file: CaseFile, event: ObjectionResolved) -> Household:
    """An objection that is upheld ends the elimination (T15) or sends the case back (T11), and the other
    objections with it."""
    left = dict(file.objections)
    days = (left.pop(event.objection_id), event.resolved_on)
    file = replace(file, objections=left, answered={**file.answered, event.objection_id: days})
    household = replace(household, file=file)
    if not event.upheld:
        return household
    if monitored_of(household.case):
        return household.still_monitored(event.resolved_on)
    file = replace(file, objections={})
    return replace(household, case=Verifying(event.resolved_on), file=file)

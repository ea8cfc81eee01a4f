"""How a case ends without monitoring, or goes back: T4 and T11."""

from datetime import date

from common.decider import Refused
from contracts.codes import RiskType
from contracts.episodes import (
    ClueRejected,
    ClueWithdrawn,
    EpisodeEvent,
    RejectionReason,
    ReviewLevel,
    ReviewReturned,
)
from contracts.evidence import CluesLeft
from contracts.inquiries import AuthorisationRefused
from identification.domain.case_clues import carry_over
from identification.domain.commands import RejectClue, ReturnReview, WithdrawClue
from identification.domain.corrections import no_class_fits
from identification.domain.files import Clue
from identification.domain.guards import (
    Needed,
    Taken,
    apart,
    explained,
    in_order,
    last_step,
    out_of_order,
)
from identification.domain.policy import Policy
from identification.domain.risks import unverified
from identification.domain.stages import (
    Case,
    ClueOpen,
    Monitored,
    NotAtRisk,
    Publicised,
    PublicityOver,
    TownReviewed,
    Verified,
    Verifying,
    VillageReviewed,
    monitored_of,
)
from identification.domain.states import Household

# Reasons that hold whatever the clue says; the others are of what was looked into.
OF_THE_HOUSEHOLD = {
    RejectionReason.NOT_RURAL,
    RejectionReason.ALREADY_MONITORED,
    RejectionReason.REFUSED_AUTHORISATION,
    RejectionReason.CANNOT_LOCATE,
}


def reject(c: RejectClue, household: Household, case: Case | None) -> list[EpisodeEvent]:
    """T4. With a reason that the file confirms, in words; the family is told, and told how to appeal."""
    monitored = monitored_of(case)
    match case:
        case Verifying() | NotAtRisk() | Verified():
            earliest, done = last_step(household), household.opened.verifiers
        case _ if monitored:
            earliest, done = _unhandled(c, monitored), frozenset[str]()
        case _:
            reviewed = isinstance(case, Publicised | PublicityOver | TownReviewed | VillageReviewed)
            raise out_of_order(Needed.UNREVIEWED if reviewed else Needed.STARTED, household)
    in_order(c.rejected_on, earliest, c.today, "rejected_on")
    in_order(c.family_told_on, earliest, c.today, "family_told_on")
    apart(c.by, done, before=Taken.VERIFICATION)
    explained(text=c.text)
    if not c.appeal_explained:
        raise Refused("appeal-not-explained")
    above = c.reason_code is RejectionReason.INCOME_ABOVE_AND_NO_RISK
    if above and not isinstance(case, NotAtRisk):
        raise Refused("rejection-needs-conclusion")
    if above and isinstance(case, NotAtRisk):
        _concluded(household, case, c.policy)
    unwilling = c.reason_code is RejectionReason.REFUSED_AUTHORISATION
    if unwilling and not isinstance(household.opened.consent, AuthorisationRefused):
        raise Refused("rejection-needs-refusal")
    ends, clues = monitored is None, household.opened.clues
    if ends and c.clue_id not in (None, clues[0].clue_id):
        raise Refused("clue-not-open", clues=[clues[0].clue_id])
    rejected = ClueRejected(
        household_id=household.id,
        clue_id=c.clue_id or clues[0].clue_id,
        reason_code=c.reason_code,
        text=c.text,
        family_told_on=c.family_told_on,
        rejected_on=c.rejected_on,
        rejected_by=c.by,
        ends_case=ends,
    )
    left = _untouched(c, household) if ends else []
    return [rejected, *carry_over(left, household, c.policy)]


def _untouched(c: RejectClue, household: Household) -> list[Clue]:
    """The clues that the reason does not answer. It is about what officers found, and these joined after
    the officers were sent or had verified."""
    if c.reason_code in OF_THE_HOUSEHOLD:
        return []
    file = household.opened
    # Before anybody assessed the income, no class has answered what rules say of it.
    sent = isinstance(household.case, Verifying)
    late = [clue for clue in file.clues if clue.clue_id not in file.verified]
    return [clue for clue in (late if sent else unverified(file)) if clue is not file.clues[0]]


def _concluded(household: Household, case: NotAtRisk, policy: Policy) -> None:
    """The household is still found not at risk, and the verification covered every clue. Raises `Refused`."""
    if not no_class_fits(household, case, policy):
        raise Refused("verification-corrected")
    file = household.opened
    if later := [clue.clue_id for clue in file.clues if clue.clue_id not in file.verified]:
        raise Refused("clue-after-verification", clues=later)


def _unhandled(c: RejectClue, case: Monitored) -> date:
    """The day of a clue that joined a confirmed episode and that nobody has looked at. Raises `Refused`."""
    for clue in case.unhandled:
        if clue.clue_id == c.clue_id:
            return clue.discovered_on
    raise Refused("clue-not-open", clues=[clue.clue_id for clue in case.unhandled])


def withdraw(c: WithdrawClue, household: Household, case: Case | None) -> list[EpisodeEvent]:
    """T4. With a reason, before the village reviews. Without its last clue, the case ends."""
    monitored = monitored_of(case)
    match case:
        case ClueOpen() | Verifying() | NotAtRisk() | Verified():
            open_clues = household.opened.clues
        case _ if monitored:
            open_clues = monitored.unhandled
        case _:
            raise out_of_order(Needed.UNREVIEWED, household)
    clue = next((clue for clue in open_clues if clue.clue_id == c.clue_id), None)
    if clue is None:
        raise Refused("clue-not-open", clues=[clue.clue_id for clue in open_clues])
    ends = len(open_clues) == 1 and monitored is None
    earliest = max(clue.discovered_on, last_step(household)) if ends else clue.discovered_on
    in_order(c.withdrawn_on, earliest, c.today, "withdrawn_on")
    explained(reason=c.reason)
    left = frozenset[RiskType]().union(*(o.risk_types for o in open_clues if o is not clue))
    unverified = isinstance(case, ClueOpen | Verifying | NotAtRisk)
    return [
        ClueWithdrawn(
            household_id=household.id,
            clue_id=c.clue_id,
            by=c.withdrawn_by,
            reason=c.reason,
            withdrawn_on=c.withdrawn_on,
            ends_case=ends,
            left=CluesLeft(risk_types=sorted(left)) if left and unverified else None,
        )
    ]


def send_back(c: ReturnReview, household: Household, case: Case | None) -> list[EpisodeEvent]:
    """T11. The town sends back until it has approved, then the county does. The clock runs on."""
    if monitored_of(case):
        raise out_of_order(Needed.CASE, household)
    match case:
        case NotAtRisk() | Verified() | VillageReviewed() | Publicised() | PublicityOver():
            level = ReviewLevel.TOWN
        case TownReviewed():
            level = ReviewLevel.COUNTY
        case _:
            raise out_of_order(Needed.VERIFIED, household)
    if c.level is not level:
        raise Refused("not-your-turn", level=level, level_zh=level.zh, level_en=level.en)
    in_order(c.returned_on, last_step(household), c.today, "returned_on")
    explained(reason=c.reason)
    return [
        ReviewReturned(
            household_id=household.id,
            level=c.level,
            reason=c.reason,
            returned_on=c.returned_on,
            returned_by=c.by,
            risk_types=sorted(household.opened.risk_types),
        )
    ]

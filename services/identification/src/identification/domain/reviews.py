"""The steps that both decisions share, identification and elimination: village review, publicity, town
(T7–T9, E10).

`case.before` says what is reviewed, and who verified it.
"""

from datetime import timedelta

from common.decider import Refused
from contracts.episodes import (
    EpisodeEvent,
    PublicityCompleted,
    PublicityPosted,
    TownReviewApproved,
    VillageReviewHeld,
)
from contracts.inquiries import AuthorisationRefused
from contracts.stages import Procedure
from identification.domain.case_clues import carry_over
from identification.domain.commands import (
    ApproveByTown,
    CompletePublicity,
    HoldVillageReview,
    PostPublicity,
)
from identification.domain.guards import (
    Taken,
    answered,
    apart,
    in_order,
    undisputed,
    without_personal_data,
)
from identification.domain.publicity import LABELS, personal_data_in
from identification.domain.risks import unverified
from identification.domain.stages import Findings, Publicised, PublicityOver, VillageReviewed
from identification.domain.states import Household


def review(c: HoldVillageReview, household: Household, case: Findings) -> list[EpisodeEvent]:
    """T7. Passed if the share of those present who vote for it is above the limit, half by default. The
    findings are on the table."""
    in_order(c.held_on, case.on, c.today, "held_on")
    answered(household, c.held_on, "held_on")
    if c.present < 1 or c.votes_for + c.votes_against + c.abstained > c.present:
        raise Refused("votes-exceed-present", present=c.present)
    held = VillageReviewHeld(
        household_id=household.id,
        held_on=c.held_on,
        present=c.present,
        votes_for=c.votes_for,
        votes_against=c.votes_against,
        abstained=c.abstained,
        minutes_hash=c.minutes_hash,
        passed=100 * c.votes_for > c.policy.review_pass_percent * c.present,
        procedure=case.procedure,
    )
    ends = not held.passed and case.procedure is Procedure.IDENTIFICATION
    left = unverified(household.opened) if ends else ()
    return [held, *carry_over(left, household, c.policy)]


def post(c: PostPublicity, household: Household, case: VillageReviewed) -> list[EpisodeEvent]:
    """T8. The notice must be free of personal data (A9). A refusal names the kind of data, not the data."""
    in_order(c.posted_on, case.held_on, c.today, "posted_on")
    without_personal_data(place=c.place)
    if kinds := personal_data_in(c.text):
        labels = [LABELS[kind] for kind in kinds]
        raise Refused("personal-data-in-publicity", kinds=kinds, kinds_zh=labels)
    return [
        PublicityPosted(
            household_id=household.id,
            posted_on=c.posted_on,
            place=c.place,
            photo_hash=c.photo_hash,
            content_hash=c.content_hash,
            procedure=case.before.procedure,
        )
    ]


def complete(c: CompletePublicity, household: Household, case: Publicised) -> list[EpisodeEvent]:
    """T9, first half (A8): posted for five full days. A notice posted on the 6th is complete on the 11th."""
    in_order(c.ended_on, case.posted_on, c.today, "ended_on")
    days = (c.ended_on - case.posted_on).days
    if days < c.policy.publicity_min_days:
        earliest = case.posted_on + timedelta(days=c.policy.publicity_min_days)
        raise Refused("publicity-too-short", days=days, earliest=earliest)
    undisputed(household, c.ended_on, "ended_on")
    return [
        PublicityCompleted(
            household_id=household.id,
            ended_on=c.ended_on,
            days=days,
            procedure=case.before.procedure,
        )
    ]


def approve(c: ApproveByTown, household: Household, case: PublicityOver) -> list[EpisodeEvent]:
    """T9, second half. The person who approves for the town neither verified nor was sent to."""
    in_order(c.approved_on, case.ended_on, c.today, "approved_on")
    apart(c.by, case.before.by, before=Taken.VERIFICATION)
    undisputed(household, c.approved_on, "approved_on")
    answered(household, c.approved_on, "approved_on")
    identified = case.before.procedure is Procedure.IDENTIFICATION
    refused = identified and isinstance(household.opened.consent, AuthorisationRefused)
    if refused and not c.visit_only:
        raise Refused("authorisation-was-refused")
    return [
        TownReviewApproved(
            household_id=household.id,
            approved_on=c.approved_on,
            approved_by=c.by,
            procedure=case.before.procedure,
            visit_only=refused and c.visit_only,
        )
    ]

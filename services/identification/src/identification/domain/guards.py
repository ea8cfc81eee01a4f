"""Guards that several steps share."""

from collections.abc import Collection, Iterable
from datetime import date
from uuid import UUID

from common.decider import Refused
from contracts.codes import DisasterSubtype, MonitoredClass, RiskType
from contracts.stages import Stage
from contracts.wording import Code
from identification.domain.publicity import LABELS, personal_data_in
from identification.domain.stages import (
    ELIMINATING,
    REVIEWED,
    Eliminating,
    EliminationReady,
    Monitored,
    NotAtRisk,
    Publicised,
    PublicityOver,
    TownReviewed,
    Verified,
    Verifying,
    VillageReviewed,
)
from identification.domain.states import Household

SHORTEST_REASON = 10  # characters of a reason that others must be able to follow (T4)


class Needed(Code):
    """What must come before a step."""

    CLUE = "CLUE", "有待核实的线索（T1）", "an open clue (T1)"
    CASE = "CASE", "有尚未认定的案件（T1）", "a case that is not yet decided (T1)"
    STARTED = "STARTED", "启动核实（T2）", "verification started (T2)"
    VERIFIED = "VERIFIED", "完成入户核实（T3）", "the household verified (T3)"
    UNREVIEWED = (
        "UNREVIEWED",
        "村级评议之前的案件（已评议的先退回，T11）",
        "a case that the village has not reviewed (one that it has is returned first, T11)",
    )
    REVIEWED = "REVIEWED", "村级评议通过（T7）", "a passed village review (T7)"
    POSTED = "POSTED", "张榜公示（T8）", "publicity posted (T8)"
    COMPLETED = "COMPLETED", "公示期满（T9）", "publicity completed (T9)"
    APPROVED = "APPROVED", "乡镇审核通过（T9）", "the town's approval (T9)"
    MONITORED = (
        "MONITORED",
        "监测中、没有在办消除申请的农户（T10）",
        "a monitored household (T10) whose elimination is not under way",
    )
    ANY_CASE = "ANY_CASE", "在办案件或监测", "an open case"
    PROPOSED = "PROPOSED", "已申请消除（T13）", "a proposed elimination (T13)"
    ELIM_APPROVED = (
        "ELIM_APPROVED",
        "消除经乡镇审核（T14）",
        "the town's approval of the elimination",
    )
    ELIMINATED = (
        "ELIMINATED",
        "已消除且无新案件（T14）",
        "an eliminated household without a new case",
    )
    UNCONFIRMED = "UNCONFIRMED", "尚未认定的农户（T10）", "a household not yet confirmed (T10)"


# The step that each stage waits for.
NEXT = {
    Stage.NONE: ("报告风险线索（T1）", "a clue (T1)"),
    Stage.CLUE_OPEN: ("启动核实（T2）", "to start the verification (T2)"),
    Stage.VERIFYING: ("入户核实（T3）", "to verify the household (T3)"),
    Stage.NOT_AT_RISK: ("乡镇确认不予纳入（T4）", "the town's rejection (T4)"),
    Stage.VERIFIED: ("村级评议（T7）", "the village review (T7)"),
    Stage.VILLAGE_REVIEWED: ("张榜公示（T8）", "to post the notice (T8)"),
    Stage.PUBLICISED: ("公示期满（T9）", "to complete publicity (T9)"),
    Stage.PUBLICITY_OVER: ("乡镇审核（T9）", "the town's review (T9)"),
    Stage.TOWN_REVIEWED: ("县级审定（T10）", "the county's confirmation (T10)"),
    Stage.MONITORED: (
        "重新核算，或申请消除（T13）",
        "to assess anew, or to propose the elimination (T13)",
    ),
    Stage.ELIM_VERIFYING: ("消除入户核实（E9）", "to verify the elimination at home (E9)"),
    Stage.ELIM_VERIFIED: ("消除的村级评议", "the village review of the elimination"),
    Stage.ELIM_VILLAGE_REVIEWED: ("消除的张榜公示", "to post the notice of the elimination"),
    Stage.ELIM_PUBLICISED: ("消除的公示期满", "to complete publicity of the elimination"),
    Stage.ELIM_PUBLICITY_OVER: ("消除的乡镇审核", "the town's review of the elimination"),
    Stage.ELIM_TOWN_REVIEWED: ("县级审定消除（T14）", "the county's elimination (T14)"),
    Stage.ELIMINATED: ("报告风险线索（T1）", "a clue (T1)"),
}
# The stage that comes of what is needed, in the identification and in an elimination.
_REACHED = {
    Needed.CLUE: (Stage.CLUE_OPEN, Stage.CLUE_OPEN),
    Needed.STARTED: (Stage.VERIFYING, Stage.VERIFYING),
    Needed.VERIFIED: (Stage.NOT_AT_RISK, Stage.ELIM_VERIFYING),  # whatever was found
    Needed.REVIEWED: REVIEWED[VillageReviewed],
    Needed.POSTED: REVIEWED[Publicised],
    Needed.COMPLETED: REVIEWED[PublicityOver],
    Needed.APPROVED: (Stage.TOWN_REVIEWED, Stage.TOWN_REVIEWED),
    Needed.MONITORED: (Stage.MONITORED, Stage.MONITORED),
    Needed.PROPOSED: (Stage.ELIM_VERIFYING, Stage.ELIM_VERIFYING),
    Needed.ELIM_APPROVED: (Stage.ELIM_TOWN_REVIEWED, Stage.ELIM_TOWN_REVIEWED),
}
_ORDER = list(Stage)


class Taken(Code):
    """The steps before, which somebody else must have taken."""

    VERIFICATION = "VERIFICATION", "入户核实", "verification"
    TOWN_REVIEW = "TOWN_REVIEW", "入户核实或乡镇审核", "verification or town review"
    REQUEST = "REQUEST", "申请更正", "request of the correction"


def not_in_future(day: date, today: date, field: str) -> None:
    """Nothing is recorded before it happens. Raises `Refused`."""
    if day > today:
        raise Refused("date-in-future", field=field, today=today)


def in_order(day: date, earliest: date, today: date, field: str) -> None:
    """A step is not dated before the one that it follows, nor in the future. Raises `Refused`."""
    not_in_future(day, today, field)
    if day < earliest:
        raise Refused("date-before-previous-step", field=field, earliest=earliest)


def last_step(household: Household) -> date:
    """The day on which the open case came to its stage. The step that ends the stage is not dated before it."""
    match household.case:
        case Verifying() as case:
            return case.started_on
        case NotAtRisk() as case:
            return case.found.verified_on
        case Verified() | EliminationReady() as case:
            return case.on
        case VillageReviewed() as case:
            return case.held_on
        case Publicised() as case:
            return case.posted_on
        case PublicityOver() as case:
            return case.ended_on
        case TownReviewed() as case:
            return case.approved_on
        case Monitored() as case:
            return max(monitored_since(case, household), case.changed_on)
        case Eliminating() as case:
            return case.proposed.proposed_on
        case _:
            return begun_on(household)


def begun_on(household: Household) -> date:
    """The first day of the open case. It does not begin before the last case ended, even if its first clue
    was discovered earlier."""
    discovered_on, before = household.opened.discovered_on, household.ended
    return max(discovered_on, before.on) if before else discovered_on


def monitored_since(case: Monitored, household: Household) -> date:
    """The day of the confirmation, or that on which an elimination was last turned down or taken back."""
    confirmed_on = case.confirmed.confirmed_on
    return max(confirmed_on, household.eligibility.turned_down_on or confirmed_on)


def without_personal_data(**texts: str) -> None:
    """Free text is kept in the log for ever, so it may not name a person, a number or an illness."""
    for field, text in texts.items():
        if kinds := personal_data_in(text):
            labels = [LABELS[kind] for kind in kinds]
            raise Refused("personal-data-in-text", field=field, kinds=kinds, kinds_zh=labels)


def explained(**texts: str) -> None:
    """Whoever decides against somebody gives the reason in words. Raises `Refused`."""
    for field, text in texts.items():
        if len(text.strip()) < SHORTEST_REASON:
            raise Refused("reason-too-short", field=field, needed=SHORTEST_REASON)
    without_personal_data(**texts)


def apart(by: str, done: Collection[str], *, before: Taken) -> None:
    """Separation of duties: who decides is not one of those who took the steps before. Raises `Refused`."""
    if _one(by) in map(_one, done):
        raise Refused(
            "separation-of-duties", before=before, before_zh=before.zh, before_en=before.en
        )


def no_relative(sent: Iterable[UUID | str], household: Household, recused: Iterable[UUID]) -> None:
    """T2: nobody judges their own household or one of relatives. Raises `Refused`."""
    members = (member.person_id for member in household.registered.members)
    if {*map(_one, sent)} & {*map(_one, (*members, *recused))}:
        raise Refused("officer-is-relative")


def _one(person: UUID | str) -> str:
    """One spelling of a person's id: people and issuers may write it in capitals or with spaces around it."""
    return str(person).strip().casefold()


def class_does_not_fit(expected: MonitoredClass | None) -> Refused:
    """T10. The refusal of a class other than the one that follows, or of any class where none does."""
    label = expected.zh if expected else "不符合任何一类"
    return Refused("class-does-not-fit", expected=expected or "NONE", expected_zh=label)


def undisputed(household: Household, on: date, field: str) -> None:
    """No objection is open now, nor was one on that day (T9, E10). Raises `Refused`."""
    if household.opened.objections:
        raise Refused("objection-open", objections=list(household.opened.objections))
    if answered_on := disputed_until(household, on):
        raise Refused("date-before-previous-step", field=field, earliest=answered_on)


def disputed_until(household: Household, on: date) -> date | None:
    """Of the objections that were open on a day, the day on which the last one was answered. It may be
    later than the day of a step that is recorded late."""
    return open_until(household.opened.answered.values(), on)


def answered(household: Household, on: date, field: str) -> None:
    """T6: by that day, every register that was asked had answered or timed out. Raises `Refused`."""
    if household.opened.asked:
        raise Refused("comparison-open", sources=household.opened.asked.sources)
    if told_on := open_until(household.opened.compared.values(), on):
        raise Refused("date-before-previous-step", field=field, earliest=told_on)


def open_until(days: Iterable[tuple[date, date]], on: date) -> date | None:
    """The last end of what had begun on a day, and had not ended."""
    return max((end for begin, end in days if begin <= on < end), default=None)


def disaster_named(risks: Iterable[RiskType], subtype: DisasterSubtype | None) -> None:
    """A natural disaster names its kind, and no other risk does. Raises `Refused`."""
    if (RiskType.NATURAL_DISASTER in risks) is (subtype is None):
        raise Refused("disaster-subtype", codes=list(DisasterSubtype))


def out_of_order(needed: Needed, household: Household) -> Refused:
    """The step that has to come first, if it is still to come, and the one that the case waits for."""
    stage = household.stage
    first, then, back = ("", ""), NEXT[stage], ("", "")
    if _is_behind(needed, stage):
        back = _back(stage)
    else:
        first = f"此步骤之前须有：{needed.zh}；", f"this step needs {needed.en} first; "
    return Refused(
        "step-out-of-order",
        needed=needed,
        stage=stage,
        stage_zh=stage.zh,
        stage_en=stage.en,
        first_zh=first[0],
        first_en=first[1],
        next_zh=then[0] + back[0],
        next_en=then[1] + back[1],
    )


def _is_behind(needed: Needed, stage: Stage) -> bool:
    """Whether the case has what is needed, and has gone on from there."""
    reached = _REACHED.get(needed)
    if reached is None or stage in (Stage.NONE, Stage.ELIMINATED):
        return False
    return _ORDER.index(stage) >= _ORDER.index(reached[stage in ELIMINATING])


def _back(stage: Stage) -> tuple[str, str]:
    """How a case that has gone on comes back to an earlier step."""
    if stage in ELIMINATING:
        return (
            "；要重新申请，须先驳回本次申请（T15）",
            "; to propose it anew, it is rejected first (T15)",
        )
    if stage not in (Stage.CLUE_OPEN, Stage.VERIFYING, Stage.MONITORED):
        return (
            "；要重办此前的步骤，须先退回（T11）",
            "; to take an earlier step again, the case is returned first (T11)",
        )
    return "", ""

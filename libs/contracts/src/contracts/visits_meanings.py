"""What the events of visits make true of a household."""

from contracts.codes import RiskType
from contracts.meaning import Meaning, Meanings, StateField
from contracts.visits import (
    HouseholdScreened,
    HouseholdVisited,
    ObligationCancelled,
    ObligationFulfilled,
    ObligationOpened,
    ScreeningVoided,
    VisitMode,
    VisitVoided,
)

VISITS = Meanings(
    {
        HouseholdVisited: Meaning(sets={"last_visit.on": "visited_on", "last_visit.mode": "mode"}),
        VisitVoided: Meaning(corrects="visit_event_id"),
        HouseholdScreened: Meaning(
            sets={
                "last_screening.on": "screened_on",
                "last_screening.suspected_risks": "suspected_risks",
            }
        ),
        ScreeningVoided: Meaning(corrects="screening_event_id"),
        # As told: a month's duty may be cancelled as of a day before it began, and fulfilled as of one before
        # the visit was voided that had fulfilled it.
        ObligationOpened: Meaning(
            sets={"duty.{obligation_id}.due_on": "due_on"}, as_told=True, reopens="obligation_id"
        ),
        ObligationFulfilled: Meaning(
            sets={"duty.{obligation_id}": None}, as_told=True, closes="obligation_id"
        ),
        ObligationCancelled: Meaning(
            sets={"duty.{obligation_id}": None}, as_told=True, cancels="obligation_id"
        ),
    },
    {
        "last_visit.on": StateField("最近走访日期", "last visited on"),
        "last_visit.mode": StateField("最近走访方式", "last visited", VisitMode),
        "last_screening.on": StateField("最近排查日期", "last screened on"),
        "last_screening.suspected_risks": StateField(
            "排查疑似风险", "risks suspected in the screening", RiskType
        ),
        "duty": StateField("走访任务", "visit duty"),
        "duty.due_on": StateField("走访期限", "visit to be made by"),
    },
)

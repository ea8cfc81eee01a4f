"""What identification's events make true of a household."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contracts.assessments import IncomeAssessed, SafeguardAssessed
from contracts.circumstances import (
    CoLivingCounted,
    HealthRecorded,
    IdentityNumberGiven,
    SchoolingRecorded,
)
from contracts.codes import Relation
from contracts.deadlines import (
    CohortTargetMissed,
    EliminationEligibilityDetected,
    EliminationEligibilityLapsed,
    EliminationProposalOverdue,
    IdentificationDeadlineMissed,
    ObligationBreached,
)
from contracts.eliminations import (
    EliminationLapsed,
    EliminationProposed,
    EliminationRejected,
    EliminationVerified,
    RiskEliminated,
    RiskEliminationRevoked,
)
from contracts.episodes import (
    ClueRejected,
    CluesCarriedOver,
    ClueWithdrawn,
    HouseholdFoundNotAtRisk,
    HouseholdVerified,
    MonitoringConfirmed,
    PublicityCompleted,
    PublicityPosted,
    ReviewReturned,
    RiskClueAttached,
    RiskDetected,
    TownReviewApproved,
    VerificationStarted,
    VillageReviewHeld,
)
from contracts.facts import (
    DepartmentFactCorrected,
    DepartmentFactRecorded,
    DepartmentFactRetracted,
)
from contracts.focus import FocusGroupTagged, FocusGroupUntagged
from contracts.households import (
    CategoryCorrected,
    EpisodeTakenOver,
    HeadChanged,
    HouseholdAbsorbed,
    HouseholdDeregistered,
    HouseholdMemberAdded,
    HouseholdMemberRemoved,
    HouseholdRegistered,
    HouseholdRelocated,
    HouseholdSplit,
    LabourCapacityAssessed,
    MergerCompleted,
)
from contracts.housing import (
    DangerousHousingCleared,
    DangerousHousingLedgered,
    DangerousHousingRegraded,
    HousingRemedyNoted,
    HousingRemedyOverdue,
    HousingRemedyWithdrawn,
)
from contracts.identification_state import FIELDS
from contracts.inquiries import ObjectionResolved
from contracts.meaning import Amendment, Choice, Look, Meaning, Meanings
from contracts.monitoring import (
    MonitoringCancelled,
    MonitoringCategoryChanged,
    MonitoringClosed,
    RecordCorrected,
    ResponsiblePersonAssigned,
    RiskFactorAdded,
    RiskFactorResolved,
)
from contracts.persons import (
    AccessRefused,
    PersonalDataErased,
    PersonalDataRevealed,
    ProcessingRestricted,
    RestrictionLifted,
)
from contracts.schooling import DropoutDetected, DropoutEnded
from contracts.stages import Stage

CLOCK = "identification-clock"
PROPOSAL = "elimination-proposal"


def _member(at: str, item: str = "") -> dict[str, str | None]:
    """The fields of a member whose id is at `at`, and everything else under `item`."""
    names = (
        "relation",
        "labour_capacity",
        "health",
        "schooling",
        "restricted",
        "without_number",
    )
    return {f"member.{{{at}}}.{name}": item + name for name in names}


def _by_procedure(identification: Stage, elimination: Stage) -> dict[str, Choice]:
    codes = {"IDENTIFICATION": identification.value, "ELIMINATION": elimination.value}
    return {"stage": Choice(("procedure",), codes)}


_FACT = {
    "fact.{record_key}.type": "fact_type",
    "fact.{record_key}.version": "record_version",
    "fact.{record_key}.detected_on": "detected_on",
    "fact.{record_key}.values": "values",
}
_REVIEWED = {
    "IDENTIFICATION/true": Stage.VILLAGE_REVIEWED.value,
    "IDENTIFICATION/false": Stage.NONE.value,
    "ELIMINATION/true": Stage.ELIM_VILLAGE_REVIEWED.value,
    "ELIMINATION/false": Stage.MONITORED.value,
}
_UPHELD = {
    "IDENTIFICATION/true": Stage.VERIFYING.value,
    "ELIMINATION/true": Stage.MONITORED.value,
}
_ENDED = {
    "clue": None,
    "risk_types": None,
    "due_on": None,
    "monitored_class": None,
    "monitored_since": None,
}
_CLUE = {"clue.{clue_id}.risk_types": "risk_types"}
_ANSWERED: dict[str, dict[str, str | None]] = {"answered": {"clue.{clue_id}": None}}


def _taken_back(**left: str) -> Meaning:
    """A clue is no more; with the last one goes the case."""
    return Meaning(
        makes={"stage": "NONE"},
        sets={"risk_types": None, "due_on": None, "clue": None},
        when={"ends_case": True},
        regardless={"clue.{clue_id}": None, **left},
        closes=CLOCK,
    )


def _as_told(events: Mapping[type[Any], Meaning]) -> dict[type[Any], Meaning]:
    """The register and a case go on from how they stand when something is told: an event says how they are
    from then on, also one of a day before the last one's."""
    return {event: replace(of, as_told=bool(of.names())) for event, of in events.items()}


_STANDS = _as_told(
    {
        HouseholdRegistered: Meaning(
            makes={"standing": "REGISTERED", "stage": "NONE"},
            sets={
                "register_number": "register_number",
                "category": "category",
                "marginal_2019": "marginal_2019",
                "region": "region",
                "co_living_count": "co_living_count",
            },
            each={"members": _member("person_id")},
        ),
        HouseholdMemberAdded: Meaning(
            sets={
                "co_living_count": "co_living_count",
                **_member("member.person_id", "member."),
            }
        ),
        HouseholdMemberRemoved: Meaning(
            sets={"co_living_count": "co_living_count", "member.{person_id}": None}
        ),
        HeadChanged: Meaning(
            makes={"member.{head_id}.relation": Relation.HEAD.value},
            each={"relations": {"member.{person_id}.relation": "relation"}},
        ),
        LabourCapacityAssessed: Meaning(sets={"member.{person_id}.labour_capacity": "capacity"}),
        IdentityNumberGiven: Meaning(makes={"member.{person_id}.without_number": False}),
        CoLivingCounted: Meaning(sets={"co_living_count": "co_living_count"}),
        HealthRecorded: Meaning(sets={"member.{person_id}.health": "health"}),
        SchoolingRecorded: Meaning(sets={"member.{person_id}.schooling": "schooling"}),
        CategoryCorrected: Meaning(
            sets={"category": "to_category", "marginal_2019": "marginal_2019"}
        ),
        HouseholdRelocated: Meaning(sets={"region": "to_region"}),
        HouseholdSplit: Meaning(
            sets={"co_living_count": "co_living_count"},
            each={"moved": {"member.{person_id}": None}},
        ),
        HouseholdAbsorbed: Meaning(
            makes={"standing": "ABSORBED", "stage": "NONE"},
            sets={
                "survivor_id": "survivor_id",
                "member": None,
                "responsible_person": None,
                **_ENDED,
            },
        ),
        MergerCompleted: Meaning(sets={"co_living_count": "co_living_count"}),
        EpisodeTakenOver: Meaning(
            makes={"stage": Stage.MONITORED.value},
            sets={
                "monitored_class": "monitored_class",
                "monitored_since": "confirmed_on",
                "risk_types": "risk_types",
                "due_on": None,
            },
            each=_ANSWERED,
            closes=CLOCK,
        ),
        HouseholdDeregistered: Meaning(
            makes={"standing": "DEREGISTERED", "stage": "NONE"}, sets={"responsible_person": None}
        ),
        RiskDetected: Meaning(
            makes={"stage": Stage.CLUE_OPEN.value},
            sets={"risk_types": "risk_types", "due_on": "due_on", **_CLUE},
            step="CLUE",
            opens=CLOCK,
        ),
        RiskClueAttached: Meaning(sets={**_CLUE}),
        VerificationStarted: Meaning(makes={"stage": Stage.VERIFYING.value}),
        HouseholdVerified: Meaning(
            makes={"stage": Stage.VERIFIED.value},
            sets={"risk_types": "risk_types", "clue": None},
            each={"unverified": {**_CLUE}},
            step="VERIFIED",
        ),
        HouseholdFoundNotAtRisk: Meaning(makes={"stage": Stage.NOT_AT_RISK.value}, step="VERIFIED"),
        ClueRejected: _taken_back(),
        ClueWithdrawn: _taken_back(risk_types="left.risk_types"),
        VillageReviewHeld: Meaning(
            chooses={"stage": Choice(("procedure", "passed"), _REVIEWED)},
            sets={"clue": None, "risk_types": None, "due_on": None},
            when={"procedure": "IDENTIFICATION", "passed": False},
            closes=CLOCK,
        ),
        CluesCarriedOver: Meaning(
            makes={"stage": Stage.CLUE_OPEN.value},
            sets={"risk_types": "risk_types", "due_on": "due_on"},
            step="CLUE",
            opens=CLOCK,
        ),
        PublicityPosted: Meaning(chooses=_by_procedure(Stage.PUBLICISED, Stage.ELIM_PUBLICISED)),
        PublicityCompleted: Meaning(
            chooses=_by_procedure(Stage.PUBLICITY_OVER, Stage.ELIM_PUBLICITY_OVER)
        ),
        TownReviewApproved: Meaning(
            chooses=_by_procedure(Stage.TOWN_REVIEWED, Stage.ELIM_TOWN_REVIEWED)
        ),
        ReviewReturned: Meaning(
            makes={"stage": Stage.VERIFYING.value}, sets={"risk_types": "risk_types"}
        ),
        ObjectionResolved: Meaning(
            chooses={"stage": Choice(("procedure", "upheld"), _UPHELD)},
            sets={"risk_types": "risk_types"},
            when={"procedure": "IDENTIFICATION", "upheld": True},
        ),
        MonitoringConfirmed: Meaning(
            makes={"stage": Stage.MONITORED.value},
            sets={
                "monitored_class": "monitored_class",
                "monitored_since": "confirmed_on",
                "risk_types": "risk_types",
                "due_on": None,
            },
            each=_ANSWERED,
            step="CONFIRMED",
            closes=CLOCK,
        ),
        MonitoringCategoryChanged: Meaning(sets={"monitored_class": "new"}),
        RiskFactorAdded: Meaning(
            regardless={"risk_types": "risk_types"},
            sets={"clue.{clue_id}": None},
            when={"clue_answered": True},
        ),
        RiskFactorResolved: Meaning(sets={"risk_types": "risk_types"}),
        MonitoringCancelled: Meaning(makes={"stage": "NONE"}, sets={**_ENDED}),
        MonitoringClosed: Meaning(makes={"stage": "NONE"}, sets={**_ENDED}, closes=CLOCK),
        EliminationEligibilityDetected: Meaning(
            sets={"elimination.due_on": "propose_by"}, opens=PROPOSAL
        ),
        EliminationEligibilityLapsed: Meaning(sets={"elimination.due_on": None}, closes=PROPOSAL),
        EliminationProposalOverdue: Meaning(breach=True),
        EliminationProposed: Meaning(
            makes={"stage": Stage.ELIM_VERIFYING.value},
            sets={"elimination.due_on": None},
            closes=PROPOSAL,
        ),
        EliminationVerified: Meaning(makes={"stage": Stage.ELIM_VERIFIED.value}),
        EliminationRejected: Meaning(makes={"stage": Stage.MONITORED.value}),
        EliminationLapsed: Meaning(makes={"stage": Stage.MONITORED.value}),
        RiskEliminated: Meaning(
            makes={"stage": Stage.ELIMINATED.value},
            sets={"eliminated_on": "eliminated_on"},
            step="ELIMINATED",
        ),
        RiskEliminationRevoked: Meaning(
            makes={"stage": Stage.MONITORED.value}, sets={"eliminated_on": None}
        ),
        ResponsiblePersonAssigned: Meaning(sets={"responsible_person": "person"}),
        RecordCorrected: Meaning(amends=Amendment("corrected_event_id", "path", "new_value")),
        IdentificationDeadlineMissed: Meaning(breach=True),
        ObligationBreached: Meaning(breach=True),
        CohortTargetMissed: Meaning(breach=True),
        DepartmentFactRecorded: Meaning(sets={**_FACT}),
        DepartmentFactCorrected: Meaning(sets={**_FACT}, corrects="previous_event_id"),
        DepartmentFactRetracted: Meaning(
            sets={"fact.{record_key}": None}, corrects="previous_event_id"
        ),
        DangerousHousingLedgered: Meaning(
            sets={"dangerous_house.grade": "grade", "dangerous_house.due_on": "due_on"},
            opens="entry_id",
        ),
        DangerousHousingRegraded: Meaning(sets={"dangerous_house.grade": "grade"}),
        HousingRemedyNoted: Meaning(
            sets={"dangerous_house.remedy": "step", "dangerous_house.due_on": None},
            closes="entry_id",
        ),
        HousingRemedyWithdrawn: Meaning(
            sets={"dangerous_house.remedy": None, "dangerous_house.due_on": "due_on"},
            reopens="entry_id",
        ),
        HousingRemedyOverdue: Meaning(breach=True),
        DangerousHousingCleared: Meaning(sets={"dangerous_house": None}, closes="entry_id"),
        DropoutDetected: Meaning(sets={"member.{person_id}.out_of_school": "basis"}),
        DropoutEnded: Meaning(sets={"member.{person_id}.out_of_school": None}),
        FocusGroupTagged: Meaning(
            regardless={"member.{person_id}.{group}.focus": "group"},
            sets={"focus.{group}": "group"},
            when={"person_id": None},
        ),
        FocusGroupUntagged: Meaning(
            regardless={"member.{person_id}.{group}.focus": None},
            sets={"focus.{group}": None},
            when={"person_id": None},
        ),
        ProcessingRestricted: Meaning(makes={"member.{person_id}.restricted": True}),
        RestrictionLifted: Meaning(makes={"member.{person_id}.restricted": False}),
        PersonalDataErased: Meaning(makes={"member.{person_id}.erased": True}),
        PersonalDataRevealed: Meaning(look=Look(purpose="purpose")),
        AccessRefused: Meaning(look=Look(refusal="denial")),
    }
)
IDENTIFICATION = Meanings(
    {
        **_STANDS,
        IncomeAssessed: Meaning(
            sets={
                "income.disposable_fen": "disposable_fen",
                "income.line_fen": "line_fen",
                "income.members": "members",
                "income.within_line": "within_line",
            },
            corrects="corrects",
        ),
        SafeguardAssessed: Meaning(
            sets={
                "safeguard.housing": "housing_grade",
                "safeguard.water_safe": "water_safe",
                "safeguard.dropouts": "dropouts",
                "safeguard.uninsured": "uninsured",
            },
            corrects="corrects",
        ),
    },
    FIELDS,
)

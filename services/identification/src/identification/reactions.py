"""What identification does when it hears its own events: rules run, in order, per household (`effects`),
and what a split or a merger asks of other households is done (`consequences`). And when visits speaks:
what staff suspect after screening a household is a clue (S2-04).

It listens to its own topic as it listens to anybody's, so facts and rules are decoupled by the log:
a rule that fails parks one household and holds up neither the departments nor other households.
"""

from collections.abc import Awaitable, Callable, Sequence

from common.codec import Codec
from common.eventstore import record
from common.inbox import Handle, Incoming
from common.intents import Connection, Intent, Store, accepted
from contracts.assessments import IncomeAssessed
from contracts.facts import (
    DepartmentFactCorrected,
    DepartmentFactRecorded,
    DepartmentFactRetracted,
    UnmatchedFactParked,
)
from contracts.households import RegisterEvent
from contracts.identification import IdentificationEvent
from contracts.monitoring import RecordCorrected
from contracts.persons import PersonalDataErased, RestrictionLifted
from contracts.policies import PolicyInForceChanged, PolicyVersionPublished
from contracts.safeguards import WaterOutageReported, WaterServiceChanged, WaterTestRecorded
from contracts.visits import HouseholdScreened, VisitsEvent
from identification import consequences
from identification.domain.policy_book import PolicyBook
from identification.effects import (
    births,
    clues,
    corrections,
    dropouts,
    housing,
    judging,
    labour,
    lifting,
    matching,
    per_capita,
    screenings,
    second_look,
    suspicions,
    water,
)
from identification.effects.heard import Heard

HEARD = Codec.of(
    RegisterEvent
    | RestrictionLifted
    | PersonalDataErased
    | DepartmentFactRecorded
    | DepartmentFactCorrected
    | DepartmentFactRetracted
    | UnmatchedFactParked
    | IncomeAssessed
    | RecordCorrected
    | PolicyVersionPublished
    | PolicyInForceChanged
    | WaterTestRecorded
    | WaterOutageReported
    | WaterServiceChanged
    | HouseholdScreened
    | consequences.FOLLOWED
)
# The rest of both languages is of no consequence here. A type that is in neither, from a newer
# version of a service, parks its household until this version is replaced.
IGNORED = frozenset(Codec.of(IdentificationEvent | VisitsEvent).types) - set(HEARD.types)

EFFECTS: Sequence[Callable[[Heard], Awaitable[list[Intent]]]] = (
    matching.of_replaced,
    matching.of_erased,
    lifting.of_lifted,
    clues.from_facts,
    clues.from_incomes,
    second_look.of_incomes,
    births.of_corrected,
    labour.of_changed,
    judging.of_changed,
    corrections.of_evidence,
    corrections.of_records,
    screenings.of_changed,
    judging.of_publication,
    water.of_sources,
    per_capita.of_changed,
    housing.of_ledger,
    dropouts.of_children,
    suspicions.of_screened,
)


def reacting(store: Store, policies: PolicyBook) -> Handle:
    """The effect of a batch of events: what follows is recorded in the same transaction."""

    async def handle(connection: Connection, items: Sequence[Incoming]) -> None:
        events = [item.event for item in items if item.event and item.event.type not in IGNORED]
        told = [(e, HEARD.decode(e.type, e.schema_version, e.data)) for e in events]
        heard = Heard(connection, policies, told)
        # What waited is on record before anything is judged: the latest figures count.
        if waited := await matching.of_waiting(heard):
            accepted(await record(connection, store, waited))
        intents = [intent for effect in EFFECTS for intent in await effect(heard)]
        if intents:
            accepted(await record(connection, store, intents))
        followed = [(e, p) for e, p in told if isinstance(p, consequences.FOLLOWED)]
        if followed:
            await consequences.follow(connection, store, policies, followed)

    return handle

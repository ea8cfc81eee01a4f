"""S2-04: what staff suspect after screening a household is a clue. People verify; no status changes.

`visits` records the screening, whole; we hear it. It speaks of the household and names nobody, so, as an
assessment of income, it is heard while a member's data may not be used (PIPL 47).
"""

from common.ids import derived_id
from common.intents import Intent
from contracts.codes import Channel, Severity
from contracts.envelope import Envelope
from contracts.visits import HouseholdScreened
from identification.domain.commands import ReportRisk
from identification.domain.policy import Policy
from identification.domain.rulebook import SCREENED, VERSIONS
from identification.effects.heard import Heard, day_of, following, to_household
from identification.read_model import register


async def of_screened(heard: Heard) -> list[Intent]:
    """A clue for each screening with suspected risks, with one query for all of them.

    Who was screened in a household that was absorbed lives in the survivor now (A54). A household that is
    not on our register has no clue.
    """
    told: list[tuple[Envelope, HouseholdScreened]] = [
        (e, screened) for e, screened in heard.of(HouseholdScreened) if screened.suspected_risks
    ]
    if not told:
        return []
    ids = [screened.household_id for _, screened in told]
    homes = await register.homes(heard.connection, ids)
    intents = []
    for event, screened in told:
        if home := homes.get(screened.household_id):
            household_id, region = home
            on = day_of(event)
            policy = heard.policies.of(region, on)
            intents.append(
                to_household(
                    household_id,
                    reported(event, screened, policy),
                    following(event, region, on, policy.version),
                )
            )
    return intents


def reported(event: Envelope, screened: HouseholdScreened, policy: Policy) -> ReportRisk:
    """One clue with every risk that is suspected, discovered when the household was screened (S2-07).

    Its id follows from the screening, so hearing it again opens nothing.
    """
    return ReportRisk(
        clue_id=derived_id(event.event_id, SCREENED),
        channel=Channel.CADRE_SCREENING,
        risk_types=tuple(screened.suspected_risks),
        severity=Severity.YELLOW,
        evidence_event_ids=(event.event_id,),
        rule_id=SCREENED,
        rule_version=VERSIONS[SCREENED],
        discovered_on=screened.screened_on,
        summary_zh="排查表填报的疑似风险，须入户核实",
        summary_en="Suspected in a screening form: to be verified at home",
        policy=policy,
        today=max(screened.screened_on, day_of(event)),
    )

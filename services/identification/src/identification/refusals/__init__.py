"""Every no of this service in words, with what would satisfy it. Keys are the codes of `Refused`."""

from common.problems import Text
from identification.refusals.eliminations import ELIMINATIONS
from identification.refusals.episodes import EPISODES
from identification.refusals.facts import FACTS
from identification.refusals.imports import IMPORTS
from identification.refusals.inquiries import INQUIRIES
from identification.refusals.monitoring import MONITORING
from identification.refusals.persons import PERSONS
from identification.refusals.policies import POLICIES
from identification.refusals.register import REGISTER
from identification.refusals.registers import REGISTERS

REFUSALS: dict[str, Text] = {
    **REGISTER,
    **PERSONS,
    **IMPORTS,
    **EPISODES,
    **INQUIRIES,
    **MONITORING,
    **ELIMINATIONS,
    **FACTS,
    **POLICIES,
    **REGISTERS,
}

"""What identification shows, and looks up.

All of it is a function of the service's own events, changed in the same transaction; a statement a
table and batch. It can be dropped and folded again.
"""

from collections.abc import Sequence

from common.intents import Connection, Fresh
from contracts.facts import DepartmentFactRecorded
from contracts.households import HouseholdRegistered
from identification import vault
from identification.domain.states import Household
from identification.read_model import facts, register
from identification.read_model.tables import TABLES as TABLES


async def project(connection: Connection, fresh: Sequence[Fresh]) -> None:
    """Bring the tables and the vault to the state after these events."""
    latest = {f.event.stream: f for f in fresh if isinstance(f.state, Household)}
    if latest:
        await register.put(connection, list(latest.values()))
    reported = [f for f in fresh if isinstance(f.payload, DepartmentFactRecorded)]
    if reported:
        await facts.put(connection, reported)
    registered = [f for f in fresh if isinstance(f.payload, HouseholdRegistered) and f.private]
    if registered:
        await vault.keep(connection, [row for f in registered for row in f.private])

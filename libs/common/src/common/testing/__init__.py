"""What the tests of all services share. Real servers and no mocks: a database of one's own in 0.2 s,
real tokens from a real JWKS, wires that can be cut, and waiting that looks instead of sleeping.
"""

from common.testing.databases import Database, database, empty, laid, read_model
from common.testing.events import (
    NOON,
    OFFICER,
    STATEMENT_KEY,
    Heard,
    Reader,
    envelope,
    history,
    household,
    message_of,
    record_of,
)
from common.testing.folding import folds
from common.testing.tally import TALLIES, TALLY, Added, adding
from common.testing.tokens import Issuer, issuer
from common.testing.waiting import at_work, eventually
from common.testing.wire import Wire, wire

__all__ = [
    "NOON",
    "OFFICER",
    "STATEMENT_KEY",
    "TALLIES",
    "TALLY",
    "Added",
    "Database",
    "Heard",
    "Issuer",
    "Reader",
    "Wire",
    "adding",
    "at_work",
    "database",
    "empty",
    "envelope",
    "eventually",
    "folds",
    "history",
    "household",
    "issuer",
    "laid",
    "message_of",
    "read_model",
    "record_of",
    "wire",
]

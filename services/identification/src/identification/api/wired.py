"""What the routes use, from the app's state."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import Request

from common.intents import Store
from common.lookups import Lookups
from common.service import Runtime
from identification.domain.policy_book import PolicyBook
from identification.seals import Vault


@dataclass(frozen=True)
class Wired:
    """Set once at start."""

    runtime: Runtime
    vault: Vault
    policies: PolicyBook
    regions: Lookups[UUID, str]
    test_numbers: bool
    store: Store


def wired(request: Request) -> Wired:
    """Of the app that serves this request."""
    found: Wired = request.app.state.wired
    return found

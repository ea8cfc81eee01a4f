"""One step of a household, as staff take it: from a form to a recorded command."""

from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import Request, Response

from common.auth import Principal
from common.clock import start_of
from common.http import answered, circumstances, expected_version
from common.intents import Intent, Key
from common.problems import Problem
from identification.api.forms import SeenForm
from identification.api.keys import key_of
from identification.api.registering import violated
from identification.api.wired import wired
from identification.domain.assessments import Seen
from identification.domain.commands import Command
from identification.domain.household import HOUSEHOLD
from identification.domain.policy import Policy
from identification.read_model import water


class Step:
    """One step on its way: the household's area was checked, the policy looked up."""

    def __init__(
        self, household_id: UUID, request: Request, caller: Principal, region: str, key: Key
    ) -> None:
        self._household_id = household_id
        self._request = request
        self._caller = caller
        self.region = region
        self._app = wired(request)
        self._key = key
        self.today: date = self._app.runtime.clock.today()
        self.policy: Policy = self.policy_on(self.today)

    @classmethod
    async def of(cls, household_id: UUID, request: Request, caller: Principal) -> "Step":
        """Raises `Problem`: 404 for a household not on the register, 403 outside the caller's area, 400
        without an `Idempotency-Key`."""
        region = await region_of(household_id, request, caller)
        return cls(household_id, request, caller, region, await key_of(request, caller))

    def policy_on(self, day: date) -> Policy:
        """The parameters in force on a business date."""
        return self._app.policies.of(self.region, day, decided_on=self.today)

    async def seen(self, form: SeenForm, on: date) -> Seen:
        """What was seen at home on a day, and what nobody sees there."""
        return form.seen(on, water_report_stale=await self.report_is_stale(on))

    async def report_is_stale(self, on: date) -> bool:
        """Whether a water report has run out: the register knows (S1.3-06)."""
        return await water.is_stale(self._app.runtime.pool, self._household_id, on)

    async def take(self, command: Command, occurred_on: date, private: Any = None) -> Response:
        """Record the command; 201 with the receipt, and the household's version as `ETag`.

        `private` goes to the vault in the same transaction. Raises `Problem` for a person or a number that
        another household has since this step was looked up.
        """
        policy: Any = getattr(command, "policy", None)
        intent = Intent(
            stream=f"household-{self._household_id}",
            household_id=self._household_id,
            decider=HOUSEHOLD,
            command=command,
            context=circumstances(
                self._caller,
                region=self.region,
                occurred_at=min(start_of(occurred_on), self._app.runtime.clock.now()),
                policy_version=policy.version if policy else None,
            ),
            key=self._key,
            expected_version=expected_version(self._request),
            private=private,
        )
        try:
            return answered(await self._app.runtime.writer.execute(intent))
        except asyncpg.UniqueViolationError as error:
            if problem := violated(error):
                raise problem from error
            raise


def is_one(path: str) -> bool:
    """Whether a POST to this path is a step of a household."""
    return path.startswith("/v1/households/{household_id}/") and not path.endswith("/reveal")


async def region_of(household_id: UUID, request: Request, caller: Principal) -> str:
    """The household's area. Raises `Problem`: 404 if it is not on the register, 403 outside the
    caller's area."""
    region = await wired(request).regions.get(household_id)
    if region is None:
        raise Problem("not-registered")
    caller.must_cover(region)
    return region

"""One step of a household, as staff take it: from a form to a recorded command."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Depends, Request, Response

from common.auth import Principal, allow
from common.clock import start_of
from common.http import answered, circumstances, expected_version
from common.intents import Intent, Key
from common.problems import Problem
from identification.api.forms import SeenForm
from identification.api.keys import standing_key
from identification.api.registering import violated
from identification.api.wired import wired
from identification.domain.assessments import Seen
from identification.domain.commands import Command
from identification.domain.household import HOUSEHOLD
from identification.domain.policy import Policy
from identification.read_model import water


@dataclass(frozen=True)
class Asked:
    """A step that somebody asks for: of which household, and who."""

    household_id: UUID
    request: Request
    caller: Principal

    async def step(self) -> "Step":
        """Begin it. Raises `Problem`: 400 without an `Idempotency-Key`, 404 for a household not on the
        register, 403 outside the caller's area. One that was taken gets its answer again, whatever is raised."""
        key = await standing_key(self.request, self.caller)
        region = await region_of(self.household_id, self.request, self.caller)
        return Step(self, region, key)


def asked_by(scope: str) -> Any:
    """For a route's parameter: a step of the household in its path, by somebody who holds the scope."""

    async def ask(
        household_id: UUID, request: Request, caller: Annotated[Principal, allow(scope)]
    ) -> Asked:
        return Asked(household_id, request, caller)

    return Depends(ask)


Village = Annotated[Asked, asked_by("episodes:village")]
Town = Annotated[Asked, asked_by("episodes:town")]
County = Annotated[Asked, asked_by("episodes:county")]
Registrar = Annotated[Asked, asked_by("households:write")]


class Step:
    """One step on its way: the household's area was checked, the policy looked up. `by` is who takes it."""

    def __init__(self, asked: Asked, region: str, key: Key) -> None:
        self._request = asked.request
        self.household_id, self.caller = asked.household_id, asked.caller
        self.region, self.key = region, key
        self.app = wired(asked.request)
        self.by = asked.caller.actor.person
        self.today: date = self.app.runtime.clock.today()
        self.policy: Policy = self.policy_on(self.today)

    def policy_on(self, day: date) -> Policy:
        """The parameters in force on a business date."""
        return self.app.policies.of(self.region, day, decided_on=self.today)

    async def seen(self, form: SeenForm, on: date) -> Seen:
        """What was seen at home on a day, and what nobody sees there."""
        return form.seen(on, water_report_stale=await self.report_is_stale(on))

    async def report_is_stale(self, on: date) -> bool:
        """Whether a water report has run out: the register knows (S1.3-06)."""
        return await water.is_stale(self.app.runtime.pool, self.household_id, on)

    async def take(self, command: Command, occurred_on: date, private: Any = None) -> Response:
        """Record the command; 201 with the receipt, and the household's version as `ETag`.

        `private` goes to the vault in the same transaction. Raises `Problem` for a person or a number that
        another household has since this step was looked up.
        """
        policy: Any = getattr(command, "policy", None)
        intent = Intent(
            stream=f"household-{self.household_id}",
            household_id=self.household_id,
            decider=HOUSEHOLD,
            command=command,
            context=circumstances(
                self.caller,
                region=self.region,
                occurred_at=min(start_of(occurred_on), self.app.runtime.clock.now()),
                policy_version=policy.version if policy else None,
            ),
            key=self.key,
            expected_version=expected_version(self._request),
            private=private,
        )
        try:
            return answered(await self.app.runtime.writer.execute(intent))
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

"""The way of a made-up household over HTTP, from a clue of 1 March 2024 to where a test needs it."""

from dataclasses import dataclass
from typing import Any

import httpx

from common.ids import new_id
from common.testing import eventually
from services.identification.tests.asking import Callers
from services.identification.tests.registrar import Home, Register

HASH = "a" * 64
INCOME = {
    "window_from": "2023-03-01",
    "window_to": "2024-02-29",
    "members": 1,
    "wage_fen": 900_000,
    "operating_fen": 0,
    "operating_cost_fen": 0,
    "property_fen": 0,
    "transfer_fen": 0,
    "claims_fen": 0,
    "compliant_own_cost_fen": 0,
}
SEEN = {
    "in_person_at_home": True,
    "income": INCOME,
    "housing_grade": "B",
    "water_safe": True,
    "dropouts": 0,
    "uninsured": 0,
}
CLUE = {
    "channel": "CADRE_SCREENING",
    "risk_types": ["ACCIDENT"],
    "discovered_on": "2024-03-01",
    "summary": "排查发现收入下降",
}
VERIFIED = {"risk_types": ["ACCIDENT"], "self_ability": "无力自行解决", "verified_on": "2024-03-04"}
REVIEW = {"present": 20, "votes_for": 18, "votes_against": 1, "abstained": 1, "minutes_hash": HASH}
NOTICE = {
    "place": "村务公开栏",
    "text": "经评议,拟将一户农户的情况公示五天。",
    "photo_hash": HASH,
}


@dataclass
class Desks:
    """Village, town and county, each a person, and the register that they work from."""

    app: httpx.AsyncClient
    register: Register
    village: Register
    town: Register
    office: Register

    @classmethod
    def of(cls, app: httpx.AsyncClient, register: Register, callers: Callers) -> "Desks":
        scopes = {
            "village": "episodes:village episodes:read households:read",
            "town": "episodes:town episodes:read",
            "office": "episodes:county episodes:read days:close",
        }
        desks = {
            name: Register(app, callers.staff(scope, name, "441624"))
            for name, scope in scopes.items()
        }
        return cls(app, register, **desks)

    async def case(self, home: Home) -> dict[str, Any]:
        """The household's only case, as lists show it."""
        url = f"/v1/cases?household_id={home.id}"
        answer = await self.app.get(url, headers=self.office.headers)
        assert answer.status_code == 200, answer.text
        (row,) = answer.json()
        found: dict[str, Any] = row
        return found

    async def opened(self) -> Home:
        home = await self.register.household()
        await self.village.done(home.id, "clues", **CLUE)
        return home

    async def verified(self, home: Home | None = None, /, **change: Any) -> Home:
        home = home or await self.opened()
        officers = [str(new_id()), str(new_id())]
        start = {"recusal_declared": True, "started_on": "2024-03-02", "officers": officers}
        await self.village.done(home.id, "verification", **start)
        await self.village.done(home.id, "verification-result", **SEEN | VERIFIED | change)
        return home

    async def posted(self, home: Home, held_on: str, posted_on: str) -> None:
        await self.village.done(home.id, "village-review", held_on=held_on, **REVIEW)
        await self.village.done(home.id, "publicity", posted_on=posted_on, **NOTICE)

    async def approved(self, home: Home, ended_on: str, approved_on: str) -> None:
        await self.village.done(home.id, "publicity-completion", ended_on=ended_on)
        await self.town.done(home.id, "town-review", approved_on=approved_on)

    async def judged(self, home: Home) -> None:
        """The rule on the assessed income has spoken (S2-02): after a decision it were a new clue."""

        async def joined() -> bool:
            return "LOW_INCOME" in (await self.village.get(home.id))["risk_types"]

        await eventually(joined)

    async def monitored(self, home: Home | None = None, /, **change: Any) -> Home:
        home = await self.verified(home, **change)
        await self.judged(home)
        await self.posted(home, "2024-03-05", "2024-03-06")
        await self.approved(home, "2024-03-11", "2024-03-13")
        form = {"monitored_class": "UNSTABLE_FORMERLY_POOR", "confirmed_on": "2024-03-16"}
        await self.office.done(home.id, "confirmation", **form)
        return home

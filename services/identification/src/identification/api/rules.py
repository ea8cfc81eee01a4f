"""The rules by name, as anybody who may post or read can look them up."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter

from common.auth import Principal, allow
from contracts.fact_codes import FactType
from identification.domain.rulebook import FACT_RULES, OTHER_RULES
from identification.domain.rules_of_focus import FOCUS_RULES

router = APIRouter(tags=["rules"])


@dataclass(frozen=True, slots=True)
class RuleTold:
    """A rule in plain words; `hears` is the type of fact of which it raises a clue, if of any."""

    id: str
    version: int
    hears: FactType | None
    zh: str
    en: str


@router.get("/v1/rules", summary="The rules by name, in plain words")
async def rules(caller: Annotated[Principal, allow("households:read")]) -> list[RuleTold]:
    """Those of focus groups (`FOCUS-…`) raise no clue."""
    return [
        *(RuleTold(r.id, r.version, r.hears, r.zh, r.en) for r in FACT_RULES),
        *(RuleTold(name, version, None, zh, en) for name, version, zh, en in OTHER_RULES),
        *(RuleTold(r.id, r.version, None, r.zh, r.en) for r in FOCUS_RULES),
    ]

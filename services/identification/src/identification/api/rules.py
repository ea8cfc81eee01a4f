"""The rules by name, as anybody who may post or read can look them up."""

from typing import Annotated, Any

from fastapi import APIRouter

from common.auth import Principal, allow
from identification.domain.rulebook import FACT_RULES, OTHER_RULES
from identification.domain.rules_of_focus import FOCUS_RULES

router = APIRouter(tags=["rules"])


@router.get("/v1/rules", summary="The rules by name, in plain words")
async def rules(caller: Annotated[Principal, allow("households:read")]) -> list[dict[str, Any]]:
    """Each with its version and, where it raises a clue of a department's fact, the type that it hears.

    Those of focus groups (`FOCUS-…`) raise none.
    """
    of_facts = [
        {"id": r.id, "version": r.version, "hears": r.hears.value, "zh": r.zh, "en": r.en}
        for r in FACT_RULES
    ]
    others = [
        {"id": name, "version": version, "hears": None, "zh": zh, "en": en}
        for name, version, zh, en in OTHER_RULES
    ]
    tagging = [
        {"id": r.id, "version": r.version, "hears": None, "zh": r.zh, "en": r.en}
        for r in FOCUS_RULES
    ]
    return [*of_facts, *others, *tagging]

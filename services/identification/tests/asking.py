"""What the tests of the API send, and as whom. Every person here is made up (prefix 990000)."""

import json
from typing import Any
from uuid import UUID, uuid5

from common.testing import Issuer
from identification.identity import check_digit

REGION = "441624108201"
NAMESPACE = UUID(int=7)


class Callers:
    """Who may call, with the header they send."""

    def __init__(self, tokens: Issuer) -> None:
        self._tokens = tokens

    def of(self, client: str, scopes: str, **claims: Any) -> dict[str, str]:
        """A caller with these scopes."""
        return self._tokens.bearer(client, scopes, **claims)

    @property
    def yibao(self) -> dict[str, str]:
        """The medical department."""
        return self.of("yibao", "facts:write households:read")

    def staff(self, scopes: str, person: str, region: str = "441624108") -> dict[str, str]:
        """Town, village or county staff."""
        return self.of(person, scopes, department="xiangzhen", person=person, region=region)

    @property
    def registrar(self) -> dict[str, str]:
        """Registers households of the county."""
        return self.staff("households:write households:read", "registrar", "441624")


def identity_number(seed: int) -> str:
    """A valid number that no person can have."""
    body = f"990000{1980 + seed // 1000}0101{seed % 1000:03d}"
    return body + check_digit(body)


def lines(*items: Any) -> bytes:
    """NDJSON of items; a string is taken as it is."""
    return "\n".join(i if isinstance(i, str) else json.dumps(i) for i in items).encode()


def household(number: int, **change: Any) -> dict[str, Any]:
    return {
        "household_id": str(uuid5(NAMESPACE, f"h{number}")),
        "register_number": f"T-{number:05d}",
        "category": "FORMERLY_POOR",
        "marginal_2019": False,
        "region": REGION,
        "address": "彭寨镇聚村3组",
        "registered_on": "2021-01-01",
        "co_living_count": 1,
        "members": [person(number)],
        **change,
    }


def person(number: int, **change: Any) -> dict[str, Any]:
    """As the number says, or with a reason why not."""
    whose = str(change.get("identity_number", identity_number(number)))
    born_on = f"{whose[6:10]}-{whose[10:12]}-{whose[12:14]}"
    sex = "MALE" if int(whose[16]) % 2 else "FEMALE"
    differs = change.get("born_on", born_on) != born_on or change.get("sex", sex) != sex
    return {
        "person_id": str(uuid5(NAMESPACE, f"p{number}")),
        "name": "黄某某",
        "identity_number": whose,
        "relation": "HEAD",
        "sex": sex,
        "born_on": born_on,
        "labour_capacity": "ORDINARY",
        "health": "HEALTHY",
        "schooling": "NOT_IN_SCHOOL",
        "number_differs": "OTHER_PAPERS" if differs else None,
        **change,
    }


def settlement(number: int, own_cost_fen: int = 1_200_000, **change: Any) -> dict[str, Any]:
    event = {
        "specversion": "1.0",
        "id": f"YB-{number}",
        "source": "urn:gov:441624:yibao",
        "type": "cn.shouwang.fact.MedicalSettlement.v1",
        "time": "2024-03-01T10:00:00+08:00",
    }
    data = {
        "record_key": f"YB-{number}",
        "identity_number": identity_number(number),
        "settled_on": "2024-02-28",
        "total_fen": 2_000_000,
        "basic_insurance_fen": 500_000,
        "serious_illness_insurance_fen": 0,
        "medical_assistance_fen": 0,
        "compliant_own_cost_fen": own_cost_fen,
    }
    attributes = {name: change.pop(name) for name in list(change) if name in event}
    return {**event, **attributes, "data": {**data, **change}}

"""Households, persons and settlements, as many as are wanted. None of the persons can exist."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

from identification.identity import TEST_PREFIX, birthday_in, check_digit, is_male
from tests.integration.county import County

NAMESPACE = UUID(int=0xBE)
REGION = "441624108201"  # 彭寨镇聚村
BATCH = 500
FIRST_BIRTHDAY = date(1950, 1, 1)
PEOPLE = 3  # in each household


def household_id(number: int) -> UUID:
    """Of household `number`."""
    return uuid5(NAMESPACE, f"household {number}")


def identity_number(person: int) -> str:
    """Valid, with the test prefix; persons are numbered through all households."""
    born = FIRST_BIRTHDAY + timedelta(days=person // 999)
    body = f"{TEST_PREFIX}{born:%Y%m%d}{person % 999 + 1:03d}"
    return body + check_digit(body)


def member(person: int) -> dict[str, Any]:
    """As the number says."""
    number = identity_number(person)
    return {
        "person_id": str(uuid5(NAMESPACE, f"person {person}")),
        "name": "黄某某",
        "identity_number": number,
        "relation": "HEAD" if person % PEOPLE == 0 else "CHILD",
        "sex": "MALE" if is_male(number) else "FEMALE",
        "born_on": str(birthday_in(number)),
        "labour_capacity": "ORDINARY",
        "health": "HEALTHY",
        "schooling": "NOT_IN_SCHOOL",
    }


def household(number: int) -> dict[str, Any]:
    """As it is registered."""
    return {
        "household_id": str(household_id(number)),
        "register_number": f"BENCH-{number:08d}",
        "category": "FORMERLY_POOR",
        "marginal_2019": False,
        "region": REGION,
        "address": "彭寨镇聚村3组",
        "registered_on": "2021-01-01",
        "co_living_count": PEOPLE,
        "members": [member(n) for n in range(number * PEOPLE, (number + 1) * PEOPLE)],
    }


def settlement(number: int, person: int) -> dict[str, Any]:
    """A medical settlement, small enough to raise no clue in a load of this size."""
    settled_on = date(2024, 1, 1) + timedelta(days=number % 400)
    return {
        "specversion": "1.0",
        "id": f"YB-BENCH-{number}",
        "source": "urn:gov:441624:yibao",
        "type": "cn.shouwang.fact.MedicalSettlement.v1",
        "time": "2025-06-03T08:30:00+08:00",
        "data": {
            "record_key": f"YB-BENCH-{number}",
            "identity_number": identity_number(person),
            "settled_on": str(settled_on),
            "total_fen": 46_000,
            "basic_insurance_fen": 31_000,
            "serious_illness_insurance_fen": 0,
            "medical_assistance_fen": 10_000,
            "compliant_own_cost_fen": 5_000,
        },
    }


def clue() -> bytes:
    """What a cadre's screening sends."""
    form = {
        "channel": "CADRE_SCREENING",
        "risk_types": ["SCHOOLING"],
        "severity": "YELLOW",
        "discovered_on": "2026-01-05",
        "summary": "入户排查发现子女就学支出偏大",
    }
    return json.dumps(form, ensure_ascii=False).encode()


async def register(county: County, count: int) -> None:
    """Households 0 to `count`, over HTTP."""
    for first in range(0, count, BATCH):
        forms = [household(number) for number in range(first, min(first + BATCH, count))]
        answer = await county.call(
            "county-office", "POST", "identification", "/v1/households/batch", json=forms
        )
        assert answer.status_code == 200, answer.text[:2000]

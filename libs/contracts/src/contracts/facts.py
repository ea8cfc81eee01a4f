"""What departments report about persons and households. A fact decides nothing by itself."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from contracts.codes import FactType, FactValue
from contracts.wording import Wording


@dataclass(frozen=True, kw_only=True)
class DepartmentFactRecorded:
    """A department reported something about a person. `values` holds amounts only.

    `detected_on` is the department's date; `received_on` is ours, and starts a clue's clock, so that
    officers are not late for a department's delay (the clock starts where people can act).
    """

    wording: ClassVar = Wording(
        "部门信息",
        "Department fact",
        "{department_name}报送{fact_type}（发生于{detected_on}）：{values}",
        "{department_name} reported {fact_type} of {detected_on}: {values}",
    )
    fact_id: UUID
    household_id: UUID
    person_id: UUID
    department: str
    department_name: str
    fact_type: FactType
    record_key: str
    record_version: int
    detected_on: date
    received_on: date
    values: dict[FactValue, int]


FactEvent = DepartmentFactRecorded

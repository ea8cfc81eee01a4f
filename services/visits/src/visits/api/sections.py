"""The screening form of S2-04, part by part, in the words that ask for what is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.problems import Fault, Problem


@dataclass(frozen=True)
class Section:
    """A part of the screening form, and what to state there."""

    zh: str
    en: str
    state_zh: str
    state_en: str


_FOUND_ZH = "填写 NONE（无困难、无风险）、PRACTICAL（有实际困难）、POTENTIAL（有潜在风险）或 BOTH（两者都有）"
_FOUND_EN = "state NONE, PRACTICAL (difficulties), POTENTIAL (risks) or BOTH"

# The form of S2-04 by field, in its order; none is optional.
SECTIONS: Mapping[str, Section] = {
    "disposable_fen": Section(
        "收入",
        "income",
        "填写全户近12个月可支配收入，以分计",
        "state the household's disposable income of the last twelve months, in fen",
    ),
    "dropouts": Section(
        "义务教育",
        "compulsory schooling",
        "填写失学辍学的适龄儿童人数，没有填 0",
        "state how many children of compulsory age are out of school, 0 if none",
    ),
    "uninsured": Section(
        "基本医疗",
        "basic medical care",
        "填写未参加基本医疗保险的人数，没有填 0",
        "state how many members have no basic medical insurance, 0 if none",
    ),
    "housing_grade": Section(
        "住房安全",
        "safe housing",
        "填写所住房屋的安全等级 A、B、C、D，无房填 NONE",
        "state the safety grade of the house lived in: A, B, C, D, or NONE without a house",
    ),
    "water_safe": Section(
        "饮水安全",
        "drinking water",
        "填写饮水是否安全：true 或 false",
        "state whether the drinking water is safe: true or false",
    ),
    "rigid_expenditure_fen": Section(
        "刚性支出",
        "rigid expenditure",
        "填写全户近12个月医疗、上学等刚性支出，以分计，没有填 0",
        "state what the household had to spend on treatment, schooling and the like in the last "
        "twelve months, in fen, 0 if nothing",
    ),
    "industry": Section("产业", "industry", _FOUND_ZH, _FOUND_EN),
    "employment": Section("就业", "employment", _FOUND_ZH, _FOUND_EN),
    "medical_care": Section("就医", "medical care", _FOUND_ZH, _FOUND_EN),
    "suspected_risks": Section(
        "疑似风险",
        "suspected risks",
        "填写疑似的风险类型，没有填空列表 []",
        "state the types of risk that are suspected, an empty list [] if none",
    ),
}


def all_stated(sent: Any) -> Any:
    """What was sent, if every part of the form is there. Raises `Problem` that says which are not."""
    if isinstance(sent, dict):
        missing = {name: part for name, part in SECTIONS.items() if sent.get(name) is None}
        if missing:
            raise Problem(
                "screening-incomplete",
                {
                    "missing_zh": "、".join(part.zh for part in missing.values()),
                    "missing_en": ", ".join(part.en for part in missing.values()),
                },
                [
                    Fault(f"/{name}", "missing", part.state_zh, part.state_en)
                    for name, part in missing.items()
                ],
            )
    return sent

"""The columns of a fact import: those of a department's export, from the table of fact types."""

import re
from decimal import Context, Decimal

from contracts.fact_codes import FactCode, FactType, FactValue
from identification.api.columns import (
    DIGITS_KEPT,
    Column,
    Wrong,
    as_date,
    as_text,
    identity_number,
    one_of,
    whole,
)
from identification.domain.fact_types import FACT_TYPES
from identification.sheets import Value

RECORD, VERSION, PERSON, DATE = "记录编号", "记录版本", "证件号码", "日期"

# The fields that hold a code, as an export calls them.
CODED = {
    "cause": "原因",
    "change": "变动",
    "damage": "受损程度",
    "decision": "决定",
    "grade": "等级",
    "impact": "受损情况",
    "kind": "类型",
    "level": "级别",
    "outcome": "结果状态",
    "payer": "缴费主体",
    "scheme": "救助类别",
    "state": "状态",
    "status": "就学状态",
    "term": "学期",
    "use": "用途",
}


EXACT = Context(prec=50)


def yuan(value: Value, typed: bool) -> int:
    """An amount in yuan as fen, exactly. Of a number Excel shows 15 digits, and nobody sees what it has
    beyond them: 20000.1 − 12000.05 is 8000.049999999999 there."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Wrong("yuan")
    shown = f"{value:.{DIGITS_KEPT}g}" if isinstance(value, float) else str(value)
    written = shown.strip().replace(",", "")
    if not re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,20})?", written):  # few enough to be exact below
        raise Wrong("yuan")
    fen = Decimal(written).scaleb(2, EXACT)
    if fen != fen.to_integral_value(context=EXACT):
        raise Wrong("yuan")
    return int(fen)


def of_type(fact: FactType) -> tuple[list[Column], list[Column]]:
    """The columns that must be there, and those that may."""
    spec = FACT_TYPES[fact]
    required = [
        Column(RECORD, "record_key", as_text),
        Column(PERSON, "identity_number", identity_number),
        Column(DATE, spec.dated, as_date),
        *(_amount(value) for value in spec.values),
        *(_coded(name, codes) for name, codes in spec.codes.items()),
    ]
    optional = [
        Column(VERSION, "record_version", whole),
        *(_amount(value) for value in spec.optional),
        *(_coded(name, codes) for name, codes in spec.optional_codes.items()),
    ]
    return required, optional


def _amount(value: FactValue) -> Column:
    if value.value.endswith("_fen"):
        return Column(f"{value.zh}（元）", value.value, yuan)
    return Column(value.zh, value.value, whole)


def _coded(name: str, codes: tuple[FactCode, ...]) -> Column:
    return Column(CODED[name], name, one_of(codes))

"""Policy parameters as they are published: by region and effective interval, each with its source.

A version never changes once it is published; another version is published beside it. Decisions name the
version that they used (`policyversion` of the envelope).
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from contracts.wording import Code, Wording


class ParameterKind(Code):
    """Where a number comes from."""

    POLICY = "policy", "政策规定", "policy"
    DEFAULT = "default", "系统默认", "default"


@dataclass(frozen=True, kw_only=True)
class PolicyParameterPublished:
    """One parameter of a version. `value` is a whole number, a code or a date; the end of `key` is its unit."""

    wording: ClassVar = Wording(
        "公布政策参数",
        "Policy parameter published",
        "{version}：{key}为{value}（{kind}；{source}），自{effective_from}起",
        "{version}: {key} is {value} ({kind}; {source}) from {effective_from}",
    )
    version: str
    region: str
    key: str
    value: int | str
    kind: ParameterKind
    source: str
    effective_from: date
    effective_to: date | None
    published_on: date


@dataclass(frozen=True, kw_only=True)
class PolicyVersionPublished:
    """The version is whole: households are screened anew, and nothing decided is judged again (A48).

    `published_on` is the authority's date, `received_on` ours: a clue's clock starts where people can
    act.
    """

    wording: ClassVar = Wording(
        "公布政策版本",
        "Policy version published",
        "{version}（{region}）共{parameters}项参数，{published_on}公布，自{effective_from}起施行；按新参数重新筛查，不重判以往决定",
        "{version} ({region}) with {parameters} parameters, published on {published_on}, in force from "
        "{effective_from}; households are screened anew, decisions stand",
    )
    version: str
    region: str
    parameters: int
    effective_from: date
    effective_to: date | None
    published_on: date
    received_on: date


@dataclass(frozen=True, kw_only=True)
class PolicyInForceChanged:
    """A version that was published ahead is in force, or is so no longer (`ended`): households are
    screened anew, and nothing decided is judged again (A48).

    `changed_on` is the bound of its interval, `noted_on` the business date on which that was noticed: a
    clue's clock starts where people can act.
    """

    wording: ClassVar = Wording(
        "政策版本施行或期满",
        "Policy in force changed",
        "{version}（{region}）自{changed_on}起施行或期满（期满：{ended}）；按现行参数重新筛查，不重判以往决定",
        "{version} ({region}) came into force on {changed_on}, or ended (ended: {ended}); households are "
        "screened anew, decisions stand",
    )
    version: str
    region: str
    changed_on: date
    ended: bool
    noted_on: date


PolicyEvent = PolicyParameterPublished | PolicyVersionPublished | PolicyInForceChanged

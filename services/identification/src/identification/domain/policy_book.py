"""Which value of a parameter holds: by region, business date and time of decision.

The smallest region that has a value in force wins, key by key: village, town, county, city, province,
nation. In force is what is effective on the business date and was published when the decision was made.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Protocol

from common.decider import Refused
from identification.domain.parameters import KINDS
from identification.domain.policy import Policy

REMEMBERED = 20_000  # resolved sets; a county has some hundred villages, a day a handful of dates
DATES = frozenset(f.name for f in fields(Policy) if f.type is date)  # published as YYYY-MM-DD


class PolicyLookup(Protocol):
    """What a decision asks for its parameters."""

    def of(self, region: str, on: date) -> Policy:
        """The parameters for a region on a business date. Raises `Refused` for a region without any."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Version:
    """One published version with its values."""

    version: str
    region: str
    effective_from: date
    effective_to: date | None
    published_on: date
    values: Mapping[str, int | str]


class PolicyBook:
    """All versions that are known; `learn` replaces them when another one is published."""

    def __init__(self, versions: Iterable[Version] = ()) -> None:
        self.versions: tuple[Version, ...] = tuple(versions)
        self._resolved: dict[tuple[str, date, date], Policy] = {}

    def learn(self, versions: Iterable[Version]) -> None:
        """Take these versions in place of those before."""
        self.versions = tuple(versions)
        self._resolved = {}

    def without(self, version: str) -> "PolicyBook":
        """The book before a version was published."""
        return PolicyBook(v for v in self.versions if v.version != version)

    def of(self, region: str, on: date, decided_on: date | None = None) -> Policy:
        """The parameters for a region on a business date, as known on the day of decision.

        Before the first publication the earliest version is used, so that a late entry still has
        parameters. Raises `Refused` for a region that no version covers.
        """
        asked = (region, on, decided_on or on)
        if asked not in self._resolved:
            if len(self._resolved) >= REMEMBERED:
                self._resolved = {}
            self._resolved[asked] = self._resolve(*asked)
        return self._resolved[asked]

    def _resolve(self, region: str, on: date, decided_on: date) -> Policy:
        covering = [v for v in self.versions if region.startswith(v.region)]
        if not covering:
            raise Refused("policy-not-found")
        chosen: dict[str, Version] = {}
        # A later version of the service, at work beside this one or before it, publishes others, too.
        for key in KINDS.keys() & {key for version in covering for key in version.values}:
            having = [v for v in covering if key in v.values]
            in_force = [
                v
                for v in having
                if v.effective_from <= on
                and (v.effective_to is None or on < v.effective_to)
                and v.published_on <= decided_on
            ]
            chosen[key] = (
                max(in_force, key=lambda v: (len(v.region), v.published_on, v.effective_from))
                if in_force
                else min(having, key=lambda v: (v.effective_from, -len(v.region)))
            )
        used = sorted({*chosen.values()}, key=lambda v: (len(v.region), v.published_on, v.version))
        return policy_of(used, {key: version.values[key] for key, version in chosen.items()})


def policy_of(used: list[Version], values: Mapping[str, int | str]) -> Policy:
    """The parameters as one set. Its version names every version that it takes a value from."""
    smallest = used[-1]
    rest: dict[str, Any] = {
        key: date.fromisoformat(str(value)) if key in DATES else value
        for key, value in values.items()
    }
    return Policy(
        version="+".join(v.version for v in used),
        region=smallest.region,
        effective_from=smallest.effective_from,
        effective_to=smallest.effective_to,
        published_on=smallest.published_on,
        **rest,
    )

"""Parameters by region and date, from a policy file: for a service whose parameters nobody publishes
otherwise.

A version counts from its publication, and a decision stores the `version` that it used.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar


class Versioned(Protocol):
    """What every set of parameters has, beside the parameters of its service."""

    @property
    def version(self) -> str:
        """Such as `44-16-24/2024/1`."""

    @property
    def region(self) -> str:
        """The digits of the area that it is for."""

    @property
    def effective_from(self) -> date:
        """First business date."""

    @property
    def effective_to(self) -> date | None:
        """The business date on which it no longer holds, if it is known."""

    @property
    def published_on(self) -> date:
        """Nobody can be held to it before."""


Policy = TypeVar("Policy", bound=Versioned)


@dataclass(frozen=True)
class Policies(Generic[Policy]):
    """All versions of one service's parameters."""

    versions: tuple[Policy, ...]

    def of(self, region: str, on: date) -> Policy:
        """The version in force for the smallest enclosing region on a business date; of several the one
        that was published last, and of those the one that is effective last.

        Before the first publication the earliest version is used, so that a late entry still has
        parameters. Raises `LookupError` for a region that no version covers.
        """
        covering = [p for p in self.versions if region.startswith(p.region)]
        if not covering:
            raise LookupError(f"no policy covers region {region}")
        in_force = [
            p
            for p in covering
            if max(p.effective_from, p.published_on) <= on
            and (p.effective_to is None or on < p.effective_to)
        ]
        if in_force:
            return max(in_force, key=lambda p: (len(p.region), p.published_on, p.effective_from))
        return min(covering, key=lambda p: (-len(p.region), p.effective_from))


def read(path: Path, group: str, policy: Callable[..., Policy]) -> Policies[Policy]:
    """The policies in a TOML file, with the parameters of `group`; the rest is not ours to read.

    Raises `ValueError` that names a parameter which is missing or unknown.
    """
    versions = tomllib.loads(path.read_text("utf-8"))["policy"]
    return Policies(tuple(_policy(version, group, policy) for version in versions))


def _policy(version: dict[str, Any], group: str, policy: Callable[..., Policy]) -> Policy:
    ours = version.pop("parameters").get(group, {})
    parameters = {name: entry["value"] for name, entry in ours.items()}
    try:
        return policy(effective_to=version.pop("effective_to", None), **version, **parameters)
    except TypeError as error:
        raise ValueError(f"policy {version.get('version')}: {error}") from error

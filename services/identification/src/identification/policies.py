"""Reads the policy file. Until governance owns publication, it is the only source."""

import tomllib
from pathlib import Path
from typing import Any

from identification.domain.policy import Policies, Policy


def read(path: Path) -> Policies:
    """The policies of a TOML file. Raises `ValueError` naming what is missing or unknown."""
    content = tomllib.loads(path.read_text("utf-8"))
    return Policies(tuple(_policy(version) for version in content["policy"]))


def _policy(version: dict[str, Any]) -> Policy:
    parameters = {name: entry["value"] for name, entry in version.pop("parameters").items()}
    try:
        return Policy(effective_to=version.pop("effective_to", None), **version, **parameters)
    except TypeError as error:
        raise ValueError(f"policy {version.get('version')}: {error}") from error

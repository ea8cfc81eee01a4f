"""The county overlay, built once."""

from typing import Any

import pytest

from tests.deployment.facts import ROOT
from tests.deployment.kustomize import build

Resources = list[dict[str, Any]]


@pytest.fixture(scope="session")
def county() -> Resources:
    """Everything that `kubectl apply -k deploy/k8s/overlays/county` would send."""
    return build(ROOT / "deploy/k8s/overlays/county")

"""What the pages presuppose: a system that `make run` has just started."""

import json
import sys

import pytest

from local.kept import private_write
from local.programs import finished
from local.services import without_proxy
from tests.documents.terminal import Terminal
from tests.integration.county import County


@pytest.fixture(scope="session")
async def terminal(county: County) -> Terminal:
    """A shell in the project's folder, beside the county with its sample town."""
    await county.set_clocks(None)
    endpoints = county.home / "endpoints.json"
    private_write(endpoints, json.dumps(county.system.as_json()))
    load = (sys.executable, "-m", "samples.load", "--endpoints", str(endpoints))
    await finished(load, county.home / "logs" / "samples.log", "No samples.", without_proxy())
    return Terminal(county)

"""One copy of the code for all laws; each violation is taken out again after its test."""

import pytest

from tests.laws.copied import Copy


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The code, clean."""
    return Copy.made(tmp_path_factory.mktemp("copy"))

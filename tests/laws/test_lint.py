"""No clock, no chance, no engine of its own, no print, no naive time: ruff names what breaks these."""

import re
import tomllib

import pytest

from tests.laws.copied import Copy, is_clean, is_refused
from tests.laws.files import ROOT, files

DOMAIN = "services/visits/src/visits/domain/planted.py"
BANNED = {
    "datetime.datetime.now": "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n",
    "datetime.datetime.utcnow": "import datetime\n\nNOW = datetime.datetime.utcnow()\n",
    "datetime.datetime.today": "from datetime import datetime as d\n\nNOW = d.today()\n",
    "datetime.date.today": "from datetime import date\n\nTODAY = date.today()\n",
    "time.time": "from time import time\n\nNOW = time()\n",
    "uuid.uuid1": "from uuid import uuid1\n\nID = uuid1()\n",
    "uuid.uuid4": "import uuid\n\nID = uuid.uuid4()\n",
    "sqlalchemy.ext.asyncio.create_async_engine": (
        "from sqlalchemy.ext.asyncio import create_async_engine as made\n\nENGINE = made('sqlite://')\n"
    ),
    "random": "import random\n\nDRAWN = random.random()\n",
}
OTHERS = {
    "T201": 'print("found")\n',
    "DTZ001": "from datetime import datetime\n\nNOON = datetime(2026, 3, 1, 12)\n",
    "DTZ007": 'from datetime import datetime\n\nNOON = datetime.strptime("12", "%H")\n',
    "TID252": "from ..domain import states\n\nSTATES = states\n",
    "PGH003": 'COUNT: int = "one"  # type: ignore\n',
    "ASYNC251": "import time\n\n\nasync def wait() -> None:\n    time.sleep(1)\n",
}


def test_the_code_itself_is_clean(copy: Copy) -> None:
    is_clean(copy.lint())


def test_every_ban_is_planted_here() -> None:
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]
    assert set(BANNED) == set(ruff["lint"]["flake8-tidy-imports"]["banned-api"])


@pytest.mark.parametrize("name", BANNED)
def test_the_domain_asks_neither_the_time_nor_chance_nor_a_database(copy: Copy, name: str) -> None:
    with copy.planted(DOMAIN, BANNED[name]):
        is_refused(copy.lint(), DOMAIN, "TID251", f"`{name}` is banned")


@pytest.mark.parametrize("folder", ["libs/contracts/src/contracts", "services/audit/src/audit"])
def test_clocks_are_banned_outside_the_domain_too(copy: Copy, folder: str) -> None:
    with copy.planted(f"{folder}/planted.py", BANNED["datetime.date.today"]):
        is_refused(copy.lint(), f"{folder}/planted.py", "TID251")


def test_the_domain_makes_no_exception_for_itself() -> None:
    """A ban that can be lifted line by line is none; here there is no reason to lift one."""
    pure = re.compile(r"services/\w+/src/\w+/domain/|libs/contracts/src/")
    lifted = re.compile(r"#\s*(?:noqa|ruff:|type:\s*ignore|mypy:)")
    assert lifted.search("NOW = datetime.now()  # noqa: TID251")
    modules = [path for path in files("services", "libs") if pure.match(path)]
    assert len(modules) > 10
    assert [path for path in modules if lifted.search((ROOT / path).read_text("utf-8"))] == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_habit_that_we_do_not_want_is_named(copy: Copy, code: str) -> None:
    with copy.planted(DOMAIN, OTHERS[code]):
        is_refused(copy.lint(), DOMAIN, code)

"""Whoever lives through an outage of the database names all that it raises, by `common.outage.AWAY`."""

import re

from tests.laws.files import ROOT, files

# What a lost connection means for a commit, and for an event, is theirs to tell apart.
OWN = {"common/outage.py", "common/writer.py", "common/inbox.py"}


def test_nobody_has_a_shorter_list_of_what_a_lost_connection_raises() -> None:
    code = [path for path in files("libs", "services") if "/src/" in path and path.endswith(".py")]
    others = [path for path in code if not path.endswith(tuple(OWN))]
    assert len(code) - len(others) == len(OWN)
    named = re.compile(r"asyncpg\.(InterfaceError|InternalClientError)")
    assert [path for path in others if named.search((ROOT / path).read_text("utf-8"))] == []

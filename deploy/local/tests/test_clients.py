"""The table of development clients."""

import re

import pytest

from local.clients import CLIENTS, COUNTY, main

DEPARTMENTS = [
    "yibao",
    "jiaoyu",
    "minzheng",
    "renshe",
    "zhujian",
    "shuiwu",
    "canlian",
    "weijian",
    "nongye",
    "jinrong",
    "shuiwuju",
    "shichang",
    "budongchan",
    "sifa",
    "yingji",
    "gongan",
]


def test_a_department_reports_facts_and_decides_nothing() -> None:
    for code in DEPARTMENTS:
        assert CLIENTS[code].department == code
        assert CLIENTS[code].scopes == ("facts:write", "households:read", "audit:read")


def test_nobody_else_reports_facts() -> None:
    for code, client in CLIENTS.items():
        assert code in DEPARTMENTS or "facts:write" not in client.scopes


def test_each_acts_in_the_county_as_a_person_of_its_own() -> None:
    assert len({client.person for client in CLIENTS.values()}) == len(CLIENTS)
    for client in CLIENTS.values():
        assert client.region.startswith(COUNTY)


def test_only_the_level_that_decides_may_decide() -> None:
    for level, client in (("town", "town-pengzhai"), ("county", "county-office")):
        may = [one.id for one in CLIENTS.values() if f"episodes:{level}" in one.scopes]
        assert may == [client]


def test_the_table_tells_of_every_client(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    printed = capsys.readouterr().out
    for client in CLIENTS.values():
        assert re.search(rf"^{client.id} .*{client.scopes[-1]}$", printed, re.MULTILINE)

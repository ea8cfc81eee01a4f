"""What another site makes a browser of ours do: send a form, or lead from a page of ours to elsewhere."""

import html
import re

import httpx
import pytest

from audit.access.looks import STAFF
from audit.access.signing_in import COOKIE
from common.testing import Issuer
from services.audit.tests.test_problems import CHROMIUM

ELSEWHERE = ("cross-site", "same-site")  # so is another port, or a service beside us in the domain


@pytest.fixture
def browser(client: httpx.AsyncClient, tokens: Issuer) -> httpx.AsyncClient:
    """The supervisor's, signed in."""
    del client.headers["Authorization"]
    client.headers["Accept"] = CHROMIUM
    client.cookies.set(COOKIE, tokens.token("supervisor", "audit:read", department=STAFF))
    return client


@pytest.mark.parametrize("site", ELSEWHERE)
async def test_nobody_is_signed_in_as_somebody_else_by_a_form_of_another_site(
    client: httpx.AsyncClient, tokens: Issuer, site: str
) -> None:
    """Their looks would be recorded under that name."""
    del client.headers["Authorization"]
    theirs = {"token": tokens.token("somebody-else", "audit:read", department=STAFF)}
    answer = await client.post("/session", data=theirs, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    ours = await client.post("/session", data=theirs, headers={"Sec-Fetch-Site": "same-origin"})
    assert (ours.status_code, "set-cookie" in ours.headers) == (303, True)


@pytest.mark.parametrize("site", ELSEWHERE)
@pytest.mark.parametrize("path", ["/session/end", "/find", "/find/registered"])
async def test_a_form_of_another_site_does_nothing_with_the_cookie(
    browser: httpx.AsyncClient, path: str, site: str
) -> None:
    number = {"identity_number": "990000196102080010"}
    headers = {"Sec-Fetch-Site": site, "Accept": "application/json"}
    answer = await browser.post(path, data=number, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "form-of-another-site")
    assert "set-cookie" not in answer.headers
    ours = await browser.post(path, data=number, headers={"Sec-Fetch-Site": "same-origin"})
    assert ours.status_code != 403


async def test_a_link_of_another_site_leads_here_and_a_form_may_be_sent_again(
    browser: httpx.AsyncClient,
) -> None:
    linked = await browser.get("/", headers={"Sec-Fetch-Site": "cross-site"})
    again = await browser.post("/session/end", headers={"Sec-Fetch-Site": "none"})
    assert (linked.status_code, again.status_code) == (200, 303)


@pytest.mark.parametrize(
    "made_up",
    ["//elsewhere.example/x", "/%09/elsewhere.example", "///x.y"],
)
async def test_a_link_that_somebody_made_up_leads_to_no_other_site(
    browser: httpx.AsyncClient, made_up: str
) -> None:
    """For a browser `//`, and a tab in between, is the start of another site's address."""
    answer = await browser.get(f"http://audit{made_up}")
    assert answer.status_code == 404
    links = [html.unescape(to) for to in re.findall('(?:href|action)="([^"]*)"', answer.text)]
    ways = [to for to in links if to != "data:,"]
    assert len(ways) > 2
    for to in ways:
        assert re.match(r"(#|/(?![/\\\t\r\n]))", to), to

"""Whoever acts has a name where supervisors read: audit knows codes, and no other service's list of them."""

import pytest

from audit.meaning.words import DEPARTMENTS, POSTS
from contracts.visits import VisitorPost
from identification.domain import fact_types
from local.clients import CLIENTS, Client


def test_every_department_that_may_report_has_a_name() -> None:
    assert set(fact_types.DEPARTMENTS) <= set(DEPARTMENTS)


@pytest.mark.parametrize("client", CLIENTS.values(), ids=lambda client: client.id)
def test_every_client_has_a_name_for_its_department_and_post(client: Client) -> None:
    assert client.department in DEPARTMENTS
    assert client.post in POSTS


def test_every_post_of_a_visitor_has_the_name_that_visits_gives_it() -> None:
    assert {post.value: (post.zh, post.en) for post in VisitorPost}.items() <= {
        code: (name.zh, name.en) for code, name in POSTS.items()
    }.items()

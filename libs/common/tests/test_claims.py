"""Who acts, as a token says it: recorded for ever with every event."""

from typing import Any

import pytest

from common.auth import Verifier
from common.problems import Problem
from common.testing import Issuer


@pytest.mark.parametrize("nothing", ["", ...])
async def test_an_empty_claim_is_none(verifier: Verifier, issued: Issuer, nothing: Any) -> None:
    claims = dict.fromkeys(["person", "post", "organisation", "department", "region"], nothing)
    principal = await verifier.principal(issued.token("village-1", **claims))

    actor = principal.actor
    assert (actor.person, actor.post, actor.organisation) == ("village-1", "", "")
    assert (actor.department, actor.region) == ("", "")
    assert not principal.covers(actor.region)


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("person", 51),
        ("person", "a\0b"),
        ("person", "a\nb"),
        ("organisation", {"zh": "医保局"}),
        ("department", ["yibao"]),
        ("post", "\ud800"),
        ("region", 441624),
    ],
)
async def test_what_cannot_be_recorded_of_who_acts_is_refused(
    verifier: Verifier, issued: Issuer, claim: str, value: Any
) -> None:
    with pytest.raises(Problem) as refused:
        await verifier.principal(issued.token("a", **{claim: value}))
    assert refused.value.code == "unauthenticated"

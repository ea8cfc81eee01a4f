"""A record may say anything: it neither hides its household nor makes its file invalid.

Whoever may publish could otherwise end all looks at a household, or at the county, with one record.
"""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from audit import verify
from audit.read_model import counting
from audit.verify import DEPTH, VERIFIED, Dossier, key_of, payload
from common.testing import NOON, envelope, household
from services.audit.tests.conftest import SIGNER, Hear

ME = household(1)
HOSTILE = {
    "half a pair": b'{"risk_types":["\\ud800"],"due_on":"\\udfff"}',
    "a name of half a pair": b'{"risk_types":{"\\ud800":1}}',
    "not a number": b'{"risk_types":NaN,"due_on":"2024-06-18"}',
    "no end": b'{"risk_types":[1e999],"due_on":"2024-06-18"}',
    "nested": b'{"risk_types":' + b"[" * 900 + b"]" * 900 + b"}",
    "nested objects": b'{"risk_types":' + b'{"a":' * 900 + b"1" + b"}" * 901,
    "nested beyond all": b'{"risk_types":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "many digits": b'{"risk_types":' + b"9" * 5_000 + b"}",
    "UTF-16": '{"risk_types":["ILLNESS"]}'.encode("utf-16"),
    "no year of ours": b'{"risk_types":["ILLNESS"],"due_on":"99999-06-18"}',
    "a moment of no day": b'{"risk_types":["2024-02-30T00:00:00Z"]}',
    "a moment before all": b'{"risk_types":["0001-01-01T00:00:00+23:59"]}',
    "of other kinds": b'{"risk_types":{"a":{"b":null}},"due_on":20240618}',
    "markup": b'{"risk_types":["<script>alert(1)</script>"],"due_on":"\\"><b>"}',
}
VIEWS = (
    f"/v1/households/{ME}/timeline?corrected=true",
    f"/v1/households/{ME}/state",
    f"/v1/households/{ME}/diff?from=2024-06-01",
    f"/households/{ME}?valid_at=2024-06-01",
    f"/households/{ME}/raw",
    "/county",
    "/county/households?duty=identification.RiskDetected.v1",
)


@pytest.mark.parametrize("said", HOSTILE.values(), ids=HOSTILE)
async def test_a_record_that_says_anything_is_shown_and_verified(
    app: FastAPI, client: httpx.AsyncClient, hear: Hear, said: bytes
) -> None:
    clue = envelope(said, type="RiskDetected", household_id=ME)
    amends = {"path": "/risk_types", "new_value": "1", "corrected_event_id": str(clue.event_id)}
    corrected = envelope(json.dumps(amends).encode(), type="RecordCorrected", prev=clue)
    again = envelope(b'{"risk_types":["ILLNESS"]}', type="RiskDetected", prev=corrected)
    amends |= {"new_value": said.decode("latin-1"), "corrected_event_id": str(again.event_id)}
    worse = envelope(json.dumps(amends).encode(), type="RecordCorrected", prev=again)
    await hear([clue, corrected, again, worse])
    assert await app.state.keeper.keep(NOON + timedelta(days=1))
    assert await counting.count(app.state.runtime.pool, app.state.vocabulary, "") == 0
    for view in VIEWS:
        answer = await client.get(view)
        assert answer.status_code == 200, (view, answer.text[:200])
        assert view.startswith("/v1/") or "<script>alert" not in answer.text
    file = await client.get(f"/v1/households/{ME}/dossier", params={"purpose": "check"})

    def nothing_else(constant: str) -> Any:
        raise AssertionError(f"{constant} is no JSON")

    raw = json.loads(file.text, parse_constant=nothing_else)
    code, why, _ = verify.verify(Dossier(raw, [key_of(SIGNER.vkey)], [], None))
    assert (code, why) == (VERIFIED, None)


def test_a_payload_is_what_every_reader_understands() -> None:
    for said in ("half a pair", "not a number", "no end", "nested", "nested objects", "UTF-16"):
        assert payload(HOSTILE[said]) is None
    deepest = b'{"a":' * (DEPTH - 1) + b"1" + b"}" * (DEPTH - 1)
    assert payload(deepest) == json.loads(deepest)
    assert payload(b'{"a":' + deepest + b"}") is None
    assert payload('{"a":"\\ud83d\\ude00和"}'.encode()) == {"a": "\U0001f600和"}
    assert payload(b"[1]") is None

"""What nobody promised to send, to every route of an OpenAPI document: no route fails, none answers with
what was sent, each says what is wrong.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import count
from math import inf
from typing import Any
from urllib.parse import quote

import httpx

from common.testing.promised import NOBODY, bodies, operations, places, put

NUMBER = "990000198901010018"  # a valid identity number that no person can have
VALUES: tuple[Any, ...] = (
    None, True, -1, 10**30, "", "x" * 10_000, "a\x00b", "a\u202eb", "\ud800", NUMBER, "0001-01-01", [],
)  # fmt: skip
QUERIES = (
    "", "x", "-1", "501", "9" * 30, "a\x00b", NUMBER, "0001-01-01", "9999-12-31", "441624%", NOBODY,
)  # fmt: skip
RAW = (
    b"", b"{", b"[" * 100_000, b"\xff\xfe", b"null", b"1", b"NaN",
    f'"{NUMBER}"'.encode(), f'{{"{NUMBER}": 1}}'.encode(),
)  # fmt: skip


class Attacker:
    """Has every right, and a key for each request; gathers in `found` what should not be.

    `places` are the parts of paths that are there, by name; for the others it sends `NOBODY`.
    """

    def __init__(
        self, app: httpx.AsyncClient, headers: Mapping[str, str], places: Mapping[str, str]
    ) -> None:
        self._app, self._headers, self._keys, self._places = app, headers, count(), places
        self.found: list[tuple[str, str, str, Any]] = []
        self.sent = 0

    async def spoil_queries(self, document: Any) -> None:
        """Everything that may stand in a path or query of a GET, spoilt in every way."""
        for method, path, operation in operations(document):
            if method != "GET":
                continue
            for one in operation.get("parameters", []):
                for value in QUERIES:
                    what, name = (one["name"], value[:30]), f"{{{one['name']}}}"
                    if one["in"] == "path":
                        spoilt = path.replace(name, quote(value, safe="") or "x")
                        await self.send(method, spoilt, what)
                    else:
                        await self.send(method, path, what, params={one["name"]: value})
            await self.send(method, path, "unknown", params={NUMBER: NUMBER})

    async def spoil_paths(self, document: Any) -> None:
        """Everything that may stand in the path of whatever is no GET, spoilt in every way."""
        for method, path, operation in operations(document):
            for one in operation.get("parameters", []):
                if method != "GET" and one["in"] == "path":
                    for value in QUERIES:
                        spoilt = path.replace(f"{{{one['name']}}}", quote(value, safe="") or "x")
                        await self.send(method, spoilt, (one["name"], value[:30]))

    async def spoil_bodies(self, document: Any) -> None:
        """No body at all, and each field of one that fits, spoilt in every way."""
        for method, path, operation in operations(document):
            if method == "GET":
                continue
            known = list(bodies(document, operation))
            for media, body in known or [("application/octet-stream", None)]:
                headers = {"Content-Type": media}
                for raw in RAW:
                    await self.send(method, path, raw[:20], content=raw, headers=headers)
                changed = ((p, v) for p in places(body or {}) for v in VALUES)
                for place, value in changed:
                    content, what = json.dumps(put(body, place, value)), (place, str(value)[:20])
                    await self.send(method, path, what, content=content, headers=headers)
                if isinstance(body, dict):
                    content = json.dumps({**body, NUMBER: NUMBER})
                    await self.send(method, path, "unknown", content=content, headers=headers)

    async def send_ambiguous(self, document: Any) -> None:
        """Forms whose first name stands twice, or holds a number that nobody can: either is told by its pointer.
        An event of a department is asked about where its types are."""
        for method, path, operation in operations(document):
            body = dict(bodies(document, operation)).get("application/json")
            form = body[0] if isinstance(body, list) else body
            if method == "GET" or not form or path == "/v1/events":
                continue
            name = next(iter(form))
            for code, told in (
                ("twice", f'{json.dumps(form)[:-1]}, "{name}": null}}'),
                ("range", json.dumps({**form, name: inf}).replace("Infinity", "1e400")),
            ):
                content = f"[{told}]" if isinstance(body, list) else told
                headers = {"Content-Type": "application/json"}
                answer = await self.send(method, path, code, content=content, headers=headers)
                problem = answer.json()
                if isinstance(body, list):
                    problem = problem["items"][0]["problem"]
                faults = [(fault["pointer"], fault["code"]) for fault in problem.get("errors", [])]
                if faults != [(f"/{name}", code)]:
                    self.found.append((method, path, f"it is told as {problem['code']}", faults))

    async def send(self, method: str, path: str, what: Any, **request: Any) -> httpx.Response:
        """The answer to one request; `what` of it was spoilt."""
        url = re.sub(r"{(\w+)}", lambda name: self._places.get(name[1], NOBODY), path)
        headers = {**self._headers, "Idempotency-Key": f"attack-{next(self._keys)}"}
        headers |= request.pop("headers", {})
        answer = await self._app.request(method, url, headers=headers, **request)
        self.sent += 1
        self.found += [(method, path, fault, what) for fault in faults_of(answer)]
        return answer


def faults_of(answer: httpx.Response) -> Iterator[str]:
    """What is wrong with an answer."""
    if NUMBER in answer.text and not answer.url.path.endswith("/reveal"):
        yield "it echoes an identity number"
    if answer.status_code < 400:
        return
    if answer.headers["content-type"] != "application/problem+json":
        yield "it is no problem"
    elif answer.status_code >= 500:
        yield f"it fails with {answer.json()['code']}"
    elif vague := vague_in(answer.json()):
        yield f"it does not say what is wrong: {vague}"


TOLD = {"enum", "length", "pattern", "range", "value"}  # of which is said what would be right


def vague_in(problem: Any) -> list[str]:
    """Where a body or query is called wrong, and nothing more is said, or what is said is Python."""
    errors = problem.get("errors", []) if problem["code"] == "invalid" else []
    return [
        fault["pointer"] + " " + fault["detail_en"]
        for fault in errors
        if (fault["code"] in TOLD and ": " not in fault["detail_en"])
        or "datetime." in fault["detail"]
    ]

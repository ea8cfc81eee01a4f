"""Posting to a running system as one of the development clients."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import httpx


class LoadFailed(Exception):
    """The load stopped half way; what was accepted stays, and loading again goes on from there."""


class NotThere(LoadFailed):
    """What is asked about is not known, or not yet."""


class Post(Protocol):
    """Posts a body of the given content type to a path and gives the decoded answer. `key` is an
    idempotency key, where the path takes one."""

    def __call__(
        self, path: str, content_type: str, body: bytes, key: str = ""
    ) -> dict[str, Any]: ...


def poster(http: httpx.Client, base_url: str, new_token: Callable[[], str]) -> Post:
    """Posts to `base_url` with a token from `new_token`, a fresh one when it has expired."""
    token = new_token()

    def post(path: str, content_type: str, body: bytes, key: str = "") -> dict[str, Any]:
        nonlocal token
        url = base_url.rstrip("/") + path
        answer = send(url, content_type, body, key)
        if answer.status_code == 401:
            token = new_token()
            answer = send(url, content_type, body, key)
        if answer.status_code not in (200, 201, 207):
            kind = NotThere if answer.status_code == 404 else LoadFailed
            raise kind(f"{url} answered {answer.status_code}: {reason_of(decoded(answer))}")
        return decoded(answer)

    def send(url: str, content_type: str, body: bytes, key: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}", "content-type": content_type}
        if key:
            headers["idempotency-key"] = key
        with reaching(url):
            return http.post(url, content=body, headers=headers)

    return post


def token_from(http: httpx.Client, issuer: str, client: str, secret: str) -> str:
    """A bearer token for `client` by its credentials (OAuth 2 client credentials)."""
    url = issuer.rstrip("/") + "/token"
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    with reaching(url):
        answer = http.post(url, data=form)
    if answer.status_code != 200:
        raise LoadFailed(f"{url} gave no token for {client}: {answer.status_code}")
    return str(decoded(answer)["access_token"])


@contextmanager
def reaching(url: str) -> Iterator[None]:
    try:
        yield
    except httpx.TransportError as problem:
        raise LoadFailed(
            f"{url} does not answer ({type(problem).__name__}). Is `make run` running? "
            "Loading again goes on from here."
        ) from problem


def decoded(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def reason_of(problem: dict[str, Any]) -> str:
    """One line for a problem+json: its title, its detail, and the pointers it names."""
    words = [str(problem[key]) for key in ("title", "detail") if problem.get(key)]
    pointers = [str(item["pointer"]) for item in problem.get("errors", ()) if item.get("pointer")]
    if problem.get("pointer"):
        pointers.append(str(problem["pointer"]))
    text = ": ".join(words) or str(problem.get("type", "no reason given"))
    return text + (f" at {', '.join(pointers)}" if pointers else "")

"""Loads exports into a running system: `python -m samples.load --endpoints .local/endpoints.json`.

Registers the households over REST, then posts the medical settlements as the medical insurance
would, as CloudEvents. Both are idempotent: loading twice changes nothing, and says so.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import httpx

from samples.reading import Json, UnreadableExport, read_households, read_settlements

TINY = Path(__file__).parent / "tiny"
ITEMS_A_BATCH = 200  # of at most 500: well below the limit of a body's size
CLIENTS_FILE = "clients.json"  # beside endpoints.json: client id -> secret
TIMEOUT_SECONDS = 60.0
EXAMPLES_OF_A_REASON = 3
REGISTRAR = "county-office"  # the development client that may register households
MEDICAL_INSURANCE = "yibao"

Tell = Callable[[str], None]


class LoadFailed(Exception):
    """The load stopped half way; what was accepted stays, and loading again goes on from there."""


class Post(Protocol):
    """Posts a body of the given content type to a path and gives the decoded answer."""

    def __call__(self, path: str, content_type: str, body: bytes) -> dict[str, Any]: ...


@dataclass
class Tally:
    """What became of the items of one kind."""

    accepted: int = 0
    replayed: int = 0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, names: Sequence[str], answer: dict[str, Any]) -> None:
        """Counts one answer; `names` are how people know the items of its batch, in order."""
        self.accepted += int(answer["accepted"])
        self.replayed += int(answer["replayed"])
        self.refused += int(answer["refused"])
        for item in answer["items"]:
            if item["status"] == "refused":
                reason = reason_of(item.get("problem") or {})
                self.reasons[reason] += 1
                examples = self.examples.setdefault(reason, [])
                if len(examples) < EXAMPLES_OF_A_REASON:
                    examples.append(names[int(item["index"])])

    def lines(self, kind: str) -> Iterator[str]:
        yield (
            f"{kind}: {self.accepted:,} accepted, {self.replayed:,} replayed, "
            f"{self.refused:,} refused"
        )
        for reason, count in self.reasons.most_common():
            yield f"  {count:,} × {reason} (e.g. {', '.join(self.examples[reason])})"


@dataclass(frozen=True)
class Outcome:
    """What a load did."""

    households: Tally
    settlements: Tally

    @property
    def refused(self) -> int:
        return self.households.refused + self.settlements.refused

    @property
    def changed(self) -> bool:
        return self.households.accepted + self.settlements.accepted > 0

    def lines(self) -> Iterator[str]:
        yield from self.households.lines("Households")
        yield from self.settlements.lines("Medical settlements")
        if not self.changed:
            yield "Nothing changed." if self.refused else "Nothing changed: all was there already."


def load(folder: Path, register: Post, report: Post, tell: Tell) -> Outcome:
    """Registers the households of `folder` with `register`, then reports its settlements with
    `report`. Raises UnreadableExport and LoadFailed."""
    households, settlements = Tally(), Tally()
    for batch in batches(read_households(folder)):
        body = "\n".join(compact(item) for item in batch).encode()
        answer = register("/v1/households/batch", "application/x-ndjson", body)
        households.add([str(item["register_number"]) for item in batch], answer)
        tell(progress("households", households))
    for batch in batches(read_settlements(folder)):
        body = f"[{','.join(compact(item) for item in batch)}]".encode()
        answer = report("/v1/events", "application/cloudevents-batch+json", body)
        settlements.add([str(item["id"]) for item in batch], answer)
        tell(progress("medical settlements", settlements))
    return Outcome(households, settlements)


def poster(http: httpx.Client, base_url: str, new_token: Callable[[], str]) -> Post:
    """Posts to `base_url` with a token from `new_token`, a fresh one when it has expired."""
    token = new_token()

    def post(path: str, content_type: str, body: bytes) -> dict[str, Any]:
        nonlocal token
        url = base_url.rstrip("/") + path
        answer = send(url, content_type, body)
        if answer.status_code == 401:
            token = new_token()
            answer = send(url, content_type, body)
        if answer.status_code not in (200, 207):
            raise LoadFailed(f"{url} answered {answer.status_code}: {reason_of(decoded(answer))}")
        return decoded(answer)

    def send(url: str, content_type: str, body: bytes) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}", "content-type": content_type}
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


def batches(items: Iterable[Json]) -> Iterator[list[Json]]:
    left = iter(items)
    while batch := list(islice(left, ITEMS_A_BATCH)):
        yield batch


def compact(item: Json) -> str:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"))


def progress(kind: str, tally: Tally) -> str:
    return f"  {kind}: {tally.accepted + tally.replayed + tally.refused:,} sent"


def load_into(
    endpoints: dict[str, Any], folder: Path, secret_of: Callable[[str], str], tell: Tell
) -> Outcome:
    """Loads `folder` into the system that `endpoints` (the content of endpoints.json) describes.
    Raises UnreadableExport and LoadFailed."""
    try:
        issuer, base_url = endpoints["issuer"], endpoints["services"]["identification"]
    except (KeyError, TypeError):
        raise LoadFailed("the endpoints name no issuer or no identification service") from None
    # The addresses are exact: a proxy of the environment must not come between.
    with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as http:

        def post_as(client: str) -> Post:
            return poster(
                http, base_url, lambda: token_from(http, issuer, client, secret_of(client))
            )

        return load(folder, post_as(REGISTRAR), post_as(MEDICAL_INSURANCE), tell)


def secrets_in(path: Path) -> Callable[[str], str]:
    """Looks up the secret of a client in the file that the local issuer keeps."""
    secrets = read_json(path)

    def secret_of(client: str) -> str:
        if client not in secrets:
            raise LoadFailed(f"{path} has no client {client}")
        return str(secrets[client])

    return secret_of


def read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LoadFailed(f"{path} is not there. Is `make run` running?") from None
    except ValueError:
        raise LoadFailed(f"{path} is not JSON") from None
    if not isinstance(found, dict):
        raise LoadFailed(f"{path} is not a JSON object")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """0: all is there; 1: some items were refused; 2: the load stopped."""
    parser = argparse.ArgumentParser(prog="samples.load", description=__doc__)
    parser.add_argument("--endpoints", type=Path, required=True, help=".local/endpoints.json")
    parser.add_argument("--folder", type=Path, default=TINY, help="the exports (samples/tiny)")
    parser.add_argument(
        "--clients", type=Path, help=f"client ids and secrets ({CLIENTS_FILE} beside endpoints)"
    )
    asked = parser.parse_args(arguments)
    try:
        endpoints = read_json(asked.endpoints)
        secret_of = secrets_in(asked.clients or asked.endpoints.with_name(CLIENTS_FILE))
        outcome = load_into(
            endpoints, asked.folder, secret_of, lambda line: print(line, flush=True)
        )
    except (UnreadableExport, LoadFailed) as problem:
        print(f"samples.load: {problem}", file=sys.stderr)
        return 2
    print("\n".join(outcome.lines()))
    return 1 if outcome.refused else 0


if __name__ == "__main__":
    sys.exit(main())

"""Loads exports into a running system: `python -m samples.load --endpoints .local/endpoints.json`.

Registers the households over REST, then posts the medical settlements as the medical insurance
would, as CloudEvents; with `--cases` also what officials did with some of them. All of it is
idempotent: loading twice changes nothing, and says so.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from samples.cases import Step, cases
from samples.posting import LoadFailed, NotThere, Post, poster, reason_of, token_from
from samples.reading import Json, UnreadableExport, read_households, read_settlements

TINY = Path(__file__).parent / "tiny"
ITEMS_A_BATCH = 200  # of at most 500: well below the limit of a body's size
CLIENTS_FILE = "clients.json"  # beside endpoints.json: client id -> secret
TIMEOUT_SECONDS = 60.0
PATIENCE_SECONDS, PAUSE_SECONDS = 60.0, 0.1  # until a service has heard of a household
EXAMPLES_OF_A_REASON = 3
REGISTRAR = "county-office"  # the development client that may register households
MEDICAL_INSURANCE = "yibao"

Tell = Callable[[str], None]


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


def take(steps: Sequence[Step], post_as: Callable[[str, str], Post], tell: Tell) -> None:
    """Takes the steps one by one, each as its client, and waits for a service that has yet to learn of a
    household from the log. Raises LoadFailed for a step that is refused."""
    for step in steps:
        post, until = post_as(step.client, step.service), time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                post(step.path, "application/json", compact(step.body).encode(), step.key)
                break
            except NotThere:
                if time.monotonic() > until:
                    raise
                time.sleep(PAUSE_SECONDS)
    if steps:
        tell(f"  steps of cases: {len(steps):,} taken")


def batches(items: Iterable[Json]) -> Iterator[list[Json]]:
    left = iter(items)
    while batch := list(islice(left, ITEMS_A_BATCH)):
        yield batch


def compact(item: Mapping[str, object]) -> str:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"))


def progress(kind: str, tally: Tally) -> str:
    return f"  {kind}: {tally.accepted + tally.replayed + tally.refused:,} sent"


def load_into(
    endpoints: dict[str, Any],
    folder: Path,
    secret_of: Callable[[str], str],
    tell: Tell,
    steps: Sequence[Step] = (),
) -> Outcome:
    """Loads `folder`, and what was done about its households, into the system that `endpoints` (the
    content of endpoints.json) describes. Raises UnreadableExport and LoadFailed."""
    try:
        issuer, urls = endpoints["issuer"], {**endpoints["services"]}
    except (KeyError, TypeError):
        raise LoadFailed("the endpoints name no issuer or no services") from None
    # The addresses are exact: a proxy of the environment must not come between.
    with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as http:

        @cache
        def post_as(client: str, service: str = "identification") -> Post:
            if service not in urls:
                raise LoadFailed(f"the endpoints name no {service} service")
            secret = secret_of(client)
            return poster(http, urls[service], lambda: token_from(http, issuer, client, secret))

        outcome = load(folder, post_as(REGISTRAR), post_as(MEDICAL_INSURANCE), tell)
        if not outcome.refused:
            take(steps, post_as, tell)
        return outcome


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
        "--cases", action="store_true", help="also what officials did (samples/tiny only)"
    )
    parser.add_argument(
        "--clients", type=Path, help=f"client ids and secrets ({CLIENTS_FILE} beside endpoints)"
    )
    asked = parser.parse_args(arguments)
    try:
        endpoints = read_json(asked.endpoints)
        secret_of = secrets_in(asked.clients or asked.endpoints.with_name(CLIENTS_FILE))
        steps = list(cases()) if asked.cases else []
        tell = partial(print, flush=True)
        outcome = load_into(endpoints, asked.folder, secret_of, tell, steps)
    except (UnreadableExport, LoadFailed) as problem:
        print(f"samples.load: {problem}", file=sys.stderr)
        return 2
    print("\n".join(outcome.lines()))
    return 1 if outcome.refused else 0


if __name__ == "__main__":
    sys.exit(main())

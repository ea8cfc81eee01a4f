"""The smallest aggregate there is, for tests of the mechanism."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from common.codec import Codec, encode
from common.decider import Decider, Refused
from common.ids import new_id
from common.intents import Connection, Context, Fresh, Intent, Key, Store
from common.testing.events import NOON, OFFICER
from contracts.wording import Wording


@dataclass(frozen=True)
class Added:
    """The one event."""

    wording: ClassVar = Wording("加", "Added", "加{amount}", "{amount} added")
    amount: int


def decide(amounts: list[int], total: int) -> list[Added]:
    """One event an amount, zeros left out. Raises `Refused`, and has a bug at 13."""
    if 13 in amounts:
        raise ZeroDivisionError("a bug in a decider")
    if total + sum(amounts) > 1_000:
        raise Refused("full", total=total)
    return [Added(amount) for amount in amounts if amount]


TALLY: Decider[list[int], int, Added] = Decider(
    0, decide, lambda total, event: total + event.amount
)


async def forget(_: Connection, __: Sequence[Fresh]) -> None:
    """A projection that keeps nothing."""


TALLIES = Store("identification", Codec.of(Added), forget)


def adding(stream: str, *amounts: int, key: str | None = None, **changes: Any) -> Intent:
    """To add amounts to the tally `stream`; with `key`, the amounts are the request."""
    return replace(
        Intent(
            stream=stream,
            household_id=None,
            decider=TALLY,
            command=list(amounts),
            context=Context(
                actor=OFFICER, region="441624", occurred_at=NOON, correlation_id=new_id()
            ),
            key=Key("yibao", key, encode(amounts)) if key else None,
        ),
        **changes,
    )

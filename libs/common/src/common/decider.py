"""The shape of every aggregate: three values and one question. Nothing to inherit."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Generic, TypeVar

Command = TypeVar("Command")
State = TypeVar("State")
Event = TypeVar("Event")


class Refused(Exception):
    """The rules say no. `code` is stable; `details` fill the text that people read.

    Details hold numbers, dates and codes, never a name or an identity number.
    """

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass(frozen=True)
class Decider(Generic[Command, State, Event]):
    """`decide` answers a command with events or `Refused`; `evolve` folds one event into state.

    With `stateless`, a decision needs no history (department facts), and none is loaded.
    """

    initial: State
    decide: Callable[[Command, State], list[Event]]
    evolve: Callable[[State, Event], State]
    stateless: bool = False

    def fold(self, events: Iterable[Event]) -> State:
        """The state that a history leads to."""
        return reduce(self.evolve, events, self.initial)

    def when(self, command: Command, *, given: Iterable[Event]) -> list[Event]:
        """What happens when `command` is asked after this history. Raises `Refused`."""
        return self.decide(command, self.fold(given))

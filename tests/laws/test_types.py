"""Forgetting does not type-check: `make check` leads whoever adds an event through the places."""

import pytest

from tests.documents.pages import blocks
from tests.laws.copied import Copy, is_clean, is_refused

TARGETS = (
    "services/identification/src/identification/domain",
    "services/visits/src/visits/domain",
    "services/visits/tests/test_domain.py",
)
CONTRACTS = "libs/contracts/src/contracts"
IDENTIFICATION = "services/identification/src/identification/domain"
VISITS = "services/visits/src/visits/domain"
EVENT = blocks("docs/adding-an-event.md", "python")[0].text  # the page's own example
REASON = """\

class NotReached(Code):
    AWAY = "AWAY", "外出", "away"


"""


def forgotten(name: str) -> str:
    """What mypy says of a case that a `match` lacks."""
    return f'Argument 1 to "assert_never" has incompatible type "{name}"'


def test_the_code_itself_is_clean(copy: Copy) -> None:
    is_clean(copy.types(*TARGETS))


def test_an_event_that_evolve_forgets_does_not_type_check(copy: Copy) -> None:
    widened = f"{REASON}{EVENT}\n\nEpisodeEvent = FamilyNotReached | "
    path = f"{CONTRACTS}/episodes.py"
    with copy.planted(path, widened, instead_of="EpisodeEvent = "):
        is_refused(
            copy.types(*TARGETS), f"{IDENTIFICATION}/transitions.py", forgotten("FamilyNotReached")
        )


def test_an_event_of_visits_that_evolve_forgets_does_not_type_check(copy: Copy) -> None:
    widened = "class Postponed: ...\n\n\nVisitsEvent = Postponed | "
    with copy.planted(f"{CONTRACTS}/visits.py", widened, instead_of="VisitsEvent = "):
        is_refused(copy.types(*TARGETS), f"{VISITS}/household.py", forgotten("Postponed"))


@pytest.mark.parametrize(
    ("domain", "union", "file", "said"),
    [
        (IDENTIFICATION, "EpisodeCommand", "transitions.py", "Missing return statement"),
        (VISITS, "Command", "household.py", forgotten("Postpone")),
    ],
    ids=["identification", "visits"],
)
def test_a_command_that_decide_forgets_does_not_type_check(
    copy: Copy, domain: str, union: str, file: str, said: str
) -> None:
    widened = f"class Postpone: ...\n\n\n{union} = Postpone | "
    with copy.planted(f"{domain}/commands.py", widened, instead_of=f"{union} = "):
        is_refused(copy.types(*TARGETS), f"{domain}/{file}", said)


def test_a_stage_that_is_forgotten_does_not_type_check(copy: Copy) -> None:
    widened = "\nclass Returned: ...\n\n\nCase = Returned | "
    with copy.planted(f"{IDENTIFICATION}/stages.py", widened, instead_of="\nCase = "):
        is_refused(copy.types(*TARGETS), f"{IDENTIFICATION}/stages.py", forgotten("Returned"))


@pytest.mark.parametrize("file", [f"{VISITS}/states.py", "services/visits/tests/test_domain.py"])
def test_code_and_tests_are_typed_strictly(copy: Copy, file: str) -> None:
    with copy.planted(file, "\n\ndef anything(x):\n    return x\n"):
        is_refused(copy.types(*TARGETS), file, "[no-untyped-def]")

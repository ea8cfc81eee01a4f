"""What a new business date changes in what is in force: versions that were published ahead (A48).

Each region's stream decides by its own history, so a date that comes again, late or twice, says nothing
new.
"""

from datetime import date

from common.intents import Intent, accepted
from common.service import Runtime
from identification.domain.policy_book import PolicyBook, Version
from identification.domain.publishing import PUBLISHED, NoteInForce
from identification.effects.days import on_the_morning
from identification.effects.publication import stream_of


async def look(runtime: Runtime, book: PolicyBook, today: date) -> None:
    """Note which versions came into force or ended; who comes within the limits then follows from that.
    Raises a lost race.

    Noted by today's date if that is later: who is found when an old day is closed again is found today.
    """
    on = max(today, runtime.clock.today())
    passed = [version for version in book.versions if _passed(version, on)]
    intents = [_asked(version, on) for version in passed]
    accepted(await runtime.writer.execute_all(intents))


def _passed(version: Version, on: date) -> bool:
    """Whether a bound of its interval, later than its publication, is behind us."""
    bounds = (version.effective_from, version.effective_to)
    return any(bound and version.published_on < bound <= on for bound in bounds)


def _asked(version: Version, on: date) -> Intent:
    return Intent(
        stream=stream_of(version.region),
        household_id=None,
        decider=PUBLISHED,
        command=NoteInForce(version=version.version, today=on),
        context=on_the_morning(on, version.region, version.version),
    )

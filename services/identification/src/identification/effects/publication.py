"""The policy file, published on our own log at every start; what is there already records nothing.

Until governance owns publication, the file and `POST /v1/policies` are the two ways to publish.
"""

from collections.abc import Sequence

from common.clock import start_of
from common.ids import new_id
from common.intents import Context, Intent, Recorded
from common.service import Runtime, regularly
from contracts.envelope import Actor
from identification.domain.policy_book import PolicyBook
from identification.domain.publishing import PUBLISHED, PublishVersion
from identification.read_model import policies

EVERY = 5.0  # seconds between looks for a version that another replica published
FILE = Actor(
    person="policy-file",
    post="POLICY_FILE",
    organisation="政策参数文件",
    department="identification",
    region="",
)


def stream_of(region: str) -> str:
    """The stream of a region's policy."""
    return f"policy-{region}"


async def publish(runtime: Runtime, commands: Sequence[PublishVersion]) -> None:
    """Publish the versions of the file. Raises `ValueError` if one contradicts what was published."""
    intents = [
        Intent(
            stream=stream_of(command.region),
            household_id=None,
            decider=PUBLISHED,
            command=command,
            context=Context(
                actor=FILE,
                region=command.region,
                occurred_at=start_of(command.today),
                correlation_id=new_id(),
                policy_version=command.version,
            ),
        )
        for command in commands
    ]
    for intent, outcome in zip(intents, await runtime.writer.execute_all(intents), strict=True):
        if not isinstance(outcome, Recorded):
            details = getattr(outcome, "details", "")
            raise ValueError(f"policy {intent.command.version}: {outcome!r} {details}")


async def keep_fresh(runtime: Runtime, book: PolicyBook) -> None:
    """Learn what other replicas publish, until cancelled."""
    await regularly(EVERY, lambda: policies.refresh(book, runtime.pool))

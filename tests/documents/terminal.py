"""Types what a page says, as its reader would."""

import re
from asyncio.subprocess import DEVNULL, PIPE, create_subprocess_exec
from dataclasses import dataclass

from local.places import ROOT
from local.ports import DEVELOPMENT
from local.services import without_proxy
from tests.integration.county import County

# An answer of 400 or more fails, and is shown.
STRICT = """set -euo pipefail
curl() { command curl --fail-with-body --show-error "$@"; }
"""


@dataclass(frozen=True)
class Terminal:
    """A shell in the project's folder. `make -s token` and the like find the running system."""

    county: County

    def addressed(self, text: str) -> str:
        """The text with the usual ports replaced by those of the running system."""
        there = self.county.system.endpoints
        running = {"issuer": there.issuer, **there.services}
        addresses = {
            f"127.0.0.1:{DEVELOPMENT[name]}": url.removeprefix("http://")
            for name, url in running.items()
        }
        addresses[f"127.0.0.1:{DEVELOPMENT['kafka']}"] = there.kafka
        usual = "|".join(map(re.escape, addresses))
        return re.sub(rf"({usual})\b", lambda found: addresses[found[1]], text)

    @property
    def environment(self) -> dict[str, str]:
        """Ours, and where the running system keeps its state."""
        return {**without_proxy(), "SHOUWANG_STATE": str(self.county.home)}

    async def types(self, text: str) -> str:
        """What is printed by a script, each command of which must succeed."""
        shell = await create_subprocess_exec(
            "bash",
            "-c",
            STRICT + self.addressed(text),
            cwd=ROOT,
            env=self.environment,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
        )
        printed, complaints = await shell.communicate()
        assert shell.returncode == 0, f"{text}\n{printed.decode()}\n{complaints.decode()}"
        return printed.decode()

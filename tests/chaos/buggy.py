"""Audit, deployed with a bug: `CHAOS_BUG` is `percent:30`, `key:<household>` or `slow:<seconds>`.

Run in audit's place by a case, and by nobody else.
"""

import asyncio
import os
from collections.abc import Sequence

from audit import main
from audit.read_model import taking as right
from common.inbox import Handle
from common.incoming import Incoming
from common.intents import Connection

KIND, _, VALUE = os.environ["CHAOS_BUG"].partition(":")


def taking() -> Handle:
    """As audit's own, with the bug before it."""
    take = right()

    async def handle(connection: Connection, items: Sequence[Incoming]) -> None:
        if KIND == "slow":
            await asyncio.sleep(float(VALUE))
        for item in items:
            assert item.event
            if KIND == "percent" and item.event.event_id.int % 100 < int(VALUE):
                raise ZeroDivisionError("a bug was deployed")
            if KIND == "key" and item.key == VALUE:
                raise ZeroDivisionError("a bug was deployed")
        await take(connection, items)

    return handle


vars(main)["taking"] = taking

if __name__ == "__main__":
    main.main()

"""Look-ups that arrive together cost one query, and an error reaches everybody who asked."""

import asyncio
from collections.abc import Mapping, Sequence

from common.lookups import Lookups
from common.testing import eventually


async def test_what_arrives_while_a_query_runs_is_one_query() -> None:
    queries: list[list[int]] = []
    release = asyncio.Event()

    async def fetch(keys: Sequence[int]) -> Mapping[int, str]:
        queries.append(list(keys))
        await release.wait()
        return {key: f"v{key}" for key in keys if key != 3}

    lookups = Lookups(fetch)
    first = asyncio.ensure_future(lookups.get(0))
    await eventually(lambda: queries)
    others = [asyncio.ensure_future(lookups.get(key)) for key in (1, 2, 2, 3)]
    gone = asyncio.ensure_future(lookups.get(1))
    await asyncio.sleep(0)
    gone.cancel()
    release.set()
    assert await first == "v0"
    assert await asyncio.gather(*others) == ["v1", "v2", "v2", None]
    assert queries == [[0], [1, 2, 3]]


async def test_an_error_reaches_all_and_the_next_question_is_asked_anew() -> None:
    faults = [OSError("away")]

    async def fetch(keys: Sequence[int]) -> Mapping[int, int]:
        if faults:
            raise faults.pop()
        return {key: key for key in keys}

    lookups = Lookups(fetch)
    answers = await asyncio.gather(lookups.get(1), lookups.get(2), return_exceptions=True)
    assert [type(answer) for answer in answers] == [OSError, OSError]
    assert await lookups.get(1) == 1

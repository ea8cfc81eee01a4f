"""The whole log into the tables beside, by one process or by several, with progress."""

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing import active_children, get_context

import asyncpg
import uvloop

from audit.read_model import copying
from audit.rebuilding.noting import Rereading
from audit.rebuilding.refill import NEXT, Servers, all_places, how_far, refill
from audit.rebuilding.swap import BESIDE
from common.garbage import collect_seldom
from common.kafka import LogScan
from common.swapping import Tell
from common.topics import PARTITIONS

PROGRESS = 1.0  # seconds between lines


async def read(servers: Servers, workers: int, resume: bool) -> None:
    """Every partition, by one worker in this process or by several of their own."""
    if workers == 1:
        await _reread(servers, range(PARTITIONS), resume)
        return
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(workers, get_context("spawn")) as processes:
        work = [
            loop.run_in_executor(processes, _work, servers, range(n, PARTITIONS, workers), resume)
            for n in range(min(workers, PARTITIONS))
        ]
        try:
            await asyncio.gather(*work)
        except BaseException:
            for worker in active_children():  # or they would be waited for
                worker.terminate()
            raise


def _work(servers: Servers, partitions: range, resume: bool) -> None:
    collect_seldom()
    uvloop.run(_reread(servers, partitions, resume))


async def _reread(servers: Servers, partitions: range, resume: bool) -> None:
    for partition in partitions:
        inbox = Rereading(NEXT, copying(BESIDE), BESIDE, partition)
        if resume:
            connection = await asyncpg.connect(servers.database_url, timeout=10)
            await inbox.learn(connection)
            await connection.close()
        await refill(servers, [partition], inbox)


@asynccontextmanager
async def telling(servers: Servers, tell: Tell) -> AsyncIterator[None]:
    """Say every second how far the reading is, as long as this lasts."""
    progress = asyncio.create_task(_progress(servers, tell))
    try:
        yield
    finally:
        progress.cancel()
        await asyncio.wait({progress})


async def _progress(servers: Servers, tell: Tell) -> None:
    """Say how far it is, as the database sees it."""
    connection = await asyncpg.connect(servers.database_url, timeout=10)
    scan = LogScan(servers.kafka)
    try:
        total = sum(end for _, end in (await scan.start(all_places())).values())
        started, first = time.monotonic(), None
        while True:
            done = await connection.fetchval(_READ, NEXT)
            first = done if first is None else first
            rate = (done - first) / max(time.monotonic() - started, 0.001)
            tell(how_far(done, total, rate))
            await asyncio.sleep(PROGRESS)
    finally:
        await scan.close()
        await connection.close()


_READ = "select coalesce(sum(next), 0)::bigint from es.offsets where consumer = $1"

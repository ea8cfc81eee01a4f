"""The timeline is built anew: under load, with workers killed, by any number of workers."""

import asyncio
import signal
from asyncio.subprocess import Process
from contextlib import suppress
from time import monotonic

import httpx
import psutil

from common.testing import at_work
from tests.chaos.arena import Arena, case
from tests.chaos.waiting import Failed, until

REBUILD = ("-m", "audit.rebuild")


@case(29, "rebuild under load, workers and then the whole of it killed, swapped under readers")
async def rebuilt_under_load(arena: Arena) -> None:
    plant, wrong = arena.plant, list[str]()
    household, _ = arena.load.households[0]
    async with at_work(_read(arena, f"/v1/households/{household}/timeline?limit=1", wrong)):
        process = await plant.start_python("audit", *REBUILD, "--workers", "2")
        await _reading_begun(arena)
        worker = max(
            psutil.Process(process.pid).children(), key=lambda child: child.cpu_times().user
        )
        worker.kill()
        told = await _ended(process)
        arena.note(f"a worker killed: exit {process.returncode}, {told.splitlines()[-1][:100]!r}")
        process = await plant.start_python("audit", *REBUILD, "--workers", "2")
        await _reading_begun(arena)
        process.kill()
        await process.wait()
        code, told = await plant.run("audit", *REBUILD, "--workers", "2", "--resume")
        arena.note(
            f"the whole killed, resumed at once: exit {code}, {told.splitlines()[-1][:160]!r}"
        )
        if code:
            code, told = await plant.run("audit", *REBUILD, "--workers", "2")
            arena.note(f"begun again: exit {code}, {told.splitlines()[-1][:160]!r}")
        if code:
            raise Failed(f"the rebuild did not succeed: {told[-300:]}")
        await arena.recovered(monotonic())
    await _given_up_again(arena)
    if wrong:
        raise Failed(f"readers saw: {wrong[:5]}")


async def _given_up_again(arena: Arena) -> None:
    """The log still holds the poison of case 23: to every rebuild it is new."""
    if count := await arena.given_up("audit"):
        arena.note(f"{count} records that had been given up were parked again by the rebuild")


async def _read(arena: Arena, path: str, wrong: list[str]) -> None:
    """Somebody who looks all the time, and must never see less than before."""
    most = 0
    while True:
        with suppress(httpx.HTTPError):
            answer = await arena.plant.call("supervisor", "GET", "audit", path, timeout=30)
            if answer.status_code != 200:
                wrong.append(f"{answer.status_code} {answer.text[:200]}")
            else:
                count = answer.json()["count"]
                if count < most:
                    wrong.append(f"{count} events after {most}")
                most = max(most, count)
        await asyncio.sleep(0.05)


async def _reading_begun(arena: Arena) -> None:
    done = "select coalesce(sum(next), 0) from es.offsets where consumer = 'audit.next'"

    async def some() -> bool:
        return bool(await arena.plant.fetchval("audit", done) > 0)

    await until(some, "the rebuild reads")


async def _ended(process: Process) -> str:
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), 60)
    except TimeoutError:
        process.send_signal(signal.SIGKILL)
        raise Failed("a rebuild whose worker died does not end") from None
    return printed.decode() or "(nothing)"


@case(30, "rebuilt by 1, 2 and 8 workers: the same hash as the running service tells", callers=0)
async def rebuilt_by_any_number(arena: Arena) -> None:
    before = await arena.audit_hash()
    for workers in ("1", "2", "8"):
        started = monotonic()
        code, told = await arena.plant.run("audit", *REBUILD, "--workers", workers)
        if code or before not in told:
            raise Failed(f"{workers} workers: exit {code}, {told[-300:]}; it was {before}")
        arena.note(f"{workers} workers: {monotonic() - started:.1f} s, the same hash")
        if await arena.audit_hash() != before:
            raise Failed(f"after {workers} workers audit tells another hash")
    await _given_up_again(arena)
    await arena.recovered(monotonic())

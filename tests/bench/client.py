"""A client that is not the limit: bare HTTP/1.1 over kept connections, in a process of its own.

The requests are bytes that were made before; of an answer only status, length and body are read.
"""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import cast
from urllib.parse import urlsplit

import uvloop

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """To request `number`, which was `due` at a wall-clock time and answered `seconds` later."""

    number: int
    due: float
    seconds: float
    status: int
    body: bytes


def request(
    method: str, path: str, token: str = "", body: bytes = b"", media: str = "", **headers: str
) -> bytes:
    """A request as it goes over the wire; underscores in the names of `headers` become hyphens."""
    lines = [f"{method} {path} HTTP/1.1", "host: bench", f"content-length: {len(body)}"]
    lines += [f"authorization: Bearer {token}"] if token else []
    lines += [f"content-type: {media}"] if media else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Caller(asyncio.Protocol):
    """One connection: sends the next request as soon as the last one is answered, or when it is due."""

    def __init__(
        self, work: Iterator[tuple[int, float | None, bytes]], answers: list[Answer]
    ) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self._work, self._answers, self._buffer = work, answers, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._next()

    def _next(self) -> None:
        self._number, due, self._bytes = next(self._work, (-1, None, b""))
        if self._number < 0:
            self._transport.close()
            self.done.set_result(None)
            return
        now = time.time()
        self._due = due or now
        if self._due > now:
            asyncio.get_running_loop().call_later(self._due - now, self._send)
        else:
            self._send()

    def _send(self) -> None:
        self._transport.write(self._bytes)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, body = self._buffer.partition(b"\r\n\r\n")
        if not blank:
            return
        length = _LENGTH.search(head)
        if length is None or len(body) < int(length[1]):
            return
        self._buffer = b""
        status, seconds = int(head[9:12]), time.time() - self._due
        self._answers.append(Answer(self._number, self._due, seconds, status, body))
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server hung up"))


async def _call(
    address: str, requests: Sequence[bytes], callers: int, per_second: float | None
) -> tuple[float, list[Answer]]:
    answers: list[Answer] = []
    started = time.time()
    first = started + 0.1
    work = (
        (n, first + n / per_second if per_second else None, one) for n, one in enumerate(requests)
    )
    loop, parts = asyncio.get_running_loop(), urlsplit(address)
    made = [
        await loop.create_connection(
            lambda: _Caller(work, answers), str(parts.hostname), parts.port or 80
        )
        for _ in range(callers)
    ]
    await asyncio.gather(*(caller.done for _, caller in made))
    return time.time() - started, answers


def _run(
    address: str, requests: Sequence[bytes], callers: int, per_second: float | None
) -> tuple[float, list[Answer]]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_call(address, requests, callers, per_second))


class Client:
    """Calls from its own process. Raises `AssertionError` for any answer but 200 and 201."""

    def __init__(self) -> None:
        self._process = ProcessPoolExecutor(1, get_context("spawn"))

    async def call(
        self,
        address: str,
        requests: Sequence[bytes],
        *,
        callers: int,
        per_second: float | None = None,
    ) -> tuple[float, list[Answer]]:
        """Seconds for all, and the answers. With `per_second` each request has its due time, and is
        measured from there whether or not a connection was free."""
        loop = asyncio.get_running_loop()
        work = (address, list(requests), callers, per_second)
        seconds, answers = await loop.run_in_executor(self._process, _run, *work)
        wrong = [answer for answer in answers if answer.status not in (200, 201)]
        assert not wrong, f"{wrong[0].status}: {wrong[0].body[:2000]!r}"
        assert len(answers) == len(requests)
        return seconds, answers

    def close(self) -> None:
        """End the process."""
        self._process.shutdown()

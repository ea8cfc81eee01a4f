"""A TCP line between a service and a server, with the faults that networks have.

Kafka tells its clients where it lives: such answers are rewritten to this end of the line.
"""

import asyncio
from dataclasses import dataclass, field

from local.ports import LOOPBACK

CHUNK = 65_536
DRIP = 16  # bytes at a time
DRIP_PAUSE = 0.02  # seconds


@dataclass
class Way:
    """One direction of the line."""

    flows: asyncio.Event = field(default_factory=asyncio.Event)
    latency: float = 0.0  # seconds that each chunk takes
    dripping: bool = False


@dataclass
class Line:
    """To `target` on the loopback interface; `port` is the near end."""

    target: int
    port: int = 0
    out: Way = field(default_factory=Way)
    back: Way = field(default_factory=Way)
    is_cut: bool = False
    _server: asyncio.Server | None = None
    _carried: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self) -> None:
        """Begin to listen, with everything passing."""
        self.join()
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End every connection and listen no more."""
        if self._server:
            self._server.close()
        await self._drop()

    def join(self) -> None:
        """Let everything pass as it comes."""
        self.is_cut = False
        for way in (self.out, self.back):
            way.latency, way.dripping = 0.0, False
            way.flows.set()

    async def cut(self) -> None:
        """Reset every connection, and each new one, until `join`."""
        self.is_cut = True
        await self._drop()

    def mute(self) -> None:
        """The server hears nothing of us; connections stay open (one-way loss)."""
        self.out.flows.clear()

    def deafen(self) -> None:
        """The server hears us, and we do not hear it (one-way loss)."""
        self.back.flows.clear()

    def slow(self, seconds: float) -> None:
        """Each chunk takes so long, in both directions."""
        self.out.latency = self.back.latency = seconds

    def drip(self) -> None:
        """Answers come a few bytes at a time."""
        self.back.dripping = True

    async def _drop(self) -> None:
        carried = list(self._carried)
        for one in carried:
            one.cancel()
        await asyncio.gather(*carried, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._carried.add(task)
        try:
            if not self.is_cut:
                await self._join_up(reader, writer)
        except* (OSError, asyncio.CancelledError):  # cut, or an end went away
            pass
        finally:
            self._carried.discard(task)
            writer.transport.abort()

    async def _join_up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self.target)
        there, here = (
            LOOPBACK.encode() + port.to_bytes(4, "big") for port in (self.target, self.port)
        )
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_carry(reader, far_writer, self.out))
                both.create_task(_carry(far_reader, writer, self.back, there, here))
        finally:
            far_writer.transport.abort()


async def _carry(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    way: Way,
    old: bytes = b"",
    new: bytes = b"",
) -> None:
    """Until an end is done. What is on its way does not hold up what is sent after it."""
    flying: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(1_000)
    clock = asyncio.get_running_loop().time

    async def sent() -> None:
        while chunk := await source.read(CHUNK):
            await flying.put((clock() + way.latency, chunk.replace(old, new) if old else chunk))
        # One end is done: end the other, as a socket would.
        raise ConnectionResetError

    async def arriving() -> None:
        while True:
            due, chunk = await flying.get()
            await way.flows.wait()
            await asyncio.sleep(max(0.0, due - clock()))
            size = DRIP if way.dripping else len(chunk)
            for start in range(0, len(chunk), size):
                sink.write(chunk[start : start + size])
                await sink.drain()
                if way.dripping:
                    await asyncio.sleep(DRIP_PAUSE)

    async with asyncio.TaskGroup() as both:
        both.create_task(sent())
        both.create_task(arriving())

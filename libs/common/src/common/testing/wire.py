"""A TCP line to a server that can be cut, fall silent, and be joined again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Wire:
    """The line. `port` is its near end, on the loopback interface.

    Kafka tells its clients where it lives: such answers are rewritten to this end of the wire.
    """

    def __init__(self, host: str, port: int) -> None:
        self.port = 0
        self._target = (host, port)
        self._out = asyncio.Event()
        self._back = asyncio.Event()
        self._lines: set[asyncio.Task[None]] = set()
        self.join()

    def join(self) -> None:
        """Let everything pass."""
        self._out.set()
        self._back.set()

    def deaf(self) -> None:
        """The server hears us, and we do not hear it."""
        self._back.clear()

    def hold(self) -> None:
        """Let nothing pass; connections stay open and silent."""
        self._out.clear()
        self._back.clear()

    def cut(self) -> None:
        """Drop every connection, and any new one until `join`."""
        self.hold()
        for line in self._lines:
            line.cancel()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it."""
        line = asyncio.current_task()
        assert line
        self._lines.add(line)
        try:
            if self._out.is_set():
                await self._join(reader, writer)
        except* (OSError, asyncio.CancelledError):  # cut: not for the server's own task to see
            pass
        finally:
            self._lines.discard(line)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        here, there = (
            self._target[0].encode() + port.to_bytes(4, "big")
            for port in (self.port, self._target[1])
        )
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_carry(reader, far_writer, self._out, b"", b""))
                both.create_task(_carry(far_reader, writer, self._back, there, here))
        finally:
            far_writer.transport.abort()


async def _carry(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    flows: asyncio.Event,
    old: bytes,
    new: bytes,
) -> None:
    while chunk := await source.read(65_536):
        await flows.wait()
        sink.write(chunk.replace(old, new) if old else chunk)
        await sink.drain()
    sink.close()


@asynccontextmanager
async def wire(address: str) -> AsyncIterator[Wire]:
    """A wire to `host:port`, until the block ends; connect to `127.0.0.1:{wire.port}`."""
    host, _, port = address.rpartition(":")
    line = Wire(host, int(port))
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        line.cut()
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.gather(*line._lines, return_exceptions=True)

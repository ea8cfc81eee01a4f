"""For tests: a TCP line to a server that can be cut, held silent, and joined again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Wire:
    """The line. `port` is its near end, on the loopback interface.

    Kafka tells its clients where it lives: such answers are rewritten to this end of the wire.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._flows = asyncio.Event()
        self._flows.set()
        self._lines: set[asyncio.StreamWriter] = set()
        self.port = 0

    def hold(self) -> None:
        """Let nothing pass; connections stay open and silent."""
        self._flows.clear()

    def cut(self) -> None:
        """Drop every connection, and any new one until `join`."""
        self._flows.clear()
        for line in self._lines:
            line.transport.abort()

    def join(self) -> None:
        """Let everything pass again."""
        self._flows.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._flows.is_set():
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._lines |= {writer, far_writer}
        here, there = (self._place(port) for port in (self.port, self._target[1]))
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, far_writer, b"", b""))
                both.create_task(self._carry(far_reader, writer, there, here))
        except* OSError:
            pass
        finally:
            self._lines -= {writer, far_writer}

    async def _carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, old: bytes, new: bytes
    ) -> None:
        while chunk := await source.read(65_536):
            await self._flows.wait()
            sink.write(chunk.replace(old, new) if old else chunk)
            await sink.drain()
        sink.close()

    def _place(self, port: int) -> bytes:
        return self._target[0].encode() + port.to_bytes(4, "big")


@asynccontextmanager
async def wire(address: str) -> AsyncIterator[Wire]:
    """A wire to `host:port`, until the block ends; connect to `127.0.0.1:{wire.port}`."""
    host, _, port = address.rpartition(":")
    line = Wire(host, int(port))
    server = await asyncio.start_server(line._serve, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        line.cut()
        server.close()

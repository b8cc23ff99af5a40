"""A real TCP connection whose server side is what the hub writes to, and whose client may stop reading."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.events import Delivery
from gateway.outlet import Outlet
from gateway.wire import Broadcast, Wire

KERNEL_BYTES = 32 * 1024


class RawServerSide(asyncio.Protocol):
    """The server's end: implements `gateway.outlet.RawSocket` as `gateway.server` does."""

    def __init__(self) -> None:
        self.outlet: Outlet | None = None
        self.connected = asyncio.Event()
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.raw_write = transport.write
        self.connected.set()

    def buffered(self) -> int:
        return self.transport.get_write_buffer_size()

    def abort(self) -> None:
        self.transport.abort()

    def pause_writing(self) -> None:
        if self.outlet is not None:
            self.outlet.pause()

    def resume_writing(self) -> None:
        if self.outlet is not None:
            self.outlet.resume()

    def connection_lost(self, error: Exception | None) -> None:
        if self.outlet is not None:
            self.outlet.detach()
        self.lost.set()


class TcpPair:
    """Both ends of one connection."""

    def __init__(self, server: RawServerSide, reader: asyncio.StreamReader) -> None:
        self.server = server
        self.reader = reader

    async def read_until(self, ending: bytes) -> bytes:
        """What the client got, up to and with `ending`."""
        return await asyncio.wait_for(self.reader.readuntil(ending), 10)


@asynccontextmanager
async def tcp_pair() -> AsyncIterator[TcpPair]:
    """A connection over the loopback interface; the client reads only when told to."""
    loop = asyncio.get_running_loop()
    side = RawServerSide()
    server = await loop.create_server(lambda: side, "127.0.0.1", 0)
    client = socket.socket()
    # Small buffers of the kernel's, so that a client that does not read is noticed early.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BYTES)
    client.setblocking(False)
    await loop.sock_connect(client, server.sockets[0].getsockname())
    reader, writer = await asyncio.open_connection(sock=client, limit=1024 * 1024 * 8)
    writer.transport.pause_reading()
    await side.connected.wait()
    side.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
    try:
        yield TcpPair(side, reader)
    finally:
        writer.transport.abort()
        side.transport.abort()
        await side.lost.wait()
        server.close()
        await server.wait_closed()


def resume_reading(pair: TcpPair) -> None:
    """Let the client read again."""
    pair.reader._transport.resume_reading()  # type: ignore[attr-defined]


def stop_reading(pair: TcpPair) -> None:
    """Let the client read no more."""
    pair.reader._transport.pause_reading()  # type: ignore[attr-defined]


def broadcast(number: int, size: int = 100, delivery: Delivery = Delivery.ORDERED, **fields: str) -> Broadcast:
    """A numbered event of about `size` bytes."""
    return Broadcast("test:event", f'{{"n":{number},"pad":"{"x" * size}"}}', delivery, **fields)  # type: ignore[arg-type]


def websocket_outlet(pair: TcpPair) -> Outlet:
    """An outlet that writes to the pair."""
    outlet = Outlet(Wire.WEBSOCKET)
    outlet.attach_raw(pair.server)
    return outlet

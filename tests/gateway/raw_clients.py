"""Cheap clients on real sockets: a thousand fit into a test, and one may stop reading or vanish."""

import asyncio
import itertools
import json
import os
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from gateway.testing_servers import ServerProcess
from gateway.wire import Wire
from tests.people import Person

SECONDS = 30.0
_SOCKETIO = "/socket.io/?EIO=4&transport=websocket"
_PATHS = {Wire.WEBSOCKET: "/ws/", Wire.SOCKETIO: _SOCKETIO, Wire.RECOVERABLE: _SOCKETIO}


class RawClient(asyncio.Protocol):
    """One websocket, spoken byte by byte.

    Attributes:
        messages: the text of every message received, in order.
        close_code: the code of the server's close frame.
        answers_pings: whether it answers the heartbeat of Engine.IO.
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.messages: list[str] = []
        self.close_code: int | None = None
        self.answers_pings = True
        self.opened = asyncio.Event()
        self.lost = asyncio.Event()
        self._news = asyncio.Event()
        # What its joins are called, each otherwise: the answer to the one before would be taken for the next one's.
        self._joins = itertools.count(2)
        self._buffer = bytearray()

    # --- the socket -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.opened.is_set():
            head, separator, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not separator:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._buffer = bytearray(rest)
            self.opened.set()
        while self._take_frame():
            pass
        self._news.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.set()
        self._news.set()

    def _take_frame(self) -> bool:
        if len(self._buffer) < 2:
            return False
        opcode, size, start = self._buffer[0] & 0x0F, self._buffer[1] & 0x7F, 2
        if size > 125:
            start = 4 if size == 126 else 10
            if len(self._buffer) < start:
                return False
            size = int.from_bytes(self._buffer[2:start], "big")
        if len(self._buffer) < start + size:
            return False
        payload = bytes(self._buffer[start : start + size])
        del self._buffer[: start + size]
        if opcode == 8:
            self.close_code = int.from_bytes(payload[:2], "big")
            # As every client does: answer the close frame, and be gone.
            self.send("", opcode=0x88)
            self.transport.close()
        elif opcode == 1 and payload == b"2" and self.wire.is_socketio:
            if self.answers_pings:
                self.send("3")
        elif opcode == 1:
            self.messages.append(payload.decode())
        return True

    # --- out --------------------------------------------------------------------------------------

    def send(self, text: str, opcode: int = 0x81) -> None:
        """Send one message."""
        payload, mask = text.encode(), os.urandom(4)
        size = len(payload)
        if size < 126:
            head = bytes((opcode, 0x80 | size))
        elif size < 65_536:
            head = bytes((opcode, 0xFE)) + size.to_bytes(2, "big")
        else:
            head = bytes((opcode, 0xFF)) + size.to_bytes(8, "big")
        self.transport.write(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))

    def command(self, reference: int, name: str, data: dict[str, Any]) -> None:
        """Send a command, without waiting for its answer."""
        if self.wire.is_socketio:
            self.send(f"42{reference}{json.dumps([name, data])}")
        else:
            self.send(json.dumps({"event": name, "data": data, "ref": reference}))

    # --- in ---------------------------------------------------------------------------------------

    async def until(self, look: Callable[["RawClient"], Any]) -> Any:
        """Wait until what was received satisfies `look`; returns what it found."""
        async with asyncio.timeout(SECONDS):
            while not (found := look(self)):
                self._news.clear()
                await self._news.wait()
        return found

    def answers(self) -> dict[int, dict[str, Any]]:
        """The answers so far by their reference, in the order they came."""
        answers: dict[int, dict[str, Any]] = {}
        for message in self.messages:
            if self.wire.is_socketio and message.startswith("43"):
                reference, _, rest = message[2:].partition("[")
                answers[int(reference)] = json.loads(f"[{rest}")[0]
            elif self.wire is Wire.WEBSOCKET and message.startswith('{"event":"reply"'):
                frame = json.loads(message)
                answers[frame["ref"]] = frame
        return answers

    def events(self, name: str) -> list[dict[str, Any]]:
        """The data of the events of this name, in order."""
        if self.wire.is_socketio:
            start = f'42["{name}",'
            return [json.loads(message[2:])[1] for message in self.messages if message.startswith(start)]
        start = f'{{"event":"{name}",'
        return [json.loads(message)["data"] for message in self.messages if message.startswith(start)]

    # --- what clients do --------------------------------------------------------------------------

    async def authenticate(self, token: str, **payload: Any) -> None:
        """Say who it is, and wait until it is let in; `payload` goes with it over Socket.IO."""
        if self.wire.is_socketio:
            asked = {"recovery": True} if self.wire is Wire.RECOVERABLE else {}
            self.send(f"40{json.dumps({'token': token, **asked, **payload})}")
        else:
            self.command(1, "auth", {"token": token})
        await self.until(lambda client: client.events("session:ready"))

    async def join(self, stream_id: object) -> None:
        """Enter a stream's room, and wait until it is in."""
        reference = next(self._joins)
        self.command(reference, "stream:join", {"streamId": str(stream_id)})
        answer = await self.until(lambda client: client.answers().get(reference))
        assert answer["ok"], answer

    def stop_reading(self) -> None:
        """Read nothing from now on."""
        self.transport.pause_reading()

    def vanish(self) -> None:
        """Be gone without a word."""
        self.transport.abort()


async def open_socket(
    server: ServerProcess, wire: Wire = Wire.WEBSOCKET, *, address: str = "", small: bool = False
) -> RawClient:
    """A socket that has sent its handshake and waits for nothing yet.

    Args:
        address: where it says it comes from; servers of the tests believe it.
        small: let the kernel hold little for it, so that it is soon noticed when it does not read.
    """
    loop = asyncio.get_running_loop()
    sock = socket.socket()
    if small:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    sock.setblocking(False)
    host = urlsplit(server.url)
    try:
        await loop.sock_connect(sock, (host.hostname, host.port))
    except OSError:
        sock.close()
        raise
    _, client = await loop.create_connection(lambda: RawClient(wire), sock=sock)
    forwarded = f"X-Forwarded-For: {address}\r\n" if address else ""
    client.transport.write(
        f"GET {_PATHS[wire]} HTTP/1.1\r\nHost: {host.netloc}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{forwarded}\r\n".encode()
    )
    return client


async def open_client(
    server: ServerProcess, person: Person, wire: Wire = Wire.WEBSOCKET, *, small: bool = False
) -> RawClient:
    """A client that has been let in."""
    client = await open_socket(server, wire, small=small)
    async with asyncio.timeout(SECONDS):
        await client.opened.wait()
    await client.authenticate(person.token)
    return client

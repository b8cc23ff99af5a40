"""Raw Engine.IO clients: what a test sends is what goes over the wire, and what came is what it reads.

A library client would hide exactly what these tests look at. The one thing done for the test is the heartbeat: a
client that leaves it unanswered is closed by the ping timeout, and many a test that expects a closed connection would
then pass by accident.
"""

from __future__ import annotations

import asyncio
import base64
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from types import SimpleNamespace
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

import aiohttp
import websockets
from websockets.asyncio.client import ClientConnection

OPEN, CLOSE, PING, PONG, UPGRADE, NOOP = "0", "1", "2", "3", "5", "6"
SEPARATOR = "\x1e"
TEXT = {"Content-Type": "text/plain;charset=UTF-8"}
DEADLINE = 10.0

Frame = str | bytes


class Closed(Exception):
    """The server has ended the session."""


class Answer(NamedTuple):
    status: int
    body: str


class Poll(NamedTuple):
    status: int
    packets: list[str]


@dataclass
class Endpoint:
    """One Engine.IO path of the server under test, as seen from here: with these headers, from this address."""

    http: aiohttp.ClientSession
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    local_address: str | None = None

    async def request(self, method: str, body: str = "", sent: asyncio.Event | None = None, **params: str) -> Answer:
        """Make a request; `sent` is set as soon as it is on its way."""
        options = {"params": params, "headers": self.headers, "data": BytesIO(body.encode())}
        async with self.http.request(method, self.url, trace_request_ctx=sent, **options) as response:
            return Answer(response.status, await response.text())

    async def websocket(self, **params: str) -> ClientConnection:
        return await websockets.connect(
            f"{self.url.replace('http', 'ws', 1)}?{urlencode(params)}",
            additional_headers=self.headers,
            local_addr=(self.local_address, 0) if self.local_address else None,
            proxy=None,
            compression=None,
            ping_interval=None,
            max_size=None,
            # A close frame is the end of a session; how long a server then keeps the connection is no matter.
            close_timeout=1,
        )


def http_session(local_address: str | None = None) -> aiohttp.ClientSession:
    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(_set_sent)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, local_addr=(local_address, 0) if local_address else None),
        headers=TEXT,
        timeout=aiohttp.ClientTimeout(DEADLINE),
        trace_configs=[trace],
    )


async def _set_sent(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: object) -> None:
    if context.trace_request_ctx:
        context.trace_request_ctx.set()


class Client(ABC):
    """One Engine.IO session; once it listens, frames are read in the background and heartbeats answered."""

    def __init__(self, *, answers_heartbeats: bool = True) -> None:
        self.handshake: dict[str, Any] = {}
        self.answers_heartbeats = answers_heartbeats
        self._inbox: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._listener: asyncio.Task[None] | None = None

    @property
    def sid(self) -> str:
        return self.handshake["sid"]

    @property
    def alive(self) -> bool:
        return self._listener is not None and not self._listener.done()

    @abstractmethod
    async def send(self, *frames: Frame) -> None:
        """Send frames; into a session that has just ended too, because `receive` is what tells of the end."""

    @abstractmethod
    def _frames(self) -> AsyncIterator[Frame]:
        """Every frame the server sends, without the heartbeats that were answered."""

    @abstractmethod
    async def _leave(self) -> None:
        """End the session from this side."""

    def listen(self) -> Self:
        self._listener = asyncio.create_task(self._listen())
        return self

    async def _listen(self) -> None:
        try:
            async for frame in self._frames():
                self._inbox.put_nowait(frame)
        finally:
            self._inbox.put_nowait(None)

    async def receive(self) -> Frame:
        """Return the next frame, or raise `Closed`."""
        async with asyncio.timeout(DEADLINE):
            frame = await self._inbox.get()
        if frame is None:
            self._inbox.put_nowait(None)
            raise Closed
        return frame

    async def until_closed(self) -> list[Frame]:
        """Wait for the server to end the session and return what it sent before."""
        frames = []
        with suppress(Closed):
            while True:
                frames.append(await self.receive())
        return frames

    async def stop(self) -> None:
        await self._leave()
        if self._listener:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener


class PollingClient(Client):
    def __init__(self, endpoint: Endpoint, **options: bool) -> None:
        super().__init__(**options)
        self.endpoint = endpoint
        self.params = {"EIO": "4", "transport": "polling"}

    @classmethod
    async def open(cls, endpoint: Endpoint, **options: bool) -> Self:
        client = cls(endpoint, **options)
        status, body = await endpoint.request("GET", **client.params)
        assert status == 200, body
        client.handshake = content(body, OPEN)
        client.params["sid"] = client.sid
        return client

    async def poll(self, sent: asyncio.Event | None = None) -> Poll:
        """Wait for what the server has to say, beyond the heartbeats answered meanwhile."""
        while True:
            status, body = await self.endpoint.request("GET", sent=sent, **self.params)
            packets = body.split(SEPARATOR)
            if not self.answers_heartbeats or PING not in packets:
                return Poll(status, packets)
            await self.post(PONG)
            if others := [packet for packet in packets if packet != PING]:
                return Poll(status, others)

    async def pending_poll(self) -> asyncio.Task[Poll]:
        """Return a poll the server holds: it has since answered a request that was sent after it."""
        sent = asyncio.Event()
        poll = asyncio.create_task(self.poll(sent))
        await sent.wait()
        await self.endpoint.request("GET", **self.params | {"sid": "nobody"})
        return poll

    async def post(self, *frames: Frame) -> Answer:
        return await self.endpoint.request("POST", SEPARATOR.join(map(encode, frames)), **self.params)

    async def send(self, *frames: Frame) -> None:
        with suppress(aiohttp.ClientError):
            await self.post(*frames)

    async def _frames(self) -> AsyncIterator[Frame]:
        with suppress(aiohttp.ClientError):
            while (poll := await self.poll()).status == 200:
                for packet in poll.packets:
                    if packet == CLOSE:
                        return
                    if packet != NOOP:
                        yield decode(packet)

    async def _leave(self) -> None:
        await self.send(CLOSE)


class WebSocketClient(Client):
    def __init__(self, socket: ClientConnection, **options: bool) -> None:
        super().__init__(**options)
        self.socket = socket

    @classmethod
    async def open(cls, endpoint: Endpoint, **options: bool) -> Self:
        client = cls(await endpoint.websocket(EIO="4", transport="websocket"), **options)
        client.handshake = content(await client.socket.recv(), OPEN)
        return client

    @classmethod
    async def join(cls, endpoint: Endpoint, sid: str, **options: bool) -> Self:
        """Bring a websocket to a session that exists."""
        return cls(await endpoint.websocket(EIO="4", transport="websocket", sid=sid), **options)

    async def send(self, *frames: Frame) -> None:
        with suppress(websockets.ConnectionClosed):
            for frame in frames:
                await self.socket.send(frame)

    async def _frames(self) -> AsyncIterator[Frame]:
        with suppress(websockets.ConnectionClosed):
            while True:
                frame = await self.socket.recv()
                if frame == PING and self.answers_heartbeats:
                    await self.send(PONG)
                else:
                    yield frame

    async def _leave(self) -> None:
        await self.socket.close()


async def open_client(endpoint: Endpoint, transport: str, **options: bool) -> Client:
    client = await {"polling": PollingClient, "websocket": WebSocketClient}[transport].open(endpoint, **options)
    return client.listen()


def encode(frame: Frame) -> str:
    return frame if isinstance(frame, str) else "b" + base64.b64encode(frame).decode()


def decode(packet: str) -> Frame:
    return base64.b64decode(packet[1:]) if packet.startswith("b") else packet


def content(frame: Frame, header: str) -> Any:
    """Return the JSON behind a header; the spacing and the escapes in it are the server's own business."""
    assert isinstance(frame, str), frame
    assert frame.startswith(header), f"{frame!r} does not start with {header!r}"
    return json.loads(frame.removeprefix(header))


def packet(header: str, *args: Any) -> str:
    return header + json.dumps(args, separators=(",", ":"), ensure_ascii=False)


def placeholder(number: int) -> dict[str, Any]:
    return {"_placeholder": True, "num": number}


async def enter(client: Client, namespace: str = "/", payload: Any = None) -> str:
    """Enter a namespace, take the two frames that every visit begins with, and return the sid given there."""
    prefix = "" if namespace == "/" else f"{namespace},"
    await client.send(f"40{prefix}" if payload is None else f"40{prefix}{json.dumps(payload)}")
    answer = content(await client.receive(), f"40{prefix}")
    assert list(answer) == ["sid"]
    assert content(await client.receive(), f"42{prefix}") == ["auth", payload or {}]
    return answer["sid"]


async def assert_connected(client: Client) -> None:
    """The next frame is a refusal, which the server gives whatever namespaces the client is in."""
    await client.send("40/random,")
    assert await client.receive() == '44/random,{"message":"Invalid namespace"}'


async def assert_alive(client: Client) -> None:
    """The next frame is the answer to a question asked in the main namespace."""
    await client.send(packet("42", "message", "alive?"))
    assert content(await client.receive(), "42") == ["message-back", "alive?"]

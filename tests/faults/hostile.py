"""Sends what the fuzzer makes over every transport, and sees what it does to a server."""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import psutil
from yarl import URL

from gateway.testing_servers import ServerProcess, server_process
from streams.models import Stream
from tests.conftest import SERVER_ENVIRONMENT
from tests.faults.fuzz import Fuzzer, Request
from tests.people import Crowd, Person, done, hear, new_address, say

# Limits high enough that the input itself is met, and not its refusal.
ENVIRONMENT = {
    **SERVER_ENVIRONMENT,
    "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
    # Without one, every top-up is answered with 503.
    "TOP_UP_KEYS": "key-of-the-payment-provider-0123456789",
}
GROWTH_BYTES = 80 * 1024 * 1024
TRANSPORTS = ("rest", "polling", "websocket", "socketio", "raw")
_FRAMES_A_SOCKET = 20
_SECONDS = 30.0
_MOMENT_SECONDS = 0.05
# What a socket that never said who it is may hear over `/ws/` and over Socket.IO; anything else lets it in.
_STRANGERS_HEAR = ('{"event":"reply"', '{"event":"error"', '{"event":"session:closing"')
_SOCKETIO_LET_IN = ('40{"sid"', '42["session:ready"')


class Attack:
    """One attack on one server.

    Attributes:
        sent: how many inputs, by transport.
        statuses: the HTTP statuses that came back.
        wrong: what must not happen, with the seed and the input that made it.
        growth: how much more memory the server held after it than before, in bytes.
    """

    def __init__(self, server: ServerProcess, seed: int, member: Person) -> None:
        self._server, self._seed, self._member = server, seed, member
        self._process = psutil.Process(server.process.pid)
        self._memory = self._process.memory_info().rss
        self.sent: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.growth = 0

    @property
    def is_alive(self) -> bool:
        return self._server.process.returncode is None

    async def run(self, each: int, at_once: int = 20) -> None:
        """Send `each` inputs over each transport, so many at the same time."""
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        turn = asyncio.Semaphore(at_once)
        async with aiohttp.ClientSession(self._server.url, connector=connector, timeout=timeout) as session:

            async def part(transport: str, number: int) -> None:
                async with turn:
                    fuzzer = Fuzzer(self._seed * 1_000_003 + TRANSPORTS.index(transport) * 100_003 + number)
                    await getattr(self, f"_{transport}")(session, fuzzer)

            parts = [part(transport, number) for transport in TRANSPORTS for number in range(each // _FRAMES_A_SOCKET)]
            await asyncio.gather(*parts)
        if self.is_alive:
            self.growth = self._process.memory_info().rss - self._memory

    async def _rest(self, session: aiohttp.ClientSession, fuzzer: Fuzzer) -> None:
        for _ in range(_FRAMES_A_SOCKET):
            await self._request(session, fuzzer.request(), "rest", is_member=fuzzer.chance(0.5))

    async def _polling(self, session: aiohttp.ClientSession, fuzzer: Fuzzer) -> None:
        for _ in range(_FRAMES_A_SOCKET):
            await self._request(session, fuzzer.poll(), "polling", is_member=False)

    async def _request(self, session: aiohttp.ClientSession, request: Request, name: str, *, is_member: bool) -> None:
        self.sent[name] += 1
        headers = {**request.headers, "X-Forwarded-For": new_address()}
        if is_member:
            headers["Authorization"] = f"Bearer {self._member.token}"
        url = URL(request.path, encoded=True)
        with suppress(aiohttp.ClientConnectionError, ValueError, TimeoutError):
            async with session.request(
                request.method, url, data=request.body, headers=headers, allow_redirects=False
            ) as response:
                self.statuses[response.status] += 1
                body = await response.text(errors="replace")
                if response.status >= 500:
                    self._tell(f"{response.status} to {request}")
                if name == "polling" and body.startswith(_SOCKETIO_LET_IN):
                    self._tell(f"let in: {request}")

    async def _websocket(self, session: aiohttp.ClientSession, fuzzer: Fuzzer) -> None:
        is_member = fuzzer.chance(0.5)
        first = f'{{"event":"auth","data":{{"token":"{self._member.token}"}}}}' if is_member else None
        heard = await self._socket(session, "/ws/", "websocket", first, fuzzer.frame)
        if not is_member:
            self._check([text for text in heard if not text.startswith(_STRANGERS_HEAR)])

    async def _socketio(self, session: aiohttp.ClientSession, fuzzer: Fuzzer) -> None:
        is_member = fuzzer.chance(0.5)
        first = f'40{{"token":"{self._member.token}"}}' if is_member else None
        path = "/socket.io/?EIO=4&transport=websocket"
        heard = await self._socket(session, path, "socketio", first, fuzzer.packet)
        if not is_member:
            self._check([text for text in heard if text.startswith(_SOCKETIO_LET_IN)])

    async def _socket(
        self, session: aiohttp.ClientSession, path: str, name: str, first: str | None, make: Any
    ) -> list[str]:
        heard: list[str] = []
        inputs = [make() for _ in range(_FRAMES_A_SOCKET)]
        # Whoever breaks the protocol is closed: what is left is sent on another socket.
        while inputs:
            with suppress(aiohttp.ClientError, ConnectionError, TimeoutError):
                async with session.ws_connect(
                    path, headers={"X-Forwarded-For": new_address()}, max_msg_size=0
                ) as socket:
                    await self._send(socket, name, first, inputs, heard)
        return heard

    async def _send(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        name: str,
        first: str | None,
        inputs: list[str | bytes],
        heard: list[str],
    ) -> None:
        if first is not None:
            await socket.send_str(first)
        while inputs:
            data = inputs.pop()
            self.sent[name] += 1
            with suppress(UnicodeEncodeError):
                await (socket.send_bytes(data) if isinstance(data, bytes) else socket.send_str(data))
            if await self._is_closed(socket, heard):
                return

    async def _is_closed(self, socket: aiohttp.ClientWebSocketResponse, heard: list[str]) -> bool:
        """Hear what the server has to say, until it has said nothing for a moment or has closed."""
        with suppress(TimeoutError):
            while True:
                message = await socket.receive(timeout=_MOMENT_SECONDS)
                if message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR):
                    return True
                if message.type is aiohttp.WSMsgType.TEXT:
                    heard.append(message.data)
        return False

    async def _raw(self, session: aiohttp.ClientSession, fuzzer: Fuzzer) -> None:
        place = urlsplit(self._server.url)
        for _ in range(_FRAMES_A_SOCKET):
            self.sent["raw"] += 1
            with suppress(OSError):
                _, writer = await asyncio.open_connection(place.hostname, place.port)
                try:
                    writer.write(fuzzer.raw())
                    await writer.drain()
                finally:
                    writer.close()
                await writer.wait_closed()

    def _check(self, let_in: list[str]) -> None:
        for text in let_in:
            self._tell(f"a stranger heard {text[:200]}")

    def _tell(self, what: str) -> None:
        self.wrong.append(f"seed {self._seed}: {what[:600]}")


async def attack(
    seed: int, each: int, alice: Person, bob: Person, charlie: Person, stream: Stream, crowd: Crowd
) -> Attack:
    """Attack a server while Alice and Bob talk on it; Charlie is who the attacker may be."""
    async with server_process("gateway", env=ENVIRONMENT) as server:
        host, viewer = await crowd.join(server, alice, stream), await crowd.join(server, bob, stream)
        attack = Attack(server, seed, charlie)
        await attack.run(each)

        done(await say(host, stream, "we notice nothing"))
        await hear(viewer, "we notice nothing")
        assert not attack.wrong, attack.wrong[:5]
        assert attack.is_alive
        assert attack.growth < GROWTH_BYTES
        assert "Traceback" not in server.log.read_text(), server.log.read_text()[-5000:]
        for client in (host, viewer):
            assert client.named("session:closing") == []
        return attack

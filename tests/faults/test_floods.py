"""Floods of those who never say who they are: bounded memory, hardly a line in the log, and members notice nothing."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

import psutil
import pytest

from gateway.testing_servers import ServerProcess, server_process
from tests.conftest import SERVER_ENVIRONMENT
from tests.faults.burst import soon
from tests.faults.report import Report
from tests.people import done, hear, new_address, say

STRICT = {**SERVER_ENVIRONMENT, "DJANGO_SETTINGS_MODULE": "tests.faults.strict"}
SOCKETS = 1000
AT_ONCE = 100
LET_WAIT = 20
GROWTH_BYTES = 50 * 1024 * 1024
# Production's times for a request's header and body, and a little.
HEADER_SECONDS = 15.0
BODY_SECONDS = 25.0


PATHS = {"websocket": "/ws/", "socketio": "/socket.io/?EIO=4&transport=websocket"}


def handshake(path: str, address: str) -> str:
    """A request to open a WebSocket."""
    return (
        f"GET {path} HTTP/1.1\nHost: localhost\nConnection: Upgrade\nUpgrade: websocket\nX-Forwarded-For: {address}\n"
        "Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\n"
    )


class Flood:
    """What a flood costs its server."""

    def __init__(self, server: ServerProcess) -> None:
        self._process = psutil.Process(server.process.pid)
        self._server = server
        self._lines = self._log_lines()
        self._memory = self._process.memory_info().rss

    @property
    def growth(self) -> int:
        """How much more memory the server holds than before."""
        return self._process.memory_info().rss - self._memory

    @property
    def lines(self) -> int:
        """How many lines it has logged since."""
        return self._log_lines() - self._lines

    def _log_lines(self) -> int:
        return len(self._server.log.read_text().splitlines())


async def half_request(server: ServerProcess, text: str) -> asyncio.StreamReader:
    """A connection that has sent `text` and no more."""
    host = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(host.hostname, host.port)
    writer.write(text.replace("\n", "\r\n").encode())
    reader._writer = writer  # type: ignore[attr-defined]
    return reader


async def all_closed(readers: list[asyncio.StreamReader], seconds: float) -> int:
    """Wait until the server has closed all; returns how many."""
    ends = await asyncio.wait_for(asyncio.gather(*(reader.read() for reader in readers)), seconds)
    for reader in readers:
        reader._writer.close()  # type: ignore[attr-defined]
    return len(ends)


@pytest.mark.faults
@pytest.mark.parametrize("wire", list(PATHS))
async def test_a_flood_of_anonymous_sockets_of_one_address(wire, alice, bob, stream, crowd, report: Report):
    async with server_process("gateway", env=STRICT) as server:
        host, viewer = await crowd.join(server, alice, stream), await crowd.join(server, bob, stream)
        flood, address, turn = Flood(server), new_address(), asyncio.Semaphore(AT_ONCE)
        upgrade = handshake(PATHS[wire], address)

        async def flood_one() -> asyncio.StreamReader | None:
            async with turn:
                reader = await half_request(server, upgrade)
                with suppress(OSError):
                    if b" 101 " in await reader.readline():
                        return reader
                reader._writer.close()  # type: ignore[attr-defined]
                return None

        let_wait = [reader for reader in await asyncio.gather(*(flood_one() for _ in range(SOCKETS))) if reader]
        done(await say(host, stream, "we notice nothing"))
        await hear(viewer, "we notice nothing")
        await all_closed(let_wait, 15)

        async def it_is_told() -> bool:
            return flood.lines == 1

        await soon(it_is_told, 15)
        refused = (await server.counters())["connections_refused"]
        report.line(
            sockets=SOCKETS,
            let_wait=len(let_wait),
            refused=refused,
            growth_MiB=flood.growth / 1024 / 1024,
            log_lines=flood.lines,
        )
        assert len(let_wait) <= LET_WAIT
        assert refused == SOCKETS - len(let_wait)
        assert flood.growth < GROWTH_BYTES
        # How many were refused, in one line.
        assert flood.lines == 1


@pytest.mark.faults
async def test_requests_that_are_sent_by_half(alice, bob, stream, crowd, report: Report):
    async with server_process("gateway", env=STRICT) as server:
        host, viewer = await crowd.join(server, alice, stream), await crowd.join(server, bob, stream)
        flood = Flood(server)
        handshakes = [await half_request(server, "GET /ws/ HTTP/1.1\nHost: localhost\nUpgr") for _ in range(SOCKETS)]
        bodies = [
            await half_request(
                server,
                "POST /api/auth/token/ HTTP/1.1\nHost: localhost\nContent-Type: application/json\n"
                'Content-Length: 5000\n\n{"username": "',
            )
            for _ in range(SOCKETS)
        ]
        done(await say(host, stream, "we notice nothing"))
        await hear(viewer, "we notice nothing")
        most = flood.growth

        closed = [await all_closed(handshakes, HEADER_SECONDS), await all_closed(bodies, BODY_SECONDS)]

        most = max(most, flood.growth)
        report.line(
            half_handshakes=SOCKETS, half_bodies=SOCKETS, closed=closed, growth_MiB=most / 1024 / 1024,
            log_lines=flood.lines,
        )  # fmt: skip
        assert closed == [SOCKETS, SOCKETS]
        assert most < GROWTH_BYTES
        assert flood.lines <= 1

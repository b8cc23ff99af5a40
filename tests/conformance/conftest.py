"""Every test here runs against the bridge under each ASGI server, or against the server at `CONFORMANCE_URL`.

Nothing here needs PostgreSQL or Redis; `--confcutdir=tests/conformance` keeps pytest from starting them.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from .client import DEADLINE, Client, Endpoint, PollingClient, WebSocketClient, http_session, open_client

ROOT = Path(__file__).parents[2]
EXTERNAL_URL = os.environ.get("CONFORMANCE_URL")
SERVERS = ["external"] if EXTERNAL_URL else ["uvicorn", "hypercorn", "daphne"]
START_DEADLINE = 60.0

Connect = Callable[..., Awaitable[Client]]


@dataclass
class Server:
    name: str
    url: str
    pid: int | None = None
    log: Path | None = None

    def log_lines(self) -> list[str]:
        if self.log is None:
            pytest.skip("the log of an external server is out of reach")
        return self.log.read_text().splitlines()

    @contextmanager
    def memory_growth_below(self, limit: int) -> Iterator[None]:
        """Hold the server's peak memory to `limit` bytes more; the present one would miss what came and went."""
        if self.name == "daphne":
            pytest.skip("daphne queues without bound what comes before the application asks for it")
        reset = Path(f"/proc/{self.pid}/clear_refs")
        if self.pid is None or not reset.exists():
            pytest.skip("the memory of the server is out of reach")
        reset.write_text("5")
        before = self._peak_memory()
        yield
        assert self._peak_memory() - before < limit

    def _peak_memory(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if EXTERNAL_URL:
        yield Server("external", EXTERNAL_URL.rstrip("/"))
        return
    port = free_port()
    log = tmp_path_factory.mktemp("conformance") / f"{request.param}.log"
    command = [sys.executable, "-m", "tests.conformance.server", "--port", str(port), "--server", request.param]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            wait_until_listening(port, process, log)
            yield Server(request.param, f"http://127.0.0.1:{port}", process.pid, log)
        finally:
            process.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_until_listening(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_DEADLINE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the server did not start:\n{log.read_text()}", pytrace=False)
            time.sleep(0.05)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with http_session() as session:
        yield session


@pytest.fixture
def socket_io(http: aiohttp.ClientSession, server: Server) -> Endpoint:
    return Endpoint(http, f"{server.url}/socket.io/")


@pytest.fixture
def engine_io(http: aiohttp.ClientSession, server: Server) -> Endpoint:
    """The bare echo: every message comes back as it is."""
    return Endpoint(http, f"{server.url}/engine.io/")


@pytest.fixture(params=["polling", "websocket"])
def transport(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def clients(http: aiohttp.ClientSession) -> AsyncIterator[AsyncExitStack]:
    """Where clients are entered that leave when the test ends."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def connect(socket_io: Endpoint, transport: str, clients: AsyncExitStack) -> Connect:
    """Open a session at the Socket.IO endpoint, over either transport."""
    return connector(socket_io, transport, clients)


@pytest.fixture
def connect_engine(engine_io: Endpoint, transport: str, clients: AsyncExitStack) -> Connect:
    """Open a session at the bare echo, over either transport."""
    return connector(engine_io, transport, clients)


def connector(endpoint: Endpoint, transport: str, clients: AsyncExitStack) -> Connect:
    async def connect(**options: bool) -> Client:
        client = await open_client(endpoint, transport, **options)
        clients.push_async_callback(client.stop)
        return client

    return connect


@pytest.fixture
async def poller(engine_io: Endpoint, clients: AsyncExitStack) -> PollingClient:
    """A polling session at the bare echo that polls only when the test does."""
    client = await PollingClient.open(engine_io)
    clients.push_async_callback(client.stop)
    return client


@pytest.fixture
async def websocket(engine_io: Endpoint, clients: AsyncExitStack) -> WebSocketClient:
    """A session at the bare echo that began as a websocket."""
    client = await WebSocketClient.open(engine_io)
    clients.push_async_callback(client.stop)
    return client.listen()


@pytest.fixture
async def elder(connect: Connect) -> Client:
    """A session that was there first and says nothing.

    While it lives, the deadline for CONNECT cannot be what has closed a younger one.
    """
    return await connect()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for something that no frame tells of."""
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

"""Helpers for tests: real server processes."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aiohttp

ServerKind = Literal["gateway", "uvicorn", "hypercorn", "daphne"]

SERVER_KINDS: tuple[ServerKind, ...] = ("gateway", "uvicorn", "daphne")
START_SECONDS = 60.0
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(slots=True)
class ServerProcess:
    """A real server process.

    Attributes:
        url: where it is, as `http://127.0.0.1:port`.
        log: the file of what it printed.
    """

    kind: ServerKind
    port: int
    process: asyncio.subprocess.Process
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def counters(self) -> dict[str, int]:
        """What the process has counted, from `/metrics`, without the `gateway_` in front."""
        text = await _get(f"{self.url}/metrics")
        lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
        return {name.removeprefix("gateway_").removesuffix("_total"): int(value) for name, value in lines}

    async def kill(self) -> None:
        """End it by SIGKILL, as a crash would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """End it by SIGTERM, as an operator would."""
        await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> None:
        if self.process.returncode is None:
            self.process.send_signal(number)
            await asyncio.wait_for(self.process.wait(), 40)


@asynccontextmanager
async def server_process(
    kind: ServerKind = "gateway",
    *,
    port: int | None = None,
    env: dict[str, str] | None = None,
    arguments: Sequence[str] = (),
) -> AsyncIterator[ServerProcess]:
    """A server process on the tests' PostgreSQL and Redis, ready to serve; it is killed at the end.

    Args:
        kind: `gateway` is the production server; the others lack its extension.
        port: a free one when left out.
        env: environment variables besides those of the tests.
        arguments: what else its command line says.
    """
    port = port or free_port()
    log = Path(os.environ.get("REALTIME_DATA_DIR", "/tmp")) / f"server-{port}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *_command(kind, port),
            *arguments,
            cwd=_ROOT,
            env={**os.environ, **(env or {})},
            stdout=output,
            stderr=output,
        )
    server = ServerProcess(kind, port, process, log)
    try:
        await _until_ready(server)
        yield server
    finally:
        await server.kill()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _command(kind: ServerKind, port: int) -> list[str]:
    application = "realtime_project.asgi:application"
    if kind == "gateway":
        return [sys.executable, "manage.py", "serve", "--port", str(port)]
    if kind == "uvicorn":
        return [
            sys.executable, "-m", "uvicorn", application, "--port", str(port), "--ws", "websockets-sansio",
            "--ws-per-message-deflate", "false", "--ws-max-size", "65536", "--no-proxy-headers",
            "--log-level", "warning",
        ]  # fmt: skip
    if kind == "hypercorn":
        return [sys.executable, "-m", "hypercorn", application, "--bind", f"127.0.0.1:{port}"]
    return [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), application]


async def _until_ready(server: ServerProcess) -> None:
    async def poll() -> None:
        while server.process.returncode is None:
            try:
                await _get(f"{server.url}/healthz")
                return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
        raise RuntimeError(f"the {server.kind} server ended:\n{server.log.read_text()}")

    await asyncio.wait_for(poll(), START_SECONDS)


async def _get(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.text()

"""The servers that are measured: ours and its peers, each a child process on the server's core."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.harness.build import BUILD, PROJECT
from bench.harness.machine import SERVER_CORE

START_SECONDS = 60.0
# The benchmark's own; nothing outside its throw-away database believes them.
KEYS = {
    "SECRET_KEY": "benchmark-only-key-that-signs-nothing-of-value-0123456789abcdef",
    "AUDIT_KEYS": "benchmark-only-audit-key-0123456789abcdef0123456789abcdef",
    "JWT_SIGNING_KEY": "benchmark-only-jwt-key-0123456789abcdef0123456789abcdef01234567",
    "FIELD_ENCRYPTION_KEYS": "benchmark:YmVuY2htYXJrLW9ubHktZmllbGQta2V5LTAxMjM0NTY=",
    "FINGERPRINT_KEY": "benchmark-only-fingerprint-key",
    "ALLOWED_HOSTS": "127.0.0.1",
}
OUR_SETTINGS = {"DJANGO_SETTINGS_MODULE": "realtime_project.settings.bench"}


@dataclass(frozen=True)
class Server:
    """How to run a server on a port, and how clients speak to it."""

    command: Callable[[int], list[str]]
    wire: str = "socketio"
    # Without a page to ask, a server is ready when it accepts connections.
    health: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    directory: Path = PROJECT


def _ours(workers: int) -> Callable[[int], list[str]]:
    options = ["--host", "127.0.0.1", "--workers", str(workers)]
    return lambda port: [sys.executable, "manage.py", "serve", *options, "--port", str(port)]


def _uvicorn(application: str) -> Callable[[int], list[str]]:
    options = ["--host", "127.0.0.1", "--log-level", "warning", "--no-access-log"]
    return lambda port: [sys.executable, "-m", "uvicorn", application, *options, "--port", str(port)]


def _daphne(application: str) -> Callable[[int], list[str]]:
    return lambda port: [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port), application]


_CHANNELS = "bench.peers.channels_consumer:application"

SERVERS = {
    "ours": Server(_ours(1), health="/healthz", environment=OUR_SETTINGS),
    "ours, plain WebSocket": Server(_ours(1), wire="plain", health="/healthz", environment=OUR_SETTINGS),
    "ours, 2 processes": Server(_ours(2), health="/healthz", environment=OUR_SETTINGS),
    "Node": Server(
        lambda port: ["node", str(BUILD / "node" / "server.js"), str(port)], environment={"NODE_ENV": "production"}
    ),
    "python-socketio on uvicorn": Server(_uvicorn("bench.peers.python_socketio:application")),
    "written plainly": Server(_uvicorn("bench.peers.plain_chat:application"), environment=OUR_SETTINGS),
    "Channels on uvicorn": Server(_uvicorn(_CHANNELS), wire="plain"),
    "Channels on daphne": Server(_daphne(_CHANNELS), wire="plain"),
    "send loop": Server(lambda port: [str(BUILD / "send_loop"), str(port)]),
}

BEFORE = "before"


def add_servers_of(directory: Path) -> None:
    """Know our servers as they are in another checkout too, by the same names with `before` at the end."""
    ours = {name: server for name, server in SERVERS.items() if name.startswith("ours")}
    SERVERS.update({f"{name}, {BEFORE}": replace(server, directory=directory) for name, server in ours.items()})


class ServerError(Exception):
    """A server did not start; the text says why."""


@dataclass(frozen=True)
class RunningServer:
    """A server that answers on `port`."""

    pid: int
    port: int
    wire: str


@contextmanager
def running_server(name: str) -> Iterator[RunningServer]:
    """Start a server on its core, wait until it is ready, and stop it with the block."""
    server, port = SERVERS[name], _free_port()
    log = BUILD / "logs" / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["taskset", "--cpu-list", str(SERVER_CORE), *server.command(port)],
            cwd=server.directory,
            env=os.environ | KEYS | server.environment,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_ready(name, server, port, process, log)
        yield RunningServer(process.pid, port, server.wire)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(name: str, server: Server, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_ready(server, port):
        if process.poll() is not None or time.monotonic() > deadline:
            lines = log.read_text(errors="replace").strip().splitlines() or ["it left no message"]
            raise ServerError(f"{name} does not start: {lines[-1]} (log: {log.relative_to(PROJECT)})")
        time.sleep(0.1)


def _is_ready(server: Server, port: int) -> bool:
    try:
        if server.health:
            return bool(urllib.request.urlopen(f"http://127.0.0.1:{port}{server.health}", timeout=5).status == 200)
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except (OSError, urllib.error.URLError):
        return False
    return True

"""Real PostgreSQL and Redis for development and tests, run as child processes from wheels.

Nothing is started here where DATABASE_URL and REDIS_URL are both set.
"""

import fcntl
import json
import os
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from realtime_project.children import Child, ignore_signals, pause, port_is_free, reason, sigterm_as_exit
from realtime_project.servers import LOOPBACK, POLL_SECONDS, Access, LocalServiceError, Postgres, Redis, Server

__all__ = ["LocalServiceError", "LocalServices", "LocalUrls", "data_directory", "local_services", "local_urls"]

# Below the range the kernel takes outgoing connections' ports from, so that no client can sit on a
# server's port while the server is down.
PORTS = range(20_000, 32_000)
START_SECONDS = 60.0
GONE_SECONDS = 15.0


@dataclass(frozen=True)
class LocalUrls:
    """Where the database and Redis are, or will be once they run."""

    database: str
    redis: str


@dataclass(frozen=True)
class LocalServices:
    """Services that answer; `children` are those this process started."""

    urls: LocalUrls
    children: list[Child] = field(default_factory=list)


def data_directory() -> Path:
    """Where the local services keep their data."""
    configured = os.environ.get("REALTIME_DATA_DIR")
    return Path(configured).resolve() if configured else Path(__file__).resolve().parent.parent / ".data"


def local_urls() -> LocalUrls:
    """The configured URLs, else those of the local services. Starts nothing."""
    data = data_directory()
    return LocalUrls(_url(Postgres(data)), _url(Redis(data)))


@contextmanager
def local_services(*, durable: bool = True) -> Iterator[LocalServices]:
    """Run the services that are not configured, and stop on exit or SIGTERM what was started here.

    Services another process runs on the same data directory are used and left alone. Meanwhile
    DATABASE_URL and REDIS_URL are set, so that child processes use the same services. `durable=False`
    lets a power cut damage the data, for speed; it is for tests.
    """
    data = data_directory()
    servers = [kind(data, durable=durable) for kind in (Postgres, Redis) if not os.environ.get(kind.variable)]
    if not servers:
        yield LocalServices(local_urls())
        return
    children: list[Child] = []
    with ExitStack() as stack:
        stack.enter_context(sigterm_as_exit())
        for server in servers:
            child = _ensure_running(server)
            if child:
                children.append(child)
                stack.callback(child.stop)
            os.environ[server.variable] = _url(server)
            stack.callback(os.environ.pop, server.variable, None)
        stack.callback(ignore_signals)
        yield LocalServices(local_urls(), children)


def _url(server: Server) -> str:
    configured = os.environ.get(server.variable)
    if configured:
        return configured
    with _locked(server.data):
        return server.url(_load_access(server))


def _ensure_running(server: Server) -> Child | None:
    """Start `server` and wait until it answers; None when it runs already."""
    with _locked(server.data):
        access = _load_access(server)
        if server.problem(access) is None:
            return None
        _wait_until_gone(server)
        server.create(access)
        return _start(server, access)


def _start(server: Server, access: Access) -> Child:
    for _ in range(3):
        if not port_is_free(LOOPBACK, access.port):
            access = _new_access(server, access.password)
        child = server.start(access)
        try:
            if _answers_in_time(server, access, child):
                return child
        except BaseException:
            child.stop()
            raise
        child.stop()
        # Someone may have taken the port just before the server could.
        if port_is_free(LOOPBACK, access.port):
            break
    cause = reason(server.log.read_text(errors="replace"))
    raise LocalServiceError(f"{server.name} does not run on {server.directory}: {cause} (log: {server.log})")


def _answers_in_time(server: Server, access: Access, child: Child) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while child.running() and time.monotonic() < deadline:
        problem = server.problem(access)
        if problem is None:
            return True
        if "password" in problem:
            # The data is from before the password was lost; waiting does not bring it back.
            return False
        pause(POLL_SECONDS)
    return False


def _wait_until_gone(server: Server) -> None:
    """Wait for a server that is just stopping; forget one that is long gone."""
    deadline = time.monotonic() + GONE_SECONDS
    while process := _process_of(server):
        if time.monotonic() > deadline:
            raise LocalServiceError(f"{server.name} (process {process.pid}) holds {server.directory} without answering")
        pause(POLL_SECONDS)
    server.pid_file.unlink(missing_ok=True)


def _process_of(server: Server) -> psutil.Process | None:
    """The process that runs on the server's directory.

    The id in its file proves nothing, as ids are used again: the process must also work in that directory.
    """
    try:
        process = psutil.Process(int(server.pid_file.read_text().split()[0]))
        return process if Path(process.cwd()) == server.directory else None
    except (psutil.Error, ValueError, IndexError, FileNotFoundError, NotADirectoryError):
        return None


def _load_access(server: Server) -> Access:
    path = _access_path(server)
    if not path.exists():
        return _new_access(server, secrets.token_hex(16))
    try:
        return Access(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise LocalServiceError(f"{path} is damaged ({error}); delete {server.data} to start afresh") from error


def _new_access(server: Server, password: str) -> Access:
    port = next(port for port in random.sample(PORTS, len(PORTS)) if port_is_free(LOOPBACK, port))
    path = _access_path(server)
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps({"port": port, "password": password}))
    new.rename(path)
    return Access(port, password)


def _access_path(server: Server) -> Path:
    return server.data / f"{server.name.lower()}.json"


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    """Let one process at a time look at or start the services on `data`; say in one line why it cannot."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        with (data / "services.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise LocalServiceError(f"The data directory {data} is not usable: {error}") from error

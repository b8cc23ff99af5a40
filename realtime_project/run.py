"""Everything at once for development: services, demo data, web server, Celery worker and beat.

`python -m realtime_project.run` prints `ready URL` when the server answers, runs until Ctrl-C or
SIGTERM, and then stops all it started. HOST, PORT and WORKERS come from the environment.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import psycopg
import redis

from realtime_project.children import Child, Stopped, pause, port_is_free, reason, request_stop, start_child
from realtime_project.local_services import LocalServiceError, LocalServices, data_directory, local_services

ROOT = Path(__file__).resolve().parent.parent
DEMO_USER = "alice"
PORT_SECONDS = 5.0
READY_SECONDS = 120.0
POLL_SECONDS = 0.2


class RunError(Exception):
    """Something does not run; the text is one line that says what and why."""


@dataclass(frozen=True)
class Options:
    """What the environment asks for."""

    host: str
    port: int
    workers: int

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the server."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def main() -> int:
    """Run until told to stop; the exit status."""
    _stop_on_signals()
    try:
        run(_options())
    except Stopped:
        return 0
    except (RunError, LocalServiceError) as error:
        print(error, file=sys.stderr)
        return 1


def run(options: Options) -> NoReturn:
    """Start everything and watch it. Ends only in an exception, with everything stopped again."""
    _check_port(options)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "realtime_project.settings.dev")
    with ExitStack() as stack:
        services = stack.enter_context(local_services())
        _check_services(services)
        _manage("migrate", "--verbosity", "0")
        demo = _manage("seed_demo")
        children: list[Child] = []
        stack.callback(_stop_all, children)
        for child in _start_children(options):
            children.append(child)
        _wait_until_ready(options, children)
        _say(f"ready {options.url}", demo, f"token {_manage('issue_token', DEMO_USER)}")
        _watch(services.children + children)


def _start_children(options: Options) -> Iterator[Child]:
    celery = ["-m", "celery", "-A", "realtime_project"]
    address = ["--host", options.host, "--port", options.port]
    yield _python("web", "manage.py", "serve", *address, "--workers", options.workers)
    yield _python("worker", *celery, "worker", "--concurrency", 2, "--loglevel", "WARNING")
    # A killed beat leaves files that keep the next one from starting: its process id, half a schedule.
    for path in data_directory().glob("celerybeat-schedule*"):
        path.unlink()
    schedule = ["--schedule", data_directory() / "celerybeat-schedule", "--pidfile", ""]
    yield _python("beat", *celery, "beat", *schedule, "--loglevel", "WARNING")


def _python(name: str, *arguments: object) -> Child:
    return start_child(name, [sys.executable, *map(str, arguments)], _log(name), cwd=ROOT)


def _log(name: str) -> Path:
    return data_directory() / "logs" / f"{name}.log"


def _manage(command: str, *arguments: str) -> str:
    """The output of a management command."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", command, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        output, errors = _communicate(process)
    if process.returncode == 0:
        return output.strip()
    _log(command).parent.mkdir(parents=True, exist_ok=True)
    _log(command).write_text(output + errors)
    raise RunError(f"{command} failed: {reason(output + errors)} (log: {_log(command)})")


def _communicate(process: subprocess.Popen[str]) -> tuple[str, str]:
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.communicate(timeout=POLL_SECONDS)
            pause(0)
    except BaseException:
        process.kill()
        raise


def _check_port(options: Options) -> None:
    # The server of a run that was killed needs a moment to let go of it.
    deadline = time.monotonic() + PORT_SECONDS
    try:
        while not port_is_free(options.host, options.port):
            if time.monotonic() > deadline:
                raise RunError(f"Port {options.port} of {options.host} is taken; set PORT to another")
            pause(POLL_SECONDS)
    except OSError as error:
        raise RunError(f"Cannot listen on {options.host}:{options.port}: {error}") from error


def _check_services(services: LocalServices) -> None:
    checks: dict[str, Callable[[], object]] = {
        "PostgreSQL (DATABASE_URL)": lambda: psycopg.connect(services.urls.database, connect_timeout=5).close(),
        "Redis (REDIS_URL)": lambda: redis.Redis.from_url(services.urls.redis, socket_timeout=5).ping(),
    }
    for name, check in checks.items():
        try:
            check()
        except (psycopg.Error, redis.RedisError, ValueError) as error:
            raise RunError(f"{name} does not answer: {reason(str(error))}") from error


def _wait_until_ready(options: Options, children: list[Child]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(f"{options.url}/healthz"):
        _raise_if_stopped(children)
        if time.monotonic() > deadline:
            raise RunError(f"web does not answer on {options.url}/healthz (log: {_log('web')})")
        pause(POLL_SECONDS)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _watch(children: list[Child]) -> NoReturn:
    while True:
        _raise_if_stopped(children)
        pause(POLL_SECONDS)


def _raise_if_stopped(children: list[Child]) -> None:
    for child in children:
        if not child.running():
            cause = reason(child.log.read_text(errors="replace"))
            raise RunError(f"{child.name} stopped with status {child.process.returncode}: {cause} (log: {child.log})")


def _stop_all(children: list[Child]) -> None:
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.stop()


def _stop_on_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # An ignored SIGHUP is someone's nohup.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, request_stop)


def _options() -> Options:
    try:
        port, workers = int(os.environ.get("PORT", "8000")), int(os.environ.get("WORKERS", "1"))
    except ValueError as error:
        raise RunError(f"PORT and WORKERS are numbers: {error}") from error
    if not 0 < port < 65536:
        raise RunError(f"PORT is a number from 1 to 65535, not {port}")
    return Options(os.environ.get("HOST", "127.0.0.1"), port, workers)


def _say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""Child processes that are stopped with us, however we end."""

import ctypes
import errno
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

STOP_SECONDS = 10.0
PR_SET_PDEATHSIG = 1
# The last line of a Python traceback, and what other programs say when they give up.
RAISED = re.compile(r"[\w.]*(Error|Exception|Configured)\b: ")
TELLING = re.compile(r"fatal|panic|error|can't|could not|wrong|denied|refused|not permitted", re.IGNORECASE)
HARMLESS = re.compile("the database system is (starting up|shutting down|not yet accepting)")


class Stopped(BaseException):
    """Someone asked us to stop."""


@dataclass(frozen=True)
class Account:
    """Whom a process runs as."""

    user: int
    group: int


@dataclass(frozen=True)
class Child:
    """A process of ours that runs until told to stop and writes to a log of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals

    def running(self) -> bool:
        """Whether it has not exited."""
        return self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Ask it to stop, without waiting."""
        if self.running():
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Stop it, and kill what is left of it and its own children after STOP_SECONDS."""
        self.ask_to_stop()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def start_child(
    name: str,
    command: list[str],
    log: Path,
    *,
    stop_signal: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    stdin: str = "",
    cwd: str | Path | None = None,
) -> Child:
    """Start a process that outlives neither `Child.stop` nor, on Linux, a kill of this process."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            # A session of its own keeps the terminal's Ctrl-C away: stopping is for us to order.
            start_new_session=True,
            preexec_fn=_dying_with_parent(stop_signal),
            user=account.user if account else None,
            group=account.group if account else None,
            extra_groups=[] if account else None,
        )
    assert process.stdin
    # One that died at once is for the caller to notice.
    with suppress(BrokenPipeError), process.stdin:
        process.stdin.write(stdin.encode())
    return Child(name, process, log, stop_signal)


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


def reason(output: str) -> str:
    """The line of a program's output that says best what went wrong."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["it left no message"]
    if raised := [line for line in lines if RAISED.match(line)]:
        return raised[-1]
    return next((line for line in lines if TELLING.search(line) and not HARMLESS.search(line)), lines[-1])


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now; OSError when it never could."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        # As servers do: connections of an earlier server that linger do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
    return True


_stop_requested = False


def request_stop(number: int, frame: FrameType | None) -> None:
    """A signal handler that lets the next `pause` raise Stopped.

    It raises nothing itself: Python drops exceptions that a handler happens to raise in the wrong
    place, in a callback of `fork` for example, and the signal with them.
    """
    global _stop_requested
    _stop_requested = True


def pause(seconds: float) -> None:
    """Sleep a moment, and raise Stopped when that is asked for."""
    time.sleep(seconds)
    if _stop_requested:
        raise Stopped


@contextmanager
def sigterm_as_exit() -> Iterator[None]:
    """Let SIGTERM leave the block as an exception, unless someone handles it already."""
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


def ignore_signals() -> None:
    """From here on no second Ctrl-C or SIGTERM interrupts the stopping."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)

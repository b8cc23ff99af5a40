"""Handing a connection to the worker of this machine that holds its Engine.IO session.

A polling client makes a request at a time, and the kernel gives each new connection to any worker that
listens on the port; but its session lives in one of them. Session ids therefore start with their worker's
tag, and a worker that accepts a connection whose first request names another's session passes the open
socket on, with the bytes it has read, over a Unix socket (SCM_RIGHTS, unix(7)). From then on the client
talks to the right worker with nothing in between. Between machines the load balancer must do the same by
address or cookie, as every Engine.IO server asks.
"""

import asyncio
import atexit
import logging
import os
import re
import socket
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

log = logging.getLogger(__name__)

# This worker's tag; the children of a forked supervisor each import this module anew.
TAG = token_hex(4)

_SESSION = re.compile(rb"^(?:GET|POST) /socket\.io/\?[^ ]*?\bsid=([0-9a-f]{8})\.")
_MOST_BYTES = 64 * 1024

Protocol = Callable[[], asyncio.Protocol]
_listening: socket.socket | None = None


def session_id(random_part: str) -> str:
    """A session id that tells which worker holds the session."""
    return f"{TAG}.{random_part}"


def owner(data: bytes) -> str | None:
    """The tag of the other worker whose session the first bytes of a connection name, if they do."""
    found = _SESSION.match(data)
    if found is None:
        return None
    tag = found[1].decode()
    return tag if tag != TAG else None


def pass_on(transport: asyncio.Transport, data: bytes, tag: str) -> bool:
    """Give an open connection, and the bytes read from it, to the worker called `tag`.

    Returns:
        Whether it took them; the connection is no longer ours then.
    """
    if len(data) > _MOST_BYTES:
        return False
    ours = transport.get_extra_info("socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        try:
            sender.connect(str(_path(tag)))
            socket.send_fds(sender, [data], [ours.fileno()])
        except OSError as error:
            # The worker has ended, or has no room; the client is told that its session is unknown.
            log.debug("a connection was not passed on: %s", type(error).__name__)
            return False
    # The other worker holds the same socket, so this closes nothing but our side of it.
    transport.abort()
    return True


def listen(protocol: Protocol) -> None:
    """Take connections from other workers from now on, and serve each with a new `protocol`; once a process."""
    global _listening
    if _listening is not None:
        return
    _listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    _listening.setblocking(False)
    _sweep()
    path = _path(TAG)
    previous = os.umask(0o177)
    try:
        _listening.bind(str(path))
    finally:
        os.umask(previous)
    atexit.register(_remove, path)
    asyncio.get_running_loop().add_reader(_listening, _take, _listening, protocol)


def _take(listening: socket.socket, protocol: Protocol) -> None:
    try:
        data, descriptors, _, _ = socket.recv_fds(listening, _MOST_BYTES, 1)
    except OSError:
        return
    for descriptor in descriptors:
        task = asyncio.ensure_future(_serve(socket.socket(fileno=descriptor), data, protocol))
        _serving.add(task)
        task.add_done_callback(_serving.discard)


async def _serve(connection: socket.socket, data: bytes, protocol: Protocol) -> None:
    connection.setblocking(False)
    try:
        _, serving = await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)
    except OSError as error:
        log.debug("a connection was gone before it was served: %s", type(error).__name__)
        return
    serving.data_received(data)


_serving: set[asyncio.Task[None]] = set()


def _path(tag: str) -> Path:
    return Path(tempfile.gettempdir()) / f"gateway-{os.getuid()}-{tag}.sock"


def _sweep() -> None:
    """Remove the sockets of workers that were killed; nobody answers there."""
    for path in Path(tempfile.gettempdir()).glob(f"gateway-{os.getuid()}-*.sock"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                _remove(path)
            except OSError as error:
                log.debug("left a socket alone: %s", type(error).__name__)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()

"""Clients that poll are served by any of several workers behind one port: each request finds its session."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import aiohttp

from gateway.testing_servers import ServerProcess, server_process
from tests.conftest import SERVER_ENVIRONMENT
from tests.people import eventually

ROUNDS = 10


def without_keep_alive(server: ServerProcess) -> aiohttp.ClientSession:
    """Makes each request over a connection of its own, which any worker may accept."""
    return aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(force_close=True))


@contextmanager
def halted(process: int) -> Iterator[None]:
    """Stops a process for a while; connections made meanwhile are accepted by the others."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


async def handshake(server: ServerProcess) -> str:
    """A new Engine.IO session's id, which starts with its worker's tag."""
    async with (
        without_keep_alive(server) as http,
        http.get("/socket.io/?EIO=4&transport=polling") as response,
    ):
        return json.loads((await response.text())[1:])["sid"]


async def post_through(stranger: int, owner: int, server: ServerProcess, sid: str) -> str:
    """The first line of the answer to a packet that `stranger` accepted and `owner` has the session for."""
    with halted(owner):
        before = sockets_of(stranger)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)

        async def the_stranger_has_it() -> bool:
            return bool(sockets_of(stranger) - before)

        await eventually(the_stranger_has_it)
    writer.write(
        f"POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\nContent-Length: 1\r\n\r\n3".encode()
    )
    answer = await asyncio.wait_for(reader.readline(), 10)
    writer.close()
    return answer.decode().strip()


async def test_each_request_finds_the_worker_that_holds_its_session():
    async with server_process(env=SERVER_ENVIRONMENT, arguments=["--workers", "2"]) as server:
        one, other = await asyncio.to_thread(workers_of, server.process.pid)
        # The supervisor replaces workers that do not answer it; here they are halted on purpose.
        os.kill(server.process.pid, signal.SIGSTOP)
        for owner, stranger in ((one, other), (other, one)):
            with halted(stranger):
                sid = await handshake(server)
            for _ in range(ROUNDS):
                assert await post_through(stranger, owner, server, sid) == "HTTP/1.1 200 OK"


async def test_a_session_of_a_worker_that_is_gone_is_unknown(servers):
    async with (
        without_keep_alive(servers[0]) as http,
        http.get("/socket.io/?EIO=4&transport=polling&sid=0123abcd.gone") as response,
    ):
        assert response.status == 400


async def test_workers_stop_when_their_supervisor_is_killed():
    async with server_process(env=SERVER_ENVIRONMENT, arguments=["--workers", "2"]) as server:
        children = await asyncio.to_thread(children_of, server.process.pid)
        assert len(children) >= 2
        await server.kill()

        async def all_are_gone() -> bool:
            return not any(os.path.exists(f"/proc/{child}") for child in children)  # noqa: ASYNC240

        await eventually(all_are_gone)


def children_of(pid: int) -> list[int]:
    """The processes a process has started."""
    with open(f"/proc/{pid}/task/{pid}/children") as listing:
        return [int(child) for child in listing.read().split()]


def workers_of(supervisor: int) -> list[int]:
    """The workers among a supervisor's children; the other child watches their shared resources."""
    return [child for child in children_of(supervisor) if b"spawn_main" in command_line(child)]


def command_line(pid: int) -> bytes:
    with open(f"/proc/{pid}/cmdline", "rb") as line:
        return line.read()


def sockets_of(pid: int) -> set[str]:
    """The sockets a process has open."""
    opened = set()
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        # A file may be closed between the listing and the look.
        with suppress(FileNotFoundError):
            opened.add(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
    return {target for target in opened if target.startswith("socket:")}

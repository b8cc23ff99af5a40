"""Clients that poll are served by any of several workers behind one port: each request finds its session."""

import asyncio
import json
import os

import aiohttp
import pytest

from gateway.testing import ServerProcess, server_process
from tests.conftest import SERVER_ENVIRONMENT
from tests.people import eventually

MOST_HANDSHAKES = 400
ROUNDS = 10


def without_keep_alive(server: ServerProcess) -> aiohttp.ClientSession:
    """Makes each request over a connection of its own, which any worker may accept."""
    return aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(force_close=True))


async def handshake(http: aiohttp.ClientSession) -> str:
    """A new Engine.IO session's id, which starts with its worker's tag."""
    async with http.get("/socket.io/?EIO=4&transport=polling") as response:
        return json.loads((await response.text())[1:])["sid"]


async def one_session_a_worker(http: aiohttp.ClientSession) -> list[str]:
    """Sessions that live in two workers."""
    found: dict[str, str] = {}
    for _ in range(MOST_HANDSHAKES // 20):
        for sid in await asyncio.gather(*(handshake(http) for _ in range(20))):
            found.setdefault(sid.partition(".")[0], sid)
        if len(found) == 2:
            return list(found.values())
    pytest.fail("one worker accepted every connection")


async def test_each_request_finds_the_worker_that_holds_its_session():
    async with (
        server_process(env=SERVER_ENVIRONMENT, arguments=["--workers", "2"]) as server,
        without_keep_alive(server) as http,
    ):
        for sid in await one_session_a_worker(http):
            for _ in range(ROUNDS):
                async with http.post(f"/socket.io/?EIO=4&transport=polling&sid={sid}", data="3") as response:
                    assert (response.status, await response.text()) == (200, "ok")


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

"""A Redis of a test's own, which it may empty, kill and start again."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import redis

from gateway.testing_servers import free_port
from realtime_project.children import Child
from realtime_project.servers import Access, Redis


class OwnRedis:
    """One Redis server.

    Attributes:
        url: where it is, running or not.
    """

    def __init__(self, directory: Path) -> None:
        self._server = Redis(directory, durable=False)
        self._access = Access(free_port(), secrets.token_hex(8))
        self._child: Child | None = None
        self.url = self._server.url(self._access)
        self._server.create(self._access)

    async def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        self._child = self._server.start(self._access)
        async with asyncio.timeout(10):
            while await asyncio.to_thread(self._server.problem, self._access):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def kill(self) -> None:
        """End it by SIGKILL."""
        assert self._child is not None
        self._child.process.kill()
        self._child.process.wait()

    def stop(self) -> None:
        """End it, if it runs."""
        if self._child is not None:
            self._child.stop()

    def execute(self, *command: str | int) -> object:
        """Run one command on it."""
        with redis.Redis.from_url(self.url, decode_responses=True) as client:
            return client.execute_command(*command)


@asynccontextmanager
async def own_redis(directory: Path) -> AsyncIterator[OwnRedis]:
    """A running Redis, gone at the end."""
    server = OwnRedis(directory)
    try:
        await server.start()
        yield server
    finally:
        await asyncio.to_thread(server.stop)

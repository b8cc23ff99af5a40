"""A PostgreSQL of a test's own, which it may kill and start again, with people in it."""

import asyncio
import json
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.testing_servers import free_port
from realtime_project.children import Child
from realtime_project.servers import Access, Postgres

_ROOT = Path(__file__).parents[2]
_MAKE_PEOPLE = """
import json, sys
import django; django.setup()
from tests.people import make_people, make_stream
people = make_people(int(sys.argv[1]))
print(json.dumps([make_stream(people[0]).pk, [person.token for person in people]]))
"""


@dataclass(frozen=True)
class Guest:
    """Somebody of another database: only what a client needs."""

    token: str


class OwnPostgres:
    """One PostgreSQL server.

    Attributes:
        url: where it is, running or not.
    """

    def __init__(self, directory: Path) -> None:
        self._server = Postgres(directory, durable=False)
        self._access = Access(free_port(), secrets.token_hex(8))
        self._child: Child | None = None
        self.url = self._server.url(self._access)

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        await asyncio.to_thread(self._server.create, self._access)
        self._child = self._server.start(self._access)
        async with asyncio.timeout(60):
            while await asyncio.to_thread(self._server.problem, self._access):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        """End it and all its processes by SIGKILL."""
        assert self._child is not None
        os.killpg(self._child.process.pid, signal.SIGKILL)
        self._child.process.wait()

    def stop(self) -> None:
        """End it, if it runs."""
        if self._child is not None:
            self._child.stop()

    async def populate(self, redis_url: str, count: int) -> tuple[int, list[Guest]]:
        """Migrate it and make people; returns the stream of the first, and all of them."""
        await self._run(redis_url, "manage.py", "migrate", "--verbosity", "0")
        stream_id, tokens = json.loads(await self._run(redis_url, "-c", _MAKE_PEOPLE, str(count)))
        return stream_id, [Guest(token) for token in tokens]

    async def _run(self, redis_url: str, *arguments: str) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            cwd=_ROOT,
            env={**os.environ, "DATABASE_URL": self.url, "REDIS_URL": redis_url},
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        assert process.returncode == 0
        return output.splitlines()[-1] if output else b""


@asynccontextmanager
async def own_postgres(directory: Path) -> AsyncIterator[OwnPostgres]:
    """A running PostgreSQL without tables, gone at the end."""
    server = OwnPostgres(directory)
    try:
        await server.start()
        yield server
    finally:
        await asyncio.to_thread(server.stop)

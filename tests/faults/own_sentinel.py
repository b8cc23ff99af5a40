"""A master, a replica and a Sentinel that watches them: three processes of a test's own."""

import asyncio
import secrets
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import redis

from gateway.testing_servers import free_port
from realtime_project.servers import _redis_binary

_DOWN_AFTER_MS = 1000


class OwnSentinel:
    """The three processes.

    Attributes:
        url: what names the master wherever it is.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._password = secrets.token_hex(8)
        self.master, self.replica, self.sentinel = (free_port() for _ in range(3))
        self.url = f"sentinel://:{self._password}@127.0.0.1:{self.sentinel}/main/0"
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    async def start(self) -> None:
        """Start all three, and wait until the Sentinel could replace the master."""
        server = f'bind 127.0.0.1\nsave ""\nrequirepass {self._password}\nmasterauth {self._password}\n'
        self._run(self.master, server)
        self._run(self.replica, f"{server}replicaof 127.0.0.1 {self.master}\nrepl-diskless-sync-delay 0\n")
        await self._until(self.replica, lambda client: client.info("replication")["master_link_status"] == "up")
        self._run(
            self.sentinel,
            f"bind 127.0.0.1\nsentinel monitor main 127.0.0.1 {self.master} 1\n"
            f"sentinel auth-pass main {self._password}\nsentinel down-after-milliseconds main {_DOWN_AFTER_MS}\n"
            "sentinel failover-timeout main 5000\n",
            "--sentinel",
        )
        await self._until(self.sentinel, lambda client: client.sentinel_master("main")["num-slaves"] == 1)

    def kill_master(self) -> None:
        """End the master by SIGKILL."""
        self._processes[self.master].kill()
        self._processes[self.master].wait()

    async def failed_over(self) -> None:
        """Wait until the replica is the master."""
        await self._until(self.replica, lambda client: client.info("replication")["role"] == "master")

    def stop(self) -> None:
        """End what still runs."""
        for process in self._processes.values():
            process.kill()
            process.wait()

    def _run(self, port: int, configuration: str, *arguments: str) -> None:
        directory = self._directory / str(port)
        directory.mkdir()
        # A Sentinel writes what it learns into its file, so it needs a real one.
        file = directory / "redis.conf"
        file.write_text(f"port {port}\ndir {directory}\n{configuration}")
        with (directory / "log").open("wb") as log:
            self._processes[port] = subprocess.Popen([_redis_binary(), file, *arguments], stdout=log, stderr=log)

    async def _until(self, port: int, look) -> None:
        password = None if port == self.sentinel else self._password

        def found() -> bool:
            with redis.Redis(port=port, password=password, decode_responses=True) as client:
                try:
                    return bool(look(client))
                except redis.RedisError:
                    return False

        async with asyncio.timeout(20):
            while not await asyncio.to_thread(found):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


@asynccontextmanager
async def own_sentinel(directory: Path) -> AsyncIterator[OwnSentinel]:
    """The three, running, and gone at the end."""
    servers = OwnSentinel(directory)
    try:
        await servers.start()
        yield servers
    finally:
        await asyncio.to_thread(servers.stop)

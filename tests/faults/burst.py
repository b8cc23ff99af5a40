"""People who write all the time on two processes and people who watch there, while something breaks."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import psycopg

from gateway.testing_servers import ServerProcess
from gateway.wire import Wire
from tests.faults.report import PATIENCE_SECONDS, Report
from tests.faults.viewers import SECONDS, Viewer, Writer
from tests.people import Person

WIRES = (Wire.WEBSOCKET, Wire.SOCKETIO)


class Burst:
    """The writers and viewers of one stream."""

    def __init__(
        self, servers: Sequence[ServerProcess], stream_id: object, people: Sequence[Person], pause: float
    ) -> None:
        self.servers = servers
        self.stream_id = str(stream_id)
        half = len(people) // 2
        self.writers = [
            Writer(person, stream_id, f"w{number}", WIRES[number % 2], pause)
            for number, person in enumerate(people[:half])
        ]
        self.viewers = [Viewer(person, stream_id, WIRES[number % 2]) for number, person in enumerate(people[half:])]
        self._writing: list[asyncio.Task[None]] = []

    async def start(self, *, roaming: bool = False) -> None:
        """Let everybody in, and let the writers write; one who is `roaming` goes to the other process when cut off."""
        for number, viewer in enumerate(self.viewers):
            await viewer.watch(self.servers[number % len(self.servers)])
        for number, writer in enumerate(self.writers):
            first = number % len(self.servers)
            others = [server for server in self.servers if server is not self.servers[first]] if roaming else []
            self._writing.append(asyncio.ensure_future(writer.write(self.servers[first], *others)))

    async def acked(self, more: int) -> None:
        """Wait until that many messages more have been acked."""
        goal = self.count + more
        async with asyncio.timeout(SECONDS):
            while self.count < goal:
                done = [task for task in self._writing if task.done()]
                for task in done:
                    task.result()
                await asyncio.sleep(0.02)

    @property
    def count(self) -> int:
        """How many messages were acked."""
        return sum(len(writer.acked) for writer in self.writers)

    @property
    def last_acked(self) -> set[str]:
        """The newest acked message of each writer."""
        return {list(writer.acked.values())[-1] for writer in self.writers if writer.acked}

    async def stop(self) -> None:
        """Let each writer finish the message it is at."""
        for writer in self.writers:
            writer.stopping = True
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(*self._writing)

    async def caught_up(self, seconds: float = PATIENCE_SECONDS, viewers: Sequence[Viewer] | None = None) -> float:
        """Wait until every viewer knows all that had been acked when this was called; returns how long it took."""
        began = time.monotonic()
        wanted = self.last_acked
        behind = list(viewers if viewers is not None else self.viewers)
        try:
            async with asyncio.timeout(seconds):
                for viewer in list(behind):
                    await viewer.until(lambda viewer: wanted <= viewer.known, seconds)
                    behind.remove(viewer)
        except TimeoutError:
            missing = [(viewer.at, viewer.resets, sorted(wanted - viewer.known)) for viewer in behind]
            raise AssertionError(f"not caught up in {seconds} s: {missing}") from None
        return time.monotonic() - began

    def close(self) -> None:
        """Let everybody vanish."""
        for task in self._writing:
            task.cancel()
        for client in (*self.writers, *self.viewers):
            client.vanish()

    async def judge(self, database_url: str, report: Report, **more: object) -> None:
        """Count what was promised; print it, and fail where a promise was broken."""
        acked = {text: message_id for writer in self.writers for text, message_id in writer.acked.items()}
        stored = await asyncio.to_thread(stored_messages, database_url, self.stream_id)
        lost = [text for text, message_id in acked.items() if stored.count((message_id, text)) != 1]
        twice = len(stored) - len({text for _, text in stored})
        unannounced = await self._settled(database_url)
        for viewer in self.viewers:
            await viewer.paged_back()
        unknown = sum([await self._never_told(viewer, set(acked.values())) for viewer in self.viewers])
        refused = sum(sum(writer.refused.values()) for writer in self.writers)
        gaps, doubles, repeated = (
            sum(getattr(viewer, name) for viewer in self.viewers) for name in ("gaps", "doubles", "repeated")
        )
        report.line(
            acked=len(acked), lost=len(lost), stored_twice=twice, unannounced=unannounced, gaps=gaps, doubles=doubles,
            told_twice=repeated, never_told=unknown, resets=sum(viewer.resets for viewer in self.viewers),
            paged=sum(viewer.paged for viewer in self.viewers),
            asked_to_retry=refused, slowest_ack=max(writer.slowest for writer in self.writers), **more,
        )  # fmt: skip
        assert not lost
        assert (twice, unannounced, gaps, doubles, unknown) == (0, 0, 0, 0, 0)
        # Only a Redis that lost its data may forget what it announced already.
        assert repeated == 0 or all(viewer.resets for viewer in self.viewers)

    async def _never_told(self, viewer: Viewer, acked: set[str]) -> int:
        # What was announced last may be on its way still.
        with suppress(TimeoutError):
            await viewer.until(lambda viewer: acked <= viewer.known)
        missing = acked - viewer.known
        assert viewer.resets or not missing, (
            f"{len(missing)} messages never came, and nobody said so: {sorted(missing)}, it is at {viewer.at}"
        )
        return len(missing)

    async def _settled(self, database_url: str) -> int:
        # What was announced is marked so a moment later, and by the sweeper when the mark was lost.
        async def nothing_waits() -> bool:
            return not await asyncio.to_thread(unannounced_events, database_url, self.stream_id)

        with suppress(TimeoutError):
            await soon(nothing_waits)
        return await asyncio.to_thread(unannounced_events, database_url, self.stream_id)


@asynccontextmanager
async def burst(
    servers: Sequence[ServerProcess],
    stream_id: object,
    people: Sequence[Person],
    *,
    roaming: bool = False,
    pause: float = 0.0,
) -> AsyncIterator[Burst]:
    """A burst that is under way; everybody vanishes at the end.

    Args:
        people: the first half write, the others watch.
        roaming: writers who are cut off go to the other process.
        pause: how long a writer thinks after each ack.
    """
    crowd = Burst(servers, stream_id, people, pause)
    try:
        await crowd.start(roaming=roaming)
        yield crowd
    finally:
        crowd.close()


def stored_messages(database_url: str, stream_id: str) -> list[tuple[str, str]]:
    """The stream's messages in PostgreSQL, as (id, text)."""
    with psycopg.connect(database_url) as database:
        rows = database.execute("SELECT id, text FROM chat_message WHERE stream_id = %s ORDER BY id", [stream_id])
        return [(str(message_id), text) for message_id, text in rows]


def unannounced_events(database_url: str, stream_id: str) -> int:
    """How many events of the stream's room wait in the outbox."""
    with psycopg.connect(database_url) as database:
        row = database.execute(
            "SELECT count(*) FROM gateway_outboxevent WHERE room = %s AND published_at IS NULL", [f"stream:{stream_id}"]
        ).fetchone()
        assert row is not None
        return int(row[0])


async def readiness(server: ServerProcess) -> dict[str, bool]:
    """What `/readyz` says of each check."""
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/readyz") as response:
        checks: dict[str, bool] = await response.json()
        assert (response.status == 200) == all(checks.values())
        return checks


async def soon(look: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> float:
    """Wait until the coroutine function `look` finds it so; returns how long it took."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not await look():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return time.monotonic() - began


def seeded(number: int) -> random.Random:
    """Chance that is the same in every run."""
    return random.Random(number)

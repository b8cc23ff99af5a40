"""Clients that come back at once cost the database what one or two of them cost, not what all do; they miss nothing."""

import asyncio
import time

import pytest

from gateway.wire import Wire
from tests.faults.conftest import open_servers
from tests.faults.report import PATIENCE_SECONDS, Report
from tests.faults.viewers import Viewer, Writer
from tests.people import make_people

PEOPLE = 250
AT_ONCE = 50
MISSED = 20
# One reading of its own for the first, one before they are seen to be a herd, and then one in so many seconds.
# On a busy machine they come in one by one, and a few more are read before there is a herd.
FIRST_READINGS, SMALLER_THAN_A_HERD = 2, 8
SHARED_SECONDS = 10.0


@pytest.fixture
def crowd_of_people():
    """They have many devices each."""
    return make_people(PEOPLE)


async def come(viewers: list[Viewer], servers) -> None:
    """Let all be connected, and not in the room yet."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def connect(number: int, viewer: Viewer) -> None:
        async with turn:
            await viewer.connect(servers[number % len(servers)])

    await asyncio.gather(*(connect(number, viewer) for number, viewer in enumerate(viewers)))


async def joined(viewers: list[Viewer], servers) -> tuple[list[int], float]:
    """Let all enter the room at once; the snapshots each process read for it, and how long it took."""
    before = [(await server.counters())["snapshots_read"] for server in servers]
    began = time.monotonic()
    await asyncio.gather(*(viewer.enter() for viewer in viewers))
    took = time.monotonic() - began
    after = [(await server.counters())["snapshots_read"] for server in servers]
    return [now - then for now, then in zip(after, before, strict=True)], took


async def has_written(writer: Writer, count: int) -> None:
    """Wait until so many messages of the writer are acked."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(writer.acked) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("clients", [200, pytest.param(2000, marks=pytest.mark.faults)])
async def test_a_herd_of_clients_comes_back_at_once(clients, redis, stream, alice, crowd_of_people, report: Report):
    viewers = [
        Viewer(crowd_of_people[number % PEOPLE], stream.pk, (Wire.WEBSOCKET, Wire.SOCKETIO)[number // 2 % 2])
        for number in range(clients)
    ]
    writer, later = (Writer(alice, stream.pk, name, pause=0.05) for name in ("host", "later"))
    async with open_servers(redis.url, redis.url) as servers:
        try:
            await come(viewers, servers)
            writing = asyncio.ensure_future(writer.write(servers[0]))
            await has_written(writer, 1)
            anew, took = await joined(viewers, servers)
            writer.stopping = True
            await writing
            last = list(writer.acked.values())[-1]
            for viewer in viewers:
                await viewer.until(lambda viewer: last in viewer.known)
                viewer.heard.clear()
            first = FIRST_READINGS if report.is_held else SMALLER_THAN_A_HERD
            assert all(count <= first + took / SHARED_SECONDS for count in anew), anew

            for viewer in viewers:
                viewer.vanish()
            writing = asyncio.ensure_future(later.write(servers[0]))
            await has_written(later, MISSED)
            later.stopping = True
            await writing
            await come(viewers, servers)
            resumed, took_again = await joined(viewers, servers)

            missed = list(later.acked.values())
            gaps = sum(viewer.gaps + viewer.doubles for viewer in viewers)
            complete = sum(viewer.heard == missed for viewer in viewers)
            report.line(
                clients=clients, snapshots_read=anew, seconds=took, came_back_with_since=clients,
                snapshots_read_then=resumed, seconds_then=took_again, got_all_missed=complete, gaps=gaps,
            )  # fmt: skip
            assert (complete, gaps, resumed) == (clients, 0, [0, 0])
        finally:
            for client in (*viewers, writer, later):
                client.vanish()

"""A process with a thousand sockets is told to stop: nothing acked is lost, and they do not all come back at once."""

import asyncio
import signal
import time
from typing import Any

import pytest

from gateway.testing_servers import ServerProcess
from tests.faults.burst import WIRES, burst
from tests.faults.conftest import open_servers
from tests.faults.report import PATIENCE_SECONDS, Report
from tests.faults.test_a_herd_comes_back import come
from tests.faults.viewers import Viewer
from tests.people import make_people

SOCKETS = 1000
PEOPLE = 125
GONE_SECONDS = 30.0
# The window clients are told to come back in, and how many parts of it are looked at.
WINDOW_MS = (500, 10_000)
PARTS = 10


class Returner(Viewer):
    """A viewer who comes back when it was told to, and not sooner.

    Attributes:
        told: what it was told before it was closed.
        away: for how long it was.
    """

    told: dict[str, Any] | None = None
    away = 0.0

    def event(self, name: str, data: dict[str, Any]) -> None:
        if name == "session:closing":
            self.told = data
        super().event(name, data)

    async def return_to(self, server: ServerProcess) -> None:
        """Wait for the end of the socket and for the time it was told, and come back."""
        assert self.client is not None
        await asyncio.wait_for(self.client.lost.wait(), PATIENCE_SECONDS)
        assert self.told is not None, "closed without a word"
        left = time.monotonic()
        await asyncio.sleep(self.told["retryAfterMs"] / 1000)
        await self.watch(server)
        self.away = time.monotonic() - left


@pytest.fixture
def crowd_of_people():
    """They have many devices each."""
    return make_people(PEOPLE)


@pytest.mark.faults
async def test_a_process_with_a_thousand_sockets_is_told_to_stop(
    redis, stream, people, crowd_of_people, database_url, report: Report
):
    returners = [Returner(crowd_of_people[number % PEOPLE], stream.pk, WIRES[number % 2]) for number in range(SOCKETS)]
    async with (
        open_servers(redis.url, redis.url) as (leaving, staying),
        # Slow enough that what is missed in the meantime stays within the history.
        burst([leaving, staying], stream.pk, people[:8], pause=0.5, roaming=True) as crowd,
    ):
        try:
            await come(returners, [leaving])
            for returner in returners:
                await returner.enter()
            # The crowd's own viewers on it come back as these do.
            movers = [asyncio.ensure_future(_move(viewer, staying)) for viewer in crowd.viewers[::2]]
            await crowd.acked(20)
            coming = asyncio.gather(*(returner.return_to(staying) for returner in returners))
            leaving.process.send_signal(signal.SIGTERM)
            told = time.monotonic()
            await asyncio.wait_for(leaving.process.wait(), PATIENCE_SECONDS)
            gone = report.within(GONE_SECONDS, time.monotonic() - told)
            await coming
            await asyncio.gather(*movers)
            await crowd.acked(20)
            await crowd.stop()
            await crowd.caught_up()
            await crowd.caught_up(viewers=returners)
            advised = [returner.told["retryAfterMs"] for returner in returners if returner.told]
            size = (WINDOW_MS[1] - WINDOW_MS[0]) / PARTS
            parts = [sum(int((advice - WINDOW_MS[0]) / size) == part for advice in advised) for part in range(PARTS)]
            await crowd.judge(
                database_url, report, sockets=SOCKETS, gone_after=gone, told_to_come_back_in_each_tenth=parts,
                resumed=sum(returner.resumed for returner in returners),
                last_back_after=max(returner.away for returner in returners),
                gaps_of_theirs=sum(returner.gaps + returner.doubles for returner in returners),
            )  # fmt: skip
            assert sum(parts) == SOCKETS
            assert min(parts) >= SOCKETS / PARTS * 0.8
            assert sum(returner.gaps + returner.doubles for returner in returners) == 0
            assert all(returner.resumed == 1 for returner in returners)
        finally:
            for returner in returners:
                returner.vanish()


async def _move(viewer: Viewer, server: ServerProcess) -> None:
    """Come back to `server` when the socket is lost."""
    assert viewer.client is not None
    await viewer.client.lost.wait()
    await viewer.watch(server)

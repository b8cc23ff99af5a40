"""Redis is killed, cut off, emptied: nothing acked is lost, and everybody is told or catches up."""

import asyncio
import time

import pytest

from tests.faults.burst import burst, readiness, soon
from tests.faults.conftest import open_servers
from tests.faults.proxy import proxy_to
from tests.faults.report import Report

CATCH_UP_SECONDS = 2.0
NOTICE_SECONDS = 5.0


def lines_of(servers, words: str) -> int:
    """How many lines with these words the servers logged."""
    return sum(words in line for server in servers for line in server.log.read_text().splitlines())


@pytest.mark.parametrize("away", [2, pytest.param(10, marks=pytest.mark.faults)])
async def test_redis_is_killed_in_mid_burst_for_some_seconds(away, redis, stream, people, database_url, report: Report):
    async with open_servers(redis.url, redis.url) as servers, burst(servers, stream.pk, people) as crowd:
        await crowd.acked(50)
        redis.kill()
        killed = time.monotonic()
        await crowd.acked(50)

        async def says_so() -> bool:
            checks = [await readiness(server) for server in servers]
            return not any(check["bus"] or check["redis"] for check in checks)

        red = report.within(NOTICE_SECONDS, await soon(says_so))
        counters = [await server.counters() for server in servers]
        assert [(counted["redis_up"], counted["bus_up"]) for counted in counters] == [(0, 0), (0, 0)]
        # The outage itself is the test's input: Redis stays away this long.
        await asyncio.sleep(max(0.0, killed + away - time.monotonic()))
        meanwhile = crowd.count
        await redis.start()

        caught_up = report.within(CATCH_UP_SECONDS, await crowd.caught_up())

        await crowd.acked(50)
        await crowd.stop()
        await crowd.caught_up()
        for server in servers:
            await soon(lambda server=server: _is_ready(server))
        await crowd.judge(database_url, report, acked_by_the_return=meanwhile, red_after=red, caught_up_after=caught_up)
        for words in (
            "Redis is away",
            "Redis answers again",
            "lost the channel layer",
            "channel layer's Redis is back",
        ):
            assert lines_of(servers, words) == 2, words
        assert lines_of(servers, "Traceback") == 0


async def _is_ready(server) -> bool:
    return all((await readiness(server)).values())


@pytest.mark.parametrize("times", [1, pytest.param(3, marks=pytest.mark.faults)])
async def test_redis_is_cut_off_in_silence_from_one_process(times, redis, stream, people, database_url, report: Report):
    async with (
        proxy_to(redis.url) as (proxy, cut_url),
        open_servers(redis.url, cut_url) as servers,
        # Slow enough that what is missed in the meantime stays within the history.
        burst(servers, stream.pk, people[:8], pause=0.2) as crowd,
    ):
        noticed = 0.0
        for _ in range(times):
            await crowd.acked(8)
            proxy.cut()

            async def notices() -> bool:
                return not (await readiness(servers[1]))["bus"]

            noticed = max(noticed, report.within(NOTICE_SECONDS, await soon(notices)))
            await crowd.acked(8)
            assert all((await readiness(servers[0])).values())
            proxy.mend()
            await soon(lambda: _is_ready(servers[1]))
        await crowd.stop()
        caught_up = report.within(CATCH_UP_SECONDS, await crowd.caught_up())
        counters = await servers[1].counters()
        await crowd.judge(
            database_url, report, noticed_after=noticed, caught_up_after=caught_up, repairs=counters["gaps_repaired"]
        )
        # Redis lost nothing, so every event reached every client in its place.
        assert sum(viewer.resets for viewer in crowd.viewers) == 0
        assert lines_of(servers, "lost the channel layer") == times
        assert lines_of(servers, "channel layer's Redis is back") == times


@pytest.mark.parametrize("times", [1, pytest.param(5, marks=pytest.mark.faults)])
async def test_redis_closes_the_connections_that_listen(times, redis, stream, people, database_url, report: Report):
    async with open_servers(redis.url, redis.url) as servers, burst(servers, stream.pk, people) as crowd:
        restored = 0.0
        for _ in range(times):
            await crowd.acked(30)
            before = [(await server.counters())["bus_reconnects"] for server in servers]
            await asyncio.to_thread(redis.execute, "CLIENT", "KILL", "TYPE", "pubsub")

            async def hears_again(before: list[int] = before) -> bool:
                counted = [await server.counters() for server in servers]
                return all(
                    now["bus_reconnects"] > then and now["bus_up"] for now, then in zip(counted, before, strict=True)
                )

            restored = max(restored, report.within(CATCH_UP_SECONDS, await soon(hears_again)))
        await crowd.stop()
        await crowd.caught_up()
        await crowd.judge(database_url, report, kills=times, resubscribed_after=restored)
        assert sum(viewer.resets for viewer in crowd.viewers) == 0


@pytest.mark.faults
async def test_redis_is_emptied_under_load(redis, stream, people, database_url, report: Report):
    async with open_servers(redis.url, redis.url) as servers, burst(servers, stream.pk, people) as crowd:
        for _ in range(3):
            await crowd.acked(50)
            await asyncio.to_thread(redis.execute, "FLUSHALL")
        await crowd.acked(50)
        await crowd.stop()
        await crowd.caught_up()
        await crowd.judge(database_url, report, flushes=3)
        assert all(viewer.resets for viewer in crowd.viewers)


@pytest.mark.faults
async def test_redis_restarts_from_an_older_file(redis, stream, people, database_url, report: Report):
    """What a replica that takes over without the last events does too."""
    async with open_servers(redis.url, redis.url) as servers, burst(servers, stream.pk, people) as crowd:
        await crowd.acked(50)
        await asyncio.to_thread(redis.execute, "SAVE")
        await crowd.acked(50)
        redis.kill()
        await redis.start()
        await crowd.caught_up()
        await crowd.acked(50)
        await crowd.stop()
        await crowd.caught_up()
        await crowd.judge(database_url, report)
        assert all(viewer.resets for viewer in crowd.viewers)

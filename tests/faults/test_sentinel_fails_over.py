"""The master dies under load and its replica takes over: as when Redis dies, and nothing has to be done by hand."""

import asyncio
import time

import pytest
from celery import Celery

from gateway.redis_location import broker_options, broker_url
from tests.faults.burst import burst, readiness, soon
from tests.faults.conftest import open_servers
from tests.faults.own_sentinel import own_sentinel
from tests.faults.report import Report
from tests.faults.test_processes_die import worker

CATCH_UP_SECONDS = 2.0


@pytest.mark.faults
async def test_a_replica_takes_over_in_mid_burst(tmp_path, stream, alice, people, database_url, report: Report):
    async with (
        own_sentinel(tmp_path) as redis,
        open_servers(redis.url, redis.url) as servers,
        burst(servers, stream.pk, people) as crowd,
    ):
        await crowd.acked(100)
        await asyncio.to_thread(redis.kill_master)
        killed = time.monotonic()
        await crowd.acked(50)

        await redis.failed_over()

        failed_over = time.monotonic() - killed
        for server in servers:
            await soon(lambda server=server: _is_ready(server))
        await crowd.acked(50)
        # The broker has moved too.
        broker = Celery("tests", broker=broker_url(redis.url))
        broker.conf.broker_transport_options = broker_options(redis.url)
        async with worker(tmp_path / "worker.log", REDIS_URL=redis.url):
            await asyncio.to_thread(
                broker.send_task,
                "tests.faults.tasks.write",
                args=[alice.user.pk, stream.pk, "hello from celery", False],
            )
            await crowd.stop()
            caught_up = report.within(CATCH_UP_SECONDS, await crowd.caught_up())
            before = len(crowd.viewers[0].heard)
            await crowd.viewers[0].until(lambda viewer: len(viewer.heard) > before)
        await crowd.judge(database_url, report, failed_over_after=failed_over, caught_up_after=caught_up)
        assert all(viewer.resets for viewer in crowd.viewers)


async def _is_ready(server) -> bool:
    return all((await readiness(server)).values())

"""Processes are killed where it hurts most: what was committed is announced, once."""

import asyncio
import os
import signal
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from celery import Celery

from gateway.redis_clients import sync_redis
from gateway.testing_servers import server_process
from tests.faults.burst import burst, stored_messages, unannounced_events
from tests.faults.conftest import ENVIRONMENT, open_servers
from tests.faults.report import PATIENCE_SECONDS, Report
from tests.faults.viewers import Viewer

ANNOUNCED_SECONDS = 2.0
TAKEN_UP_SECONDS = 60.0


@pytest.mark.parametrize("after", [40, pytest.param(200, marks=pytest.mark.faults)])
async def test_a_web_process_is_killed_between_commit_and_announcement(
    after, redis, stream, people, database_url, report: Report
):
    async with AsyncExitStack() as stack:
        (survivor,) = await stack.enter_async_context(open_servers(redis.url))
        env = {**ENVIRONMENT, "REDIS_URL": redis.url, "GATEWAY_FAILPOINT": f"committed:{after}"}
        doomed = await stack.enter_async_context(server_process("gateway", env=env))
        crowd = await stack.enter_async_context(burst([survivor, doomed], stream.pk, people, roaming=True))
        returning = [asyncio.ensure_future(_return(viewer, survivor)) for viewer in crowd.viewers[1::2]]
        await asyncio.wait_for(doomed.process.wait(), PATIENCE_SECONDS)
        died = time.monotonic()
        assert doomed.process.returncode == -signal.SIGKILL
        left = await asyncio.to_thread(unannounced_events, database_url, str(stream.pk))
        committed = {message_id for message_id, _ in await asyncio.to_thread(stored_messages, database_url, stream.pk)}

        for viewer in crowd.viewers[::2]:
            await viewer.until(lambda viewer: committed <= viewer.known)

        announced = report.within(ANNOUNCED_SECONDS, time.monotonic() - died)
        await asyncio.gather(*returning)
        await crowd.acked(50)
        await crowd.stop()
        await crowd.caught_up()
        await crowd.judge(database_url, report, left_unannounced=left, announced_after=announced)
        assert sum(viewer.resumed for viewer in crowd.viewers[1::2]) == len(returning)


async def _return(viewer: Viewer, server) -> None:
    """Come back to `server` when the socket is lost."""
    assert viewer.client is not None
    await viewer.client.lost.wait()
    await viewer.watch(server)


@asynccontextmanager
async def worker(log: Path, **environment: str):
    """A Celery worker with one child; all of it is killed at the end, if it still lives."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "celery", "-A", "realtime_project", "worker", "--concurrency", "1",
            "--without-gossip", "--without-mingle", "-n", f"{log.stem}@%h",
            env={**os.environ, **ENVIRONMENT, **environment}, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        kill_all(process)
        await process.wait()


def kill_all(process: asyncio.subprocess.Process) -> None:
    """End a worker and its children by SIGKILL."""
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.faults
async def test_celery_workers_are_killed_in_a_task_and_right_after_its_commit(
    redis, tmp_path, stream, alice, bob, database_url, report: Report
):
    broker = Celery("tests", broker=redis.url)
    async with open_servers(redis.url) as (server,), AsyncExitStack() as stack:
        viewer = Viewer(bob, stream.pk)
        await viewer.watch(server)
        stack.callback(viewer.vanish)
        starts = sync_redis()
        # One is killed while it works on the task, the other has committed and not yet said so.
        first = await stack.enter_async_context(worker(tmp_path / "first.log", REDIS_URL=redis.url))
        await _send(broker, alice, stream, "hello one", wait=True)
        await _started(starts, 1)
        kill_all(first)
        await first.wait()
        second = await stack.enter_async_context(
            worker(tmp_path / "second.log", REDIS_URL=redis.url, GATEWAY_FAILPOINT="committed")
        )
        await _send(broker, alice, stream, "hello two", wait=False)
        await _committed(database_url, stream, "hello two")
        kill_all(second)
        killed = time.monotonic()
        await stack.enter_async_context(worker(tmp_path / "third.log", REDIS_URL=redis.url))

        await _started(starts, 4, 2 * TAKEN_UP_SECONDS)
        taken_up = report.within(TAKEN_UP_SECONDS, time.monotonic() - killed)
        await _all_done(starts)
        await viewer.until(lambda viewer: len(viewer.heard) >= 2)

        stored = await asyncio.to_thread(stored_messages, database_url, str(stream.pk))
        report.line(
            starts=starts.llen("faults:starts"), stored=len(stored), heard=len(viewer.heard),
            taken_up_after=taken_up,
        )  # fmt: skip
        assert sorted(text for _, text in stored) == ["hello one", "hello two"]
        assert sorted(viewer.heard) == sorted(message_id for message_id, _ in stored)


async def _send(broker: Celery, author, stream, text: str, *, wait: bool) -> None:
    await asyncio.to_thread(broker.send_task, "tests.faults.tasks.write", args=[author.user.pk, stream.pk, text, wait])


async def _started(redis, times: int, seconds: float = PATIENCE_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while await asyncio.to_thread(redis.llen, "faults:starts") < times:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def _all_done(redis) -> None:
    """Wait until the broker has no task, neither waiting nor with a worker."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await asyncio.to_thread(lambda: redis.hlen("unacked") + redis.llen("celery")):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def _committed(database_url: str, stream, text: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while text not in dict(map(reversed, await asyncio.to_thread(stored_messages, database_url, stream.pk))):  # noqa: ASYNC110
            await asyncio.sleep(0.05)

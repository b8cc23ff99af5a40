"""Celery as it runs in production: processes of its own, killed at the end."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.people import eventually

READY_SECONDS = 60


@asynccontextmanager
async def celery_worker(log: Path, queue: str = "celery", env: Mapping[str, str] | None = None) -> AsyncIterator[None]:
    """A worker that takes the tasks of `queue`, with `env` besides the environment; what it says is in `log`."""
    async with _celery(
        log, "worker", "--loglevel", "info", "--concurrency", "1", "--without-gossip", "--without-mingle",
        "-n", f"{os.getpid()}@%h", "-Q", queue, env=env,
    ):  # fmt: skip
        await said(log, r" ready\.", READY_SECONDS)
        yield


@asynccontextmanager
async def celery_beat(log: Path, schedule: Path) -> AsyncIterator[None]:
    """Beat, with what it last did in the file `schedule`."""
    async with _celery(log, "beat", "--loglevel", "info", "--schedule", str(schedule), "--pidfile="):
        yield


@asynccontextmanager
async def _celery(log: Path, *arguments: str, env: Mapping[str, str] | None = None) -> AsyncIterator[None]:
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "celery", "-A", "realtime_project", *arguments,
            env={**os.environ, **(env or {})}, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def said(log: Path, pattern: str, seconds: float) -> None:
    """Wait until a line of the log has the regular expression `pattern` in it."""

    async def is_there() -> bool:
        return re.search(pattern, await asyncio.to_thread(log.read_text)) is not None

    await eventually(is_there, seconds)

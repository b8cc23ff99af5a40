"""Connections to Redis: one pool for threads, one for the event loop, both quick to fail."""

import asyncio
import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis import asyncio as redis_asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError
from redis.retry import Retry

# A stalled Redis must cost a command no more than this; what was not published is swept later.
TIMEOUT_SECONDS = 2.0
_CONNECTIONS = 32


@cache
def sync_redis() -> redis.Redis:
    """The process's Redis client for threads, Celery tasks and commands."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1),
        decode_responses=True,
    )


@cache
def async_redis() -> redis_asyncio.Redis:
    """The process's Redis client for its event loop. Whoever finds every connection busy waits for one."""
    pool = redis_asyncio.BlockingConnectionPool.from_url(
        settings.REDIS_URL,
        max_connections=_CONNECTIONS,
        timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=AsyncRetry(NoBackoff(), 1),
        decode_responses=True,
    )
    return redis_asyncio.Redis(connection_pool=pool)


class Script:
    """A Lua script for the event loop. Calls made in the same turn of the loop share one round trip.

    Args:
        source: the script's text.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, keys: Sequence[str], args: Sequence[str | int | float]) -> Any:
        """Run the script.

        Raises:
            redis.RedisError: Redis is away, or the script failed.
        """
        try:
            return await _pipeline.call("EVALSHA", self._sha, len(keys), *keys, *args)
        except NoScriptError:
            # Redis has restarted since the script was loaded.
            return await _pipeline.call("EVAL", self._source, len(keys), *keys, *args)


class _Pipeline:
    """Collects the commands of one turn of the event loop into one round trip."""

    def __init__(self) -> None:
        self._waiting: list[tuple[tuple[Any, ...], asyncio.Future[Any]]] = []
        self._sending: set[asyncio.Task[None]] = set()

    async def call(self, *command: Any) -> Any:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._flush)
        self._waiting.append((command, answer))
        return await answer

    def _flush(self) -> None:
        batch, self._waiting = self._waiting, []
        task = asyncio.ensure_future(self._send(batch))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, batch: list[tuple[tuple[Any, ...], asyncio.Future[Any]]]) -> None:
        pipeline = async_redis().pipeline(transaction=False)
        for command, _ in batch:
            pipeline.execute_command(*command)
        try:
            results = await pipeline.execute(raise_on_error=False)
        except Exception as error:
            # Whatever went wrong, nobody may wait for an answer for ever.
            results = [RedisError(type(error).__name__)] * len(batch)
        for (_, answer), result in zip(batch, results, strict=True):
            if answer.done():
                continue
            if isinstance(result, Exception):
                answer.set_exception(result)
            else:
                answer.set_result(result)


_pipeline = _Pipeline()

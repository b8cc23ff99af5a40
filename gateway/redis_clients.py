"""Connections to Redis: one pool for threads, one for the event loop, both quick to fail."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Sequence
from functools import cache
from threading import Lock
from typing import Any

import redis
from django.conf import settings
from redis import asyncio as redis_asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as NoAnswer
from redis.retry import Retry

from gateway.metrics import counters
from gateway.redis_location import sentinels

log = logging.getLogger(__name__)

# A stalled Redis must cost a command no more than this; what was not published is swept later.
TIMEOUT_SECONDS = 2.0
_CONNECTIONS = 32
# Round trips under way at a time, and commands in one; what comes meanwhile goes with the next.
_ROUND_TRIPS = 8
_ROUND_TRIP_COMMANDS = 500
# What the pool says when every connection is busy, which tells nothing of Redis.
_POOL_IS_EMPTY = "No connection available."
# While Redis is away, somebody tries it as often as this.
_TRY_SECONDS = 0.25


class Outage:
    """Whether Redis is away, as this process finds out by asking it; used from any thread.

    While it is away one caller now and then tries it and all others fail at once, so that a Redis that does
    not answer costs the process a timeout now and then and not one a command. The log gets one line when
    Redis is lost and one when it is back.
    """

    def __init__(self) -> None:
        self.away = False
        self._next_try = 0.0
        self._lock = Lock()

    @property
    def is_expected(self) -> bool:
        """Whether asking Redis now would fail at once."""
        return self.away and time.monotonic() < self._next_try

    def check(self) -> None:
        """Raise `redis.ConnectionError` when Redis is away and it is not yet time to try it again."""
        if not self.away:
            return
        with self._lock:
            if self.is_expected:
                raise NoConnection("Redis is away")
            # Nobody else tries while this caller does.
            self._next_try = time.monotonic() + TIMEOUT_SECONDS

    def failed(self, error: Exception) -> None:
        """Note that Redis could not be asked; errors that are not of its connection tell nothing."""
        if not isinstance(error, NoConnection | NoAnswer | OSError) or str(error) == _POOL_IS_EMPTY:
            return
        with self._lock:
            self._next_try = time.monotonic() + _TRY_SECONDS
            if self.away:
                return
            self.away = True
            counters.redis_up = 0
        log.warning("Redis is away (%s); events wait in the outbox", type(error).__name__)

    def answered(self) -> None:
        """Note that Redis has answered."""
        if not self.away:
            return
        with self._lock:
            self.away = False
            counters.redis_up = 1
        log.warning("Redis answers again")


outage = Outage()


_OPTIONS: dict[str, Any] = {
    "socket_timeout": TIMEOUT_SECONDS,
    "socket_connect_timeout": TIMEOUT_SECONDS,
    "decode_responses": True,
}


@cache
def sync_redis() -> redis.Redis:
    """The process's Redis client for threads, Celery tasks and commands."""
    return _sync_client(_OPTIONS)


@cache
def bytes_redis() -> redis.Redis:
    """The same for libraries that expect bytes."""
    return _sync_client({**_OPTIONS, "decode_responses": False})


def _sync_client(options: dict[str, Any]) -> redis.Redis:
    # A connection Redis has closed is opened again; a Redis that does not answer is not asked twice.
    options = {**options, "retry": Retry(NoBackoff(), 1, supported_errors=(NoConnection,))}
    found = sentinels(settings.REDIS_URL)
    if found is None:
        return redis.Redis.from_url(settings.REDIS_URL, **options)
    sentinel = redis.Sentinel(found.addresses, sentinel_kwargs=found.sentinel_options)  # type: ignore[no-untyped-call]
    return sentinel.master_for(found.master, **found.options, **options)  # type: ignore[no-any-return, no-untyped-call]


@cache
def async_redis() -> redis_asyncio.Redis:
    """The process's Redis client for its event loop. Whoever finds every connection busy waits for one."""
    options = {**_OPTIONS, "retry": AsyncRetry(NoBackoff(), 1, supported_errors=(NoConnection,))}
    found = sentinels(settings.REDIS_URL)
    if found is None:
        pool = redis_asyncio.BlockingConnectionPool.from_url(
            settings.REDIS_URL, max_connections=_CONNECTIONS, timeout=TIMEOUT_SECONDS, **options
        )
        return redis_asyncio.Redis(connection_pool=pool)
    sentinel = redis_asyncio.Sentinel(list(found.addresses), sentinel_kwargs=found.sentinel_options)  # type: ignore[no-untyped-call]
    return sentinel.master_for(found.master, **found.options, **options)  # type: ignore[no-any-return]


def require_redis() -> None:
    """Return when Redis answers.

    Raises:
        redis.RedisError: it is away.
    """
    outage.check()
    try:
        sync_redis().ping()
    except Exception as error:
        outage.failed(error)
        raise
    outage.answered()


class Script:
    """A Lua script for the event loop. Calls made in the same turn of the loop share one round trip.

    Args:
        source: the script's text.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, keys: Sequence[str], args: Sequence[str | int | float]) -> Any:
        """Run the script.

        Raises:
            redis.RedisError: Redis is away, or the script failed.
        """
        try:
            return await ask("EVALSHA", self._sha, len(keys), *keys, *args)
        except NoScriptError:
            # Redis has restarted since the script was loaded.
            return await ask("EVAL", self.source, len(keys), *keys, *args)


class _Pipeline:
    """Collects the commands of one turn of the event loop into one round trip."""

    def __init__(self) -> None:
        self._waiting: list[tuple[tuple[Any, ...], asyncio.Future[Any]]] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._is_due = False

    async def call(self, *command: Any) -> Any:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((command, answer))
        if not self._is_due:
            self._is_due = True
            loop.call_soon(self._flush)
        return await answer

    def _flush(self) -> None:
        self._is_due = False
        while self._waiting and len(self._sending) < _ROUND_TRIPS:
            batch, self._waiting = self._waiting[:_ROUND_TRIP_COMMANDS], self._waiting[_ROUND_TRIP_COMMANDS:]
            task = asyncio.ensure_future(self._send(batch))
            self._sending.add(task)
            task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._flush()

    async def _send(self, batch: list[tuple[tuple[Any, ...], asyncio.Future[Any]]]) -> None:
        results: Sequence[Any]
        try:
            outage.check()
            results = await self._execute([command for command, _ in batch])
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

    async def _execute(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        pipeline = async_redis().pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            results = await pipeline.execute(raise_on_error=False)
        except Exception as error:
            outage.failed(error)
            raise
        outage.answered()
        return results


_pipeline = _Pipeline()


async def ask(*command: Any) -> Any:
    """Ask Redis one thing in the event loop; what is asked in the same turn of the loop shares one round trip.

    Raises:
        redis.RedisError: Redis is away, or refused.
    """
    return await _pipeline.call(*command)

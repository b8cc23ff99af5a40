"""Counts that all processes share and that heal when one dies: viewers of a room, connections of a user.

Each process states its own absolute count under each key and beats its heart; a total is the sum over
the processes whose heart beats. Nothing is written per join but one number, and a process that was
killed is left out after `DEAD_AFTER_SECONDS`.
"""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from secrets import token_hex

from redis.exceptions import RedisError

from gateway.redis_clients import Script, async_redis, sync_redis

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
DEAD_AFTER_SECONDS = 10.0
PROCESSES = "processes"
# States are repeated this often, so that a Redis that lost its data knows them again.
_RESTATE_BEATS = 5
_KEY_SECONDS = 60
_SETTLE_SECONDS = 0.1

# KEYS: tally, processes. ARGV: process, its count, limit or -1, now. Returns the total, or -1 when it
# would exceed the limit, in which case nothing changes.
_STATE = Script(
    """
local others = 0
for i, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if field ~= ARGV[1] then
    local alive = tonumber(redis.call('ZSCORE', KEYS[2], field) or 0) > tonumber(ARGV[4])
    if alive then others = others + redis.call('HGET', KEYS[1], field)
    else redis.call('HDEL', KEYS[1], field) end
  end
end
local total = others + ARGV[2]
if tonumber(ARGV[3]) >= 0 and total > tonumber(ARGV[3]) then return -1 end
if tonumber(ARGV[2]) > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('EXPIRE', KEYS[1], 60)
else redis.call('HDEL', KEYS[1], ARGV[1]) end
return total
"""
)


class Presence:
    """This process's counts and its heartbeat.

    Attributes:
        process: this process's name in the cluster.
    """

    def __init__(self) -> None:
        self.process = f"{socket.gethostname()}.{os.getpid()}.{token_hex(3)}"
        self._counts: dict[str, int] = {}
        self._dirty: set[str] = set()
        self._settling: asyncio.Task[None] | None = None
        self.on_total: Callable[[str, int], None] = lambda key, total: None
        # Called when Redis has forgotten this process, and so all it was told.
        self.on_forgotten: Callable[[], None] = lambda: None

    async def enter(self, key: str, limit: int) -> bool:
        """Count one more of `key` here, unless the cluster's total would exceed `limit`.

        Returns:
            Whether it was counted. When Redis is away, this process's own count decides.
        """
        # The count is raised before Redis is asked, so that two who enter together count each other.
        count = self.local(key) + 1
        self._remember(key, count)
        try:
            entered = await self._state(key, count, limit) >= 0
        except RedisError:
            entered = count <= limit
            self._dirty.add(key)
        except BaseException:
            self.leave(key)
            raise
        if not entered:
            # Stated again, because another statement may have carried the count that is taken back.
            self.leave(key)
        return entered

    def leave(self, key: str) -> None:
        """Count one less of `key` here. Never waits."""
        self.state(key, max(0, self.local(key) - 1))

    async def fits(self, key: str, count: int, limit: int) -> bool:
        """State this process's `count` of `key`, unless the cluster's total would exceed `limit`."""
        try:
            return await self._state(key, count, limit) >= 0
        except RedisError:
            return count <= limit

    def state(self, key: str, count: int) -> None:
        """State this process's `count` of `key` soon, together with others. Never waits."""
        self._remember(key, count)
        self._dirty.add(key)
        if self._settling is None:
            self._settling = asyncio.ensure_future(self._settle())

    def restate(self) -> None:
        """State every count again soon, as when Redis may have lost them. Never waits."""
        for key, count in list(self._counts.items()):
            self.state(key, count)

    def local(self, key: str) -> int:
        """This process's own count of `key`."""
        return self._counts.get(key, 0)

    async def totals(self, keys: Iterable[str]) -> list[int]:
        """The cluster's totals of `keys`; a dead process counts nothing."""
        return await asyncio.gather(*(self._total(key) for key in keys))

    async def beat(self) -> None:
        """Show that this process lives, now and every `BEAT_SECONDS`, and repeat its counts now and then."""
        beats = 0
        while True:
            try:
                now = time.time()
                client = async_redis()
                is_new = await client.zadd(PROCESSES, {self.process: now + DEAD_AFTER_SECONDS})
                await client.zremrangebyscore(PROCESSES, "-inf", now - 3600)
                if is_new or beats % _RESTATE_BEATS == 0:
                    self._dirty.update(self._counts)
                if is_new and beats:
                    self.on_forgotten()
                await self._state_dirty()
                beats += 1
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("no heartbeat: %s", type(error).__name__)
                # A Redis that was away may have lost its data: the next beat states everything.
                beats = 0
            await asyncio.sleep(BEAT_SECONDS)

    async def stop(self) -> None:
        """Leave the cluster: this process's counts count no more, and others find what it leaves."""
        try:
            await async_redis().zadd(PROCESSES, {self.process: time.time()})
        except (RedisError, OSError, TimeoutError):
            log.debug("Redis did not take the farewell; the heartbeat runs out by itself")

    def _remember(self, key: str, count: int) -> None:
        if count:
            self._counts[key] = count
        else:
            self._counts.pop(key, None)

    async def _total(self, key: str) -> int:
        return int(await self._state(key, self.local(key), -1))

    async def _state(self, key: str, count: int, limit: int) -> int:
        return int(await _STATE([_tally(key), PROCESSES], [self.process, count, limit, time.time()]))

    async def _settle(self) -> None:
        # Many joins and leaves of one moment become one statement a key.
        await asyncio.sleep(_SETTLE_SECONDS)
        self._settling = None
        try:
            await self._state_dirty()
        except RedisError:
            log.debug("counts are stated again with a later heartbeat")

    async def _state_dirty(self) -> None:
        dirty, self._dirty = self._dirty, set()
        try:
            totals = await asyncio.gather(*(self._total(key) for key in dirty))
        except RedisError:
            # A count that has come down to nothing is not among those that are repeated.
            self._dirty |= dirty
            raise
        for key, total in zip(dirty, totals, strict=True):
            self.on_total(key, total)


def total(key: str) -> int:
    """The cluster's total of `key`, for threads."""
    return totals([key])[0]


def totals(keys: Sequence[str]) -> list[int]:
    """The cluster's totals of `keys`, in one round trip, for threads."""
    with sync_redis().pipeline(transaction=False) as pipeline:
        pipeline.zrangebyscore(PROCESSES, time.time(), "+inf")
        for key in keys:
            pipeline.hgetall(_tally(key))
        living, *tallies = pipeline.execute()
    alive = set(living)
    return [sum(int(count) for process, count in tally.items() if process in alive) for tally in tallies]


def living_processes() -> list[str]:
    """The names of the processes whose heart beats, in order. For staff commands."""
    return sorted(map(str, sync_redis().zrangebyscore(PROCESSES, time.time(), "+inf")))


def cluster_counts(prefix: str) -> dict[str, dict[str, int]]:
    """Counts by key and process of all living processes, for keys that start with `prefix`. For staff commands."""
    client = sync_redis()
    living = set(client.zrangebyscore(PROCESSES, time.time(), "+inf"))
    counts: dict[str, dict[str, int]] = {}
    for name in client.scan_iter(match=_tally(prefix) + "*", count=1000):
        by_process = {str(process): int(count) for process, count in client.hgetall(name).items() if process in living}
        if by_process:
            counts[name.removeprefix(_tally(""))] = by_process
    return counts


def _tally(key: str) -> str:
    return f"tally:{key}"


presence = Presence()

"""Rate limits in Redis, shared by all processes, by the generic cell rate algorithm (GCRA, ATM Forum TM 4.0).

A bucket of (events, seconds) refills evenly: after a burst of `events`, one more is allowed each
`seconds / events`. When Redis is away, each process falls back to buckets of its own.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from redis.exceptions import RedisError

from gateway.errors import CommandError, ErrorCode
from gateway.redis_clients import Script, ask

log = logging.getLogger(__name__)

_LOCAL_BUCKETS = 50_000


@dataclass(frozen=True, slots=True)
class Bucket:
    """At most `events` in a burst and as many each `seconds`, under `key`; `code` is what a refusal says.

    `cost` is how many events are charged at once, at most `events`.
    """

    key: str
    events: int
    seconds: float
    code: ErrorCode = ErrorCode.RATE_LIMITED
    cost: int = 1


# All buckets are charged, or none. Returns the 1-based index of the bucket that refused and the
# milliseconds to wait, or 0 and 0.
_SPEND = Script(
    """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local arrivals = {}
for i, key in ipairs(KEYS) do
  local events, period, cost = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local interval = period / events * cost
  local arrival = math.max(tonumber(redis.call('GET', key) or 0), now)
  local wait = arrival + interval - period - now
  if wait > 0 then return {i, math.ceil(wait)} end
  arrivals[i] = arrival + interval
end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%d', arrivals[i]), 'PX', math.ceil(arrivals[i] - now) + 1)
end
return {0, 0}
"""
)


async def spend(buckets: Sequence[Bucket], *, shared_only: bool = False) -> None:
    """Charge every bucket, or none when one of them is full.

    Args:
        shared_only: refuse when Redis is away instead of falling back to this process's buckets, as for money.

    Raises:
        CommandError: the full bucket's code, with the seconds to wait and the limit that was hit;
            `unavailable` when only shared buckets will do and Redis is away.
    """
    if not settings.GATEWAY_LIMITS_ENABLED or not buckets:
        return
    args: list[float] = []
    for bucket in buckets:
        args += [bucket.events, bucket.seconds * 1000, bucket.cost]
    try:
        refused, wait = await _SPEND([f"limit:{bucket.key}" for bucket in buckets], args)
    except RedisError as error:
        if shared_only:
            raise CommandError(ErrorCode.UNAVAILABLE, retry_after=1.0) from error
        refused, wait = _spend_locally(buckets)
    if refused:
        bucket = buckets[refused - 1]
        raise CommandError(
            bucket.code,
            retry_after=max(wait / 1000, 0.1),
            limits={"events": bucket.events, "seconds": bucket.seconds},
        )


async def forget(buckets: Sequence[Bucket]) -> None:
    """Empty buckets, as after a right password."""
    for bucket in buckets:
        _local.pop(bucket.key, None)
    with suppress(RedisError):
        await ask("DEL", *(f"limit:{bucket.key}" for bucket in buckets))


def rate(name: str, key: str) -> list[Bucket]:
    """The buckets of the limit called `name` in `settings.GATEWAY_RATE_LIMITS`, for `key`."""
    return [
        Bucket(f"{name}:{seconds:g}:{key}", events, seconds) for events, seconds in settings.GATEWAY_RATE_LIMITS[name]
    ]


def address_key(address: str) -> str:
    """What an address is limited by: itself, or the /64 of an IPv6 address, which one household holds."""
    try:
        ip = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return ip.exploded[:19]
    return str(ip)


_local: OrderedDict[str, float] = OrderedDict()


def _spend_locally(buckets: Sequence[Bucket]) -> tuple[int, float]:
    now = time.monotonic() * 1000
    arrivals = []
    for index, bucket in enumerate(buckets, 1):
        period = bucket.seconds * 1000
        interval = period / bucket.events * bucket.cost
        arrival = max(_local.get(bucket.key, 0.0), now)
        wait = arrival + interval - period - now
        if wait > 0:
            return index, wait
        arrivals.append(arrival + interval)
    for bucket, arrival in zip(buckets, arrivals, strict=True):
        _local[bucket.key] = arrival
        _local.move_to_end(bucket.key)
    while len(_local) > _LOCAL_BUCKETS:
        _local.popitem(last=False)
    return 0, 0.0

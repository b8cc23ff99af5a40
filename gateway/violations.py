"""A refusal by a limit is a violation; who collects too many is closed, and kept out for a while.

Violations are counted in Redis, for a user or for an address: `GATEWAY_VIOLATIONS_ALLOWED` within
`GATEWAY_VIOLATION_SECONDS` keep it out for `GATEWAY_BLOCK_SECONDS`, twice as long each further time, up to
`GATEWAY_LONGEST_BLOCK_SECONDS`. Each is also handed to `GATEWAY_VIOLATION_NOTER`, so that moderators see it. While
Redis is away nobody is kept out: limits still hold, process by process.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string
from redis.exceptions import RedisError

from gateway.database import in_database
from gateway.errors import CommandError, ErrorCode
from gateway.limits import address_key
from gateway.redis_clients import Script, ask

log = logging.getLogger(__name__)

# The refusals that are violations; the others are rules of a stream or mistakes.
CODES = frozenset({ErrorCode.RATE_LIMITED, ErrorCode.CONNECTION_LIMIT, ErrorCode.TOO_MANY_ROOMS})
# More than these wait for the database only while it is away; then the oldest are forgotten.
_MOST_WAITING = 10_000

# KEYS: times, blocks, block. ARGV: allowed, window, first block, longest block; in milliseconds. Returns for how long
# the subject is kept out now, or 0.
_NOTE = Script(
    """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local allowed = tonumber(ARGV[1])
redis.call('LPUSH', KEYS[1], string.format('%d', now))
redis.call('LTRIM', KEYS[1], 0, allowed - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
local first = redis.call('LINDEX', KEYS[1], allowed - 1)
if not first or now - first > tonumber(ARGV[2]) then return 0 end
local block = math.min(ARGV[3] * 2 ^ (redis.call('INCR', KEYS[2]) - 1), tonumber(ARGV[4]))
redis.call('PEXPIRE', KEYS[2], string.format('%d', block + ARGV[4]))
redis.call('SET', KEYS[3], '1', 'PX', string.format('%d', block))
redis.call('DEL', KEYS[1])
return block
"""
)


@dataclass(frozen=True, slots=True)
class Violation:
    """One refusal by a limit.

    Attributes:
        user_id: who was refused; empty when only the address was known.
        address: where from.
        code: why, as clients are told.
        event: the command that was refused; `connect` for a connection.
        blocked_seconds: for how long this one kept the user or the address out; 0 for most.
    """

    user_id: str
    address: str
    code: str
    event: str
    blocked_seconds: float
    at: datetime


Noter = Callable[[Sequence[Violation]], None]
_waiting: deque[Violation] = deque(maxlen=_MOST_WAITING)


async def note(error: CommandError, *, address: str, event: str, user_id: str = "") -> float:
    """Count a refusal against the user, or against the address when nobody is known.

    Returns:
        For how many seconds the user or the address is kept out from now on; 0 when it is not.
    """
    if error.code not in CODES or not settings.GATEWAY_LIMITS_ENABLED:
        return 0.0
    seconds = await _count(_subject(user_id, address))
    _waiting.append(Violation(user_id, address, str(error.code), event, seconds, datetime.now(UTC)))
    return seconds


async def require_welcome(*, address: str = "", user_id: str = "") -> None:
    """Refuse a user or an address that is kept out.

    Raises:
        CommandError: `rate_limited`, with the seconds until it may come back.
    """
    if not settings.GATEWAY_LIMITS_ENABLED:
        return
    try:
        left = int(await ask("PTTL", f"blocked:{_subject(user_id, address)}"))
    except RedisError:
        return
    if left > 0:
        raise CommandError(ErrorCode.RATE_LIMITED, retry_after=left / 1000)


async def flush() -> None:
    """Hand on what was counted since the last time."""
    if not _waiting:
        return
    violations = list(_waiting)
    _waiting.clear()
    try:
        await in_database(_noter(), violations)
    except (CommandError, asyncio.CancelledError):
        _waiting.extendleft(reversed(violations))
        raise


@cache
def _noter() -> Noter:
    return cast(Noter, import_string(settings.GATEWAY_VIOLATION_NOTER))


def _subject(user_id: str, address: str) -> str:
    return f"user:{user_id}" if user_id else f"address:{address_key(address)}"


async def _count(subject: str) -> float:
    args = [
        settings.GATEWAY_VIOLATIONS_ALLOWED,
        int(settings.GATEWAY_VIOLATION_SECONDS * 1000),
        int(settings.GATEWAY_BLOCK_SECONDS * 1000),
        int(settings.GATEWAY_LONGEST_BLOCK_SECONDS * 1000),
    ]
    try:
        block = await _NOTE([f"violations:{subject}", f"blocks:{subject}", f"blocked:{subject}"], args)
    except RedisError:
        return 0.0
    return int(block) / 1000

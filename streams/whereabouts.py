"""Which streams a user is in, over all processes: what a process's sockets are in, it says again every few seconds."""

import asyncio
import time
from collections.abc import Iterable

from redis.exceptions import RedisError

from gateway.hub import hub
from gateway.redis_clients import Script, ask, sync_redis
from streams.rooms import StreamRooms

RESTATE_SECONDS = 20.0
_BELIEVED_SECONDS = 60
_CHUNK = 500
_KNOWN = Script("return redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf')")


async def note(user_id: str, stream_id: str) -> None:
    """Note that a user is in a stream. Raises `RedisError` when Redis is away; it is noted again soon."""
    await _note([(user_id, stream_id)])


async def restate() -> None:
    """Say again where the users of this process's sockets are."""
    places = {
        (connection.identity.user_id, room.key)
        for connection in list(hub.connections.values())
        for room in connection.rooms
        if room.kind == StreamRooms.name
    }
    rest = sorted(places)
    for start in range(0, len(rest), _CHUNK):
        await _note(rest[start : start + _CHUNK])


def forget(user_id: str, stream_id: str) -> None:
    """Note that a user has left a stream. Another device of theirs that stays says so itself. For threads."""
    sync_redis().zrem(_key(user_id), stream_id)


async def known(user_id: str) -> set[str]:
    """The streams the user is in on any process; none when Redis is away."""
    try:
        return set(await _KNOWN([_key(user_id)], [time.time()]))
    except RedisError:
        return set()


def streams_of(user_ids: Iterable[int]) -> dict[int, list[str]]:
    """The streams each of the users is in. For threads, and outside of transactions."""
    wanted = list(user_ids)
    with sync_redis().pipeline(transaction=False) as pipeline:
        for user_id in wanted:
            pipeline.zrangebyscore(_key(str(user_id)), time.time(), "+inf")
        found = pipeline.execute() if wanted else []
    return {user_id: sorted(streams, key=int) for user_id, streams in zip(wanted, found, strict=True)}


async def _note(places: Iterable[tuple[str, str]]) -> None:
    until = time.time() + _BELIEVED_SECONDS
    commands = [
        command
        for user_id, stream_id in places
        for command in (("ZADD", _key(user_id), until, stream_id), ("EXPIRE", _key(user_id), _BELIEVED_SECONDS))
    ]
    await asyncio.gather(*(ask(*command) for command in commands))


def _key(user_id: str) -> str:
    return f"whereabouts:{user_id}"

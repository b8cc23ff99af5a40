"""Whether users are online, idle or offline, all devices of all processes taken together.

Each process states how many active and idle devices of a user it has; a user is online while a living process has an
active one, idle while there are only idle ones. A device that drops is counted for a few seconds more, so that one
that comes back soon is not noticed. What a dead process stated counts no more, and another process tells its users'
watchers. A change is told to the room `presence:{userId}`.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, Literal, cast

import msgspec
from django.conf import settings
from django.utils.module_loading import import_string
from redis.exceptions import RedisError

from gateway.bus import RoomEvent, publish_pipeline
from gateway.connection import Connection
from gateway.database import in_database
from gateway.errors import CommandError, ErrorCode
from gateway.events import Delivery, PresenceChanged, finish, iso_of
from gateway.presence import DEAD_AFTER_SECONDS, PROCESSES, presence
from gateway.redis_clients import Script, async_redis, sync_redis
from gateway.rooms import Room, RoomKind, register

log = logging.getLogger(__name__)

State = Literal["online", "idle", "offline"]
# A device that drops is counted this long, in which it may come back.
GRACE_SECONDS = 5.0
_SETTLE_SECONDS = 0.1
_RESTATE_SECONDS = 30.0
_CHUNK = 500

# KEYS: devices, processes, state. ARGV: process, its active devices, its idle ones, now. Returns the state and the
# one before.
_STATE = Script(
    """
if ARGV[2] == '0' and ARGV[3] == '0' then redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ':' .. ARGV[3])
  redis.call('EXPIRE', KEYS[1], 600)
end
local state = 'offline'
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local own = fields[i] == ARGV[1]
  if own or tonumber(redis.call('ZSCORE', KEYS[2], fields[i]) or 0) > tonumber(ARGV[4]) then
    if string.sub(fields[i + 1], 1, 2) ~= '0:' then state = 'online'
    elseif state == 'offline' then state = 'idle' end
  else redis.call('HDEL', KEYS[1], fields[i]) end
end
local before = redis.call('GET', KEYS[3]) or 'offline'
if state == 'offline' then redis.call('DEL', KEYS[3]) else redis.call('SET', KEYS[3], state, 'EX', 600) end
return {state, before}
"""
)


class LastSeen(msgspec.Struct, frozen=True):
    """When a session had its last device, in seconds since the epoch."""

    id: str
    at: float


@cache
def _note_last_seen() -> Callable[[Sequence[LastSeen]], None]:
    return cast(Callable[[Sequence[LastSeen]], None], import_string(settings.GATEWAY_LAST_SEEN_NOTER))


def presence_room(user_id: str) -> Room:
    """The room of those who follow whether a user is online."""
    return Room(PresenceRooms.name, user_id)


@register
class PresenceRooms(RoomKind):
    """`presence:{userId}`: by `presence:watch`, for everybody who is signed in. It tells whether, not where."""

    name = "presence"

    def authorize(self, identity: object, key: str) -> None:
        """Whoever is signed in may watch."""


class UserPresence:
    """The devices of this process, and what is told of their users."""

    def __init__(self) -> None:
        # By user and connection, whether it is idle.
        self._devices: dict[str, dict[str, bool]] = {}
        # The sessions of each user here, by connection.
        self._sessions: dict[str, str] = {}
        self._dirty: set[str] = set()
        self._seen: dict[str, LastSeen] = {}
        self._settling: asyncio.Task[None] | None = None
        self._restated = 0.0
        self._looked = 0.0

    def arrived(self, connection: Connection) -> None:
        """A device has connected, and is active. Never waits."""
        identity = connection.identity
        self._devices.setdefault(identity.user_id, {})[connection.id] = False
        self._sessions[connection.id] = identity.session_id
        self._touch(identity.user_id)

    def set_idle(self, connection: Connection, is_idle: bool) -> None:
        """A device says whether its user is about. Never waits."""
        devices = self._devices.get(connection.identity.user_id, {})
        if devices.get(connection.id, is_idle) != is_idle:
            devices[connection.id] = is_idle
            self._touch(connection.identity.user_id)

    def left(self, connection: Connection) -> None:
        """A device is gone; it counts for a while yet. Never waits."""
        identity = connection.identity
        self._seen[identity.session_id] = LastSeen(identity.session_id, time.time())
        loop = asyncio.get_running_loop()
        loop.call_later(GRACE_SECONDS, self._remove, identity.user_id, connection.id)

    def restate(self) -> None:
        """State all users of this process again soon, as when Redis may have lost them. Never waits."""
        self._restated = time.monotonic()
        for user_id in self._devices:
            self._touch(user_id)

    async def look(self) -> None:
        """What is due now and then: state again, note who was last seen when, and reap dead processes."""
        now = time.monotonic()
        # A process that stood still for so long was taken for dead.
        if now - self._restated > _RESTATE_SECONDS or now - self._looked > DEAD_AFTER_SECONDS / 2:
            self.restate()
        self._looked = now
        if self._dirty:
            self._settle_soon()
        await self.flush()
        if await async_redis().set("presence:reaping", presence.process, nx=True, px=1500):
            await self._reap()

    async def flush(self) -> None:
        """Write down when sessions were last seen."""
        if self._seen:
            seen, self._seen = self._seen, {}
            try:
                await in_database(_note_last_seen(), list(seen.values()))
            except CommandError:
                self._seen = seen | self._seen
                raise

    def _remove(self, user_id: str, connection_id: str) -> None:
        devices = self._devices.get(user_id, {})
        devices.pop(connection_id, None)
        self._sessions.pop(connection_id, None)
        if not devices:
            self._devices.pop(user_id, None)
        self._touch(user_id)

    def _touch(self, user_id: str) -> None:
        self._dirty.add(user_id)
        self._settle_soon()

    def _settle_soon(self) -> None:
        if self._settling is None:
            self._settling = asyncio.ensure_future(self._settle())

    async def _settle(self) -> None:
        # Many changes of one moment become one statement a user.
        await asyncio.sleep(_SETTLE_SECONDS)
        self._settling = None
        users, self._dirty = self._dirty, set()
        try:
            await self._remember(users)
            await self.evaluate(users, time.time() - GRACE_SECONDS)
        except (RedisError, OSError, TimeoutError, CommandError) as error:
            log.debug("users are stated again later: %s", type(error).__name__)
            self._dirty |= users

    async def _remember(self, users: Iterable[str]) -> None:
        """Keep whose devices are here where another process finds them when this one is dead."""
        here = [user_id for user_id in users if user_id in self._devices]
        gone = [user_id for user_id in users if user_id not in self._devices]
        async with async_redis().pipeline(transaction=False) as pipeline:
            for start in range(0, len(here), _CHUNK):
                pairs: dict[Any, Any] = {user_id: self._session_of(user_id) for user_id in here[start : start + _CHUNK]}
                pipeline.hset(_present(presence.process), mapping=pairs)
            if gone:
                pipeline.hdel(_present(presence.process), *gone)
            pipeline.expire(_present(presence.process), 24 * 3600)
            await pipeline.execute()

    def _session_of(self, user_id: str) -> str:
        return " ".join({self._sessions[connection_id] for connection_id in self._devices[user_id]})

    async def evaluate(self, users: Iterable[str], last_seen: float) -> None:
        """State this process's devices of `users`, and tell the watchers of those whose state has changed by that."""
        asked = list(users)
        answers = await asyncio.gather(*(self._state(user_id) for user_id in asked))
        changes = [
            _change(user_id, state, last_seen)
            for user_id, (state, before) in zip(asked, answers, strict=True)
            if state != before
        ]
        if changes:
            await in_database(publish_pipeline, changes)

    async def _state(self, user_id: str) -> tuple[State, State]:
        idle = list(self._devices.get(user_id, {}).values())
        counts = idle.count(False), idle.count(True)
        state, before = await _STATE(
            [_devices_key(user_id), PROCESSES, _state_key(user_id)], [presence.process, *counts, time.time()]
        )
        return state, before

    async def _reap(self) -> None:
        """Tell the watchers of users whose process has died, unless they are elsewhere by now."""
        client: Any = async_redis()
        dead = await client.zrangebyscore(PROCESSES, "-inf", time.time() - GRACE_SECONDS, withscores=True)
        for process, until in dead:
            died = float(until) - DEAD_AFTER_SECONDS
            sessions: dict[str, str] = await client.hgetall(_present(process))
            users = list(sessions)
            for start in range(0, len(users), _CHUNK):
                chunk = users[start : start + _CHUNK]
                seen = [LastSeen(session, died) for user_id in chunk for session in sessions[user_id].split()]
                await in_database(_note_last_seen(), seen)
                await self.evaluate(chunk, died)
                await client.hdel(_present(process), *chunk)
            await client.zremrangebyscore(PROCESSES, until, until)


def _change(user_id: str, state: State, last_seen: float) -> RoomEvent:
    event = PresenceChanged(user_id=user_id, state=state, last_seen=iso_of(last_seen) if state == "offline" else None)
    event_id, body = finish(event)
    return RoomEvent(
        room=presence_room(user_id).wire, name="presence:changed", body=body, delivery=Delivery.VOLATILE, id=event_id
    )


def states(user_ids: Sequence[str]) -> dict[str, State]:
    """The state of each user. For threads.

    Raises:
        CommandError: `unavailable`, when Redis is away.
    """
    if not user_ids:
        return {}
    try:
        found = sync_redis().mget([_state_key(user_id) for user_id in user_ids])
    except RedisError as error:
        raise CommandError(ErrorCode.UNAVAILABLE, retry_after=1.0) from error
    return {user_id: cast(State, state or "offline") for user_id, state in zip(user_ids, found, strict=True)}


def _devices_key(user_id: str) -> str:
    return f"devices:{user_id}"


def _state_key(user_id: str) -> str:
    return f"presence:{user_id}"


def _present(process: str) -> str:
    return f"present:{process}"


user_presence = UserPresence()

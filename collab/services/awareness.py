"""Awareness: who is where in the text. What clients say of themselves is passed on, and kept for who comes next."""

import time

import msgspec
from redis.exceptions import RedisError

from collab.events import AwarenessShared
from collab.rooms import session_room
from collab.yjs.messages import State, write_awareness
from gateway.identity import Identity
from gateway.publish import publish
from gateway.redis_clients import sync_redis

# Clients of y-protocols repeat their state within 15 seconds, and forget who has not for 30.
_BELIEVED_SECONDS = 35
_MAX_STATE_BYTES = 8 * 1024


class _Kept(msgspec.Struct):
    """What a client said of itself last."""

    user_id: str
    at: float
    clock: int
    value: dict[str, object]


_decode = msgspec.json.Decoder(_Kept).decode


def share(*, identity: Identity, session_id: str, state: State) -> None:
    """Tell the room what a client says of itself, with its user's true id and name in it.

    Nothing is told when the state is too large, or when the client's id is another user's.

    Raises:
        redis.RedisError: Redis is away.
    """
    value = state.value
    if value is not None:
        shown = value.get("user")
        user = {**(shown if isinstance(shown, dict) else {}), "id": identity.user_id, "name": identity.username}
        value = {**value, "user": user}
        if len(msgspec.json.encode(value)) > _MAX_STATE_BYTES:
            return
    if _keep(identity.user_id, session_id, State(state.client_id, state.clock, value)):
        _tell(identity.user_id, session_id, State(state.client_id, state.clock, value))


def others(session_id: str) -> bytes | None:
    """What the clients in a session have said of themselves, as an awareness update; `None` when nobody has."""
    try:
        entries = sync_redis().hgetall(_key(session_id))
    except RedisError:
        return None
    kept = {int(client): _decode(entry) for client, entry in entries.items()}
    oldest = time.time() - _BELIEVED_SECONDS
    states = [State(client, entry.clock, entry.value) for client, entry in kept.items() if entry.at > oldest]
    return write_awareness(states) if states else None


def _keep(user_id: str, session_id: str, state: State) -> bool:
    """Keep a client's state, or forget one that has gone; returns whether it is its user's to tell."""
    redis, key = sync_redis(), _key(session_id)
    before = redis.hget(key, str(state.client_id))
    if before is not None:
        entry = _decode(before)
        if entry.user_id != user_id and entry.at > time.time() - _BELIEVED_SECONDS:
            return False
    if state.value is None:
        redis.hdel(key, str(state.client_id))
        return True
    entry = _Kept(user_id, time.time(), state.clock, state.value)
    with redis.pipeline(transaction=False) as pipeline:
        pipeline.hset(key, str(state.client_id), msgspec.json.encode(entry))
        pipeline.expire(key, _BELIEVED_SECONDS)
        pipeline.execute()
    return True


def _tell(user_id: str, session_id: str, state: State) -> None:
    event = AwarenessShared(message=write_awareness([state]), session_id=session_id, user_id=user_id)
    publish(session_room(session_id), event)


def _key(session_id: str) -> str:
    return f"collab:{session_id}:awareness"

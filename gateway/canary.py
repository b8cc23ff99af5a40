"""A question that is sent round a process, and comes back when the process is well."""

from contextlib import suppress

from redis.exceptions import RedisError

from gateway.redis_clients import ask, sync_redis

_SECONDS = 30


async def answer(process: str, name: str) -> None:
    """Let the canary called `name` come back from this process."""
    with suppress(RedisError):
        await ask("SET", _key(process, name), 1, "EX", _SECONDS)


def has_answered(process: str, name: str) -> bool:
    """Whether a process has answered the canary called `name`."""
    return bool(sync_redis().exists(_key(process, name)))


def _key(process: str, name: str) -> str:
    return f"canary:{name}:{process}"

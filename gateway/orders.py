"""What one process is told by its name: to stop, or to say that it is well."""

from contextlib import suppress

from redis.exceptions import RedisError

from gateway.bus import ProcessCanary, ProcessStop, process_room, tell_process
from gateway.redis_clients import ask, sync_redis

_ANSWER_SECONDS = 30


def stop_process(process: str) -> bool:
    """Tell a process to stop as if it had got SIGTERM; returns whether it has heard."""
    return tell_process(process, ProcessStop(room=process_room(process).wire))


def send_canary(process: str, name: str) -> bool:
    """Ask a process whether it is well; returns whether it has heard, and `has_answered` whether it is."""
    return tell_process(process, ProcessCanary(room=process_room(process).wire, name=name))


async def answer_canary(process: str, name: str) -> None:
    """Let the canary called `name` come back from this process."""
    with suppress(RedisError):
        await ask("SET", _canary(process, name), 1, "EX", _ANSWER_SECONDS)


def has_answered(process: str, name: str) -> bool:
    """Whether a process has answered the canary called `name`."""
    return bool(sync_redis().exists(_canary(process, name)))


def _canary(process: str, name: str) -> str:
    return f"canary:{name}:{process}"

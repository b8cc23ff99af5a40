"""The breaker between us and a provider. Its state is in Redis, so that all processes know what one has found out."""

from functools import cache

from django.conf import settings
from pybreaker import STATE_CLOSED, CircuitBreaker, CircuitRedisStorage

from gateway.redis_clients import bytes_redis


@cache
def breaker_of(provider: str) -> CircuitBreaker:
    """This process's hold of the breaker of the provider called so.

    `MODERATION_SECOND_LOOK_FAILURES` requests in a row that fail open it. `MODERATION_SECOND_LOOK_PAUSE_SECONDS` later
    one is let through, which closes it or leaves it open as long again.
    """
    return CircuitBreaker(
        fail_max=settings.MODERATION_SECOND_LOOK_FAILURES,
        reset_timeout=settings.MODERATION_SECOND_LOOK_PAUSE_SECONDS,
        state_storage=CircuitRedisStorage(STATE_CLOSED, bytes_redis(), namespace=f"second_look:{provider}"),
        throw_new_error_on_trip=False,
    )


def is_closed(breaker: CircuitBreaker) -> bool:
    """Whether requests go through."""
    return breaker.current_state == STATE_CLOSED

"""A provider for each test, a server that wants a second look at every message, and nothing left of other tests."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager

import pytest
from django.test import override_settings
from django.utils import timezone

from gateway.database import in_database
from gateway.redis_clients import sync_redis
from gateway.testing_servers import ServerProcess, server_process
from moderation.models import Look, Outage
from moderation.second_look.breaker import breaker_of
from tests.conftest import SERVER_ENVIRONMENT
from tests.second_look.elsewhere import KEY, Elsewhere, elsewhere

PROVIDER = "webhook"
Configure = Callable[..., AbstractContextManager[None]]


@pytest.fixture
async def provider() -> AsyncIterator[Elsewhere]:
    async with elsewhere() as provider:
        yield provider


@pytest.fixture(scope="session")
async def looking() -> AsyncIterator[ServerProcess]:
    """A server whose messages are all looked at again. It asks nobody: that is for workers."""
    environment = {
        "MODERATION_SECOND_LOOK_PROVIDER": PROVIDER,
        "MODERATION_SECOND_LOOK_URL": "http://127.0.0.1:1/",
        "MODERATION_SECOND_LOOK_KEY": KEY,
        "MODERATION_SECOND_LOOK_FROM_SCORE": "0",
    }
    async with server_process(env={**SERVER_ENVIRONMENT, **environment}) as server:
        yield server


@pytest.fixture
async def asking(provider: Elsewhere) -> AsyncIterator[None]:
    """This process is a worker that asks the provider."""
    await in_database(_forget)
    with override_settings(
        MODERATION_SECOND_LOOK_PROVIDER=PROVIDER,
        MODERATION_SECOND_LOOK_URL=provider.address(PROVIDER),
        MODERATION_SECOND_LOOK_KEY=KEY,
        MODERATION_SECOND_LOOK_SECONDS=10,
    ):
        breaker_of.cache_clear()
        yield
    await in_database(_forget)
    breaker_of.cache_clear()


def _forget() -> None:
    Look.objects.filter(decided_at__isnull=True).update(decided_at=timezone.now())
    Outage.objects.filter(ended_at__isnull=True).update(ended_at=timezone.now())
    for key in sync_redis().scan_iter("second_look:*"):
        sync_redis().delete(key)

"""What the kernel's tests share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.kernel import Kernel, open_kernel
from tests.gateway.own_redis import OwnRedis, own_redis


@pytest.fixture
async def redis_of_our_own(tmp_path: Path) -> AsyncIterator[OwnRedis]:
    """A Redis no other test uses."""
    async with own_redis(tmp_path) as server:
        yield server


@pytest.fixture
async def kernel(redis_of_our_own: OwnRedis) -> AsyncIterator[Kernel]:
    """The hub, bus and channel layer in this event loop."""
    async with open_kernel(redis_of_our_own) as kernel:
        yield kernel

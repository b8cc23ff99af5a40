"""What the fault tests share: servers on a Redis of their own, people, and the table's line.

Those that are marked `faults` run by `make faults` alone and are held to the promised times. The others also run among
all tests, beside which no time can be promised: they wait for what must come, and print how long it took. None of them
may have a Redis of its own: the servers of other tests share PostgreSQL, and sweep what it left into theirs.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from gateway.testing import ServerProcess, server_process
from tests.conftest import SERVER_ENVIRONMENT
from tests.faults.report import Report
from tests.gateway.own_redis import OwnRedis, own_redis
from tests.people import Person, make_people

ENVIRONMENT = {**SERVER_ENVIRONMENT, "DJANGO_SETTINGS_MODULE": "tests.faults.settings"}
OpenServers = Callable[..., AbstractAsyncContextManager[list[ServerProcess]]]


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[OwnRedis]:
    """A Redis this test may do anything to."""
    async with own_redis(tmp_path) as server:
        yield server


@asynccontextmanager
async def open_servers(*redis_urls: str, **environment: str) -> AsyncIterator[list[ServerProcess]]:
    """A production server for each of the Redis addresses, started together."""
    async with AsyncExitStack() as stack:
        yield await asyncio.gather(
            *(
                stack.enter_async_context(
                    server_process("gateway", env={**ENVIRONMENT, **environment, "REDIS_URL": url})
                )
                for url in redis_urls
            )
        )


@pytest.fixture
def people() -> list[Person]:
    """Eight who write, and eight who watch."""
    return make_people(16)


@pytest.fixture
def database_url() -> str:
    """The PostgreSQL of the run."""
    return os.environ["DATABASE_URL"]


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """The test's line in the table."""
    name = request.node.name.removeprefix("test_").replace("_", " ")
    return Report(name, is_held=request.node.get_closest_marker("faults") is not None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with a Redis of their own are for `make faults`, where no other server shares their PostgreSQL."""
    for item in items:
        if Path(__file__).parent in item.path.parents and "redis" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.faults)

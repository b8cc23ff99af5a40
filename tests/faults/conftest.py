"""What the fault tests share: a Redis and a PostgreSQL database of each one's own, people, and the table's line.

Those that are marked `faults` run by `make faults` alone and are held to the promised times. The others also run among
all tests, beside which no time can be promised: they wait for what must come, and print how long it took.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from gateway.testing_servers import ServerProcess, server_process
from tests.conftest import SERVER_ENVIRONMENT
from tests.faults.own_database import own_database
from tests.faults.report import Report
from tests.gateway.kernel import clients_of
from tests.gateway.own_redis import OwnRedis, own_redis
from tests.people import Person, make_people

ENVIRONMENT = {**SERVER_ENVIRONMENT, "DJANGO_SETTINGS_MODULE": "tests.faults.settings"}
OpenServers = Callable[..., AbstractAsyncContextManager[list[ServerProcess]]]


@pytest.fixture(autouse=True)
def database_url() -> Iterator[str]:
    """The PostgreSQL database of this test, which sees no other."""
    with own_database() as url:
        yield url


@pytest.fixture(autouse=True)
async def redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OwnRedis]:
    """The Redis of this test, which may do anything to it."""
    async with own_redis(tmp_path) as server, clients_of(server):
        monkeypatch.setenv("REDIS_URL", server.url)
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
def report(request: pytest.FixtureRequest) -> Report:
    """The test's line in the table."""
    name = request.node.name.removeprefix("test_").replace("_", " ")
    return Report(name, is_held=request.node.get_closest_marker("faults") is not None)

"""One real database and one real Redis for the whole run, also used by the server processes tests start.

Tests leave their rows: servers in other processes must see them, so nothing is rolled back, and each
test works with users and rooms of its own. One that breaks things has a `migrated_database` to itself.
"""

import fcntl
import itertools
import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import redis
from psycopg import sql

from realtime_project.local_services import LocalServiceError, LocalUrls, local_services

PREFIX = "test_realtime_"
MIGRATED = f"{PREFIX}{os.getpid()}_migrated"
DATA = Path(__file__).resolve().parent.parent / ".data" / "test"


@contextmanager
def data_directory() -> Iterator[None]:
    """A data directory no other run uses meanwhile; the lock goes when the run ends, however it ends."""
    if "REALTIME_DATA_DIR" in os.environ:
        yield
        return
    for number in itertools.count(1):
        path = DATA / str(number)
        path.mkdir(parents=True, exist_ok=True)
        with (path / "run.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            os.environ["REALTIME_DATA_DIR"] = str(path)
            yield
            return


@contextmanager
def fresh_database(url: str, purpose: str = "", template: str = "template1") -> Iterator[str]:
    """A new database beside the one at `url`, gone at the end, and those of killed runs with it.

    Args:
        template: the database it is a copy of; nobody may be connected to that.
    """
    name = f"{PREFIX}{os.getpid()}{purpose and f'_{purpose}'}"
    with psycopg.connect(url, autocommit=True) as server:
        for stale in _stale_databases(server):
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(stale)))
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def migrated_database(purpose: str) -> AbstractContextManager[str]:
    """A new database with every table and no rows but those of migrations; its URL."""
    return fresh_database(os.environ["DATABASE_URL"], purpose, MIGRATED)


def _stale_databases(server: psycopg.Connection) -> list[str]:
    rows = server.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        " AND datname NOT IN (SELECT datname FROM pg_stat_activity WHERE datname IS NOT NULL)",
        [PREFIX],
    )
    names = [name for (name,) in rows]
    return [name for name in names if not psutil.pid_exists(int(name.removeprefix(PREFIX).partition("_")[0]))]


def set_up_django(urls: LocalUrls) -> None:
    """Django on the fresh database, migrated, and on an empty Redis."""
    with redis.Redis.from_url(urls.redis) as client:
        client.flushdb()
    os.environ["DJANGO_SETTINGS_MODULE"] = "realtime_project.settings.test"

    import django
    from django.core.management import call_command
    from django.db import connections
    from django.test.utils import setup_test_environment

    django.setup()
    setup_test_environment()
    _stack.callback(connections.close_all)
    call_command("migrate", verbosity=0)
    connections.close_all()


def start() -> None:
    """Bring everything up."""
    # Pytest takes any other exception a signal raises for the failure of one test, and goes on.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _stack.enter_context(data_directory())
    urls = _stack.enter_context(local_services(durable=False)).urls
    database = _stack.enter_context(fresh_database(urls.database))
    os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = database, urls.redis
    set_up_django(urls)
    _stack.enter_context(fresh_database(database, "migrated", urlsplit(database).path[1:]))


def pytest_unconfigure() -> None:
    _stack.close()


# This runs on import, not in a hook, because conftest files of folders below may import models too,
# and pytest imports them before it calls any hook of this file.
_stack = ExitStack()
try:
    start()
except BaseException as error:
    _stack.close()
    if isinstance(error, LocalServiceError):
        raise SystemExit(str(error)) from None
    raise


# --- Servers and people ---------------------------------------------------------------------------

# Imported late: these need Django, which has been set up above.
import asyncio  # noqa: E402
from collections.abc import AsyncIterator, Awaitable, Callable  # noqa: E402
from contextlib import AsyncExitStack  # noqa: E402

import pytest  # noqa: E402

from gateway.testing import LIVE_TRANSPORTS, TRANSPORTS, Transport  # noqa: E402
from gateway.testing_servers import (  # noqa: E402
    SERVER_KINDS,
    ServerKind,
    ServerProcess,
    server_process,
)
from streams.models import Stream  # noqa: E402
from tests.people import Crowd, Person, make_person, make_stream, open_crowd  # noqa: E402

# Tests say where a request comes from, so that they share no limit of an address.
SERVER_ENVIRONMENT = {"TRUSTED_PROXIES": "127.0.0.1"}
StartServer = Callable[[ServerKind, int], Awaitable[ServerProcess]]


@pytest.fixture(scope="session")
async def start_server() -> AsyncIterator[StartServer]:
    """Starts the server of a kind with a number once in the run; asked again, it gives the same."""
    async with AsyncExitStack() as stack:
        running: dict[tuple[ServerKind, int], asyncio.Future[ServerProcess]] = {}

        async def start(kind: ServerKind, number: int) -> ServerProcess:
            if (kind, number) not in running:
                entered = stack.enter_async_context(server_process(kind, env=SERVER_ENVIRONMENT))
                running[kind, number] = asyncio.ensure_future(entered)
            return await running[kind, number]

        yield start


@pytest.fixture(scope="session")
async def servers(start_server: StartServer) -> tuple[ServerProcess, ServerProcess]:
    """Two processes of the production server."""
    one, other = await asyncio.gather(start_server("gateway", 0), start_server("gateway", 1))
    return one, other


@pytest.fixture(params=SERVER_KINDS)
async def server(request: pytest.FixtureRequest, start_server: StartServer) -> ServerProcess:
    """A server of each kind."""
    return await start_server(request.param, 0)


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> Transport:
    """Each way to send a command."""
    return request.param


@pytest.fixture(params=LIVE_TRANSPORTS)
def live_transport(request: pytest.FixtureRequest) -> Transport:
    """Each way to hear events."""
    return request.param


@pytest.fixture
async def crowd() -> AsyncIterator[Crowd]:
    """Opens clients; they leave when the test ends."""
    async with open_crowd() as crowd:
        yield crowd


@pytest.fixture
def alice() -> Person:
    """The host."""
    return make_person("alice")


@pytest.fixture
def bob() -> Person:
    """A viewer."""
    return make_person("bob")


@pytest.fixture
def charlie() -> Person:
    """A stranger."""
    return make_person("charlie")


@pytest.fixture
def mona() -> Person:
    """A moderator everywhere."""
    return make_person("mona", is_moderator=True)


@pytest.fixture
def stream(alice: Person) -> Stream:
    """Alice's live stream."""
    return make_stream(alice)


def pytest_configure(config: pytest.Config) -> None:
    # The stock python-socketio client leaves its HTTP session open when the server refuses or closes it.
    config.addinivalue_line("filterwarnings", "ignore:Unclosed (connection|connector|client session):ResourceWarning")
    # Only production collects static files; Django's test client asks for them on its way in.
    config.addinivalue_line("filterwarnings", "ignore:No directory at:UserWarning")

"""One real database and one real Redis for the whole run, also used by the server processes tests start.

Tests leave their rows: servers in other processes must see them, so nothing is rolled back, and each
test works with users and rooms of its own.
"""

import fcntl
import itertools
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import redis
from psycopg import sql

from realtime_project.local_services import LocalServiceError, LocalUrls, local_services

PREFIX = "test_realtime_"
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
def fresh_database(url: str) -> Iterator[str]:
    """A new database beside the one at `url`, gone at the end, and those of killed runs with it."""
    name = f"{PREFIX}{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as server:
        for stale in _stale_databases(server):
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(stale)))
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _stale_databases(server: psycopg.Connection) -> list[str]:
    rows = server.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        " AND datname NOT IN (SELECT datname FROM pg_stat_activity WHERE datname IS NOT NULL)",
        [PREFIX],
    )
    names = [name for (name,) in rows]
    return [name for name in names if not psutil.pid_exists(int(name.removeprefix(PREFIX)))]


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


def start() -> None:
    """Bring everything up."""
    # Pytest takes any other exception a signal raises for the failure of one test, and goes on.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _stack.enter_context(data_directory())
    urls = _stack.enter_context(local_services(durable=False)).urls
    database = _stack.enter_context(fresh_database(urls.database))
    os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = database, urls.redis
    set_up_django(urls)


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

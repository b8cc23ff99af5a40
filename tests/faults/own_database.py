"""A PostgreSQL database of a test's own, in which this process works too: nobody else sweeps what it leaves."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from weakref import WeakSet

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from tests.conftest import migrated_database

# Each thread has a connection of its own, which no other thread could find.
_opened: WeakSet[BaseDatabaseWrapper] = WeakSet()


@contextmanager
def own_database() -> Iterator[str]:
    """A database with every table; this process and those it starts use it meanwhile. Gives its URL."""
    with migrated_database("faults") as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        patch.setitem(connections.settings["default"], "NAME", urlsplit(url).path[1:])
        _close_in_all_threads()
        try:
            yield url
        finally:
            _close_in_all_threads()


def _remember(connection: BaseDatabaseWrapper, **more: object) -> None:
    _opened.add(connection)


def _close_in_all_threads() -> None:
    connections.close_all()
    for connection in list(_opened):
        connection.inc_thread_sharing()
        connection.close()
        connection.dec_thread_sharing()


connection_created.connect(_remember)

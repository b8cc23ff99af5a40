"""Database work off the event loop: a bounded pool of threads, each with one persistent connection.

asgiref's `thread_sensitive` would put all database work of a process in a single thread.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any, LiteralString, ParamSpec, TypeVar

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from gateway.errors import CommandError, ErrorCode
from gateway.events import encode

P = ParamSpec("P")
R = TypeVar("R")


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.GATEWAY_DATABASE_THREADS, thread_name_prefix="database")


async def in_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `function` in a database thread.

    Raises:
        CommandError: `unavailable`, when PostgreSQL cannot be reached.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_pool(), partial(_run, partial(function, *args, **kwargs)))


def run(statement: LiteralString, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a statement that is run often, in the caller's transaction; each connection has it planned once.

    Django's own cursors put the parameters into the text, so that PostgreSQL parses and plans it anew each time.

    Args:
        statement: SQL with placeholders, always the same text.
        params: a value for each.

    Returns:
        The rows; none for a statement that gives none.
    """
    connection = connections["default"]
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    bound: Any = psycopg.Cursor(connection.connection)
    make = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with make(bound) as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []


def write_rows(statement: LiteralString, rows: Sequence[object]) -> None:
    """Run a statement that reads `rows` as `json_to_recordset(%s)`, in the caller's transaction.

    One JSON text costs a hundredth of what a parameter a value does, which is why batches are written so.

    Args:
        statement: SQL with one placeholder.
        rows: what JSON makes objects of, such as structs.
    """
    run(statement, [encode(rows).decode()])


def _run(function: Callable[[], R]) -> R:
    try:
        return function()
    except (OperationalError, InterfaceError) as error:
        # A broken connection is closed here, so that the thread's next work gets a new one.
        close_old_connections()
        for connection in connections.all(initialized_only=True):
            connection.close_if_unusable_or_obsolete()
        raise CommandError(ErrorCode.UNAVAILABLE, retry_after=1.0) from error

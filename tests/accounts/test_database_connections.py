"""Requests leave no database connection behind: PostgreSQL has few, and all processes share them."""

import asyncio

from django.db import connection

from gateway.database import in_database
from tests.people import rest

REQUESTS = 150
# A server's threads keep one connection each.
KEPT = 30


def open_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


async def test_many_requests_leave_few_connections(servers, alice):
    before = await in_database(open_connections)
    for _ in range(REQUESTS // 10):
        answers = await asyncio.gather(*(rest(servers[0], "GET", "auth/me/", alice) for _ in range(10)))
        assert [answer.status for answer in answers] == [200] * 10

    assert await in_database(open_connections) - before < KEPT

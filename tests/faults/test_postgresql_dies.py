"""PostgreSQL ends connections, dies and comes back: what was acked is there once; all else was told to try again."""

import asyncio
import time

import psycopg
import pytest
from django.db import connections

from tests.faults.burst import burst, readiness, soon
from tests.faults.conftest import open_servers
from tests.faults.own_postgres import own_postgres
from tests.faults.report import Report


def end_all_connections(database_url: str) -> int:
    """`pg_terminate_backend` for every connection to the database but this one; returns how many there were."""
    with psycopg.connect(database_url) as database:
        row = database.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
        assert row is not None
        return int(row[0])


@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.faults)])
async def test_postgresql_ends_every_connection_again_and_again_under_load(
    times, redis, stream, people, database_url, report: Report
):
    # This process's own, which the people were made with.
    connections.close_all()
    async with open_servers(redis.url, redis.url) as servers, burst(servers, stream.pk, people) as crowd:
        ended = 0
        for _ in range(times):
            await crowd.acked(15)
            ended += await asyncio.to_thread(end_all_connections, database_url)
        await crowd.acked(50)
        await crowd.stop()
        await crowd.caught_up()
        await crowd.judge(database_url, report, connections_ended=ended)
        assert ended > times
        assert sum("Traceback" in server.log.read_text() for server in servers) == 0


@pytest.mark.faults
async def test_postgresql_is_killed_under_load_for_some_seconds(tmp_path, redis, report: Report):
    async with own_postgres(tmp_path) as postgres:
        stream_id, people = await postgres.populate(redis.url, 16)
        async with (
            open_servers(redis.url, redis.url, DATABASE_URL=postgres.url) as servers,
            burst(servers, stream_id, people) as crowd,
        ):
            await crowd.acked(100)
            await asyncio.to_thread(postgres.kill)
            killed = time.monotonic()

            async def says_so() -> bool:
                return not any([(await readiness(server))["database"] for server in servers])

            red = await soon(says_so)
            await asyncio.sleep(max(0.0, killed + 3 - time.monotonic()))
            await postgres.start()
            back = time.monotonic()
            await crowd.acked(100)
            recovered = time.monotonic() - back
            for server in servers:
                await soon(lambda server=server: _is_ready(server))
            await crowd.stop()
            await crowd.caught_up()
            await crowd.judge(postgres.url, report, red_after=red, a_hundred_acks_after=recovered)
            assert all(writer.refused["unavailable"] for writer in crowd.writers)
            for server in servers:
                log = server.log.read_text()
                assert log.count("PostgreSQL is away") == 1
                assert log.count("PostgreSQL answers again") == 1
                assert "Traceback" not in log


async def _is_ready(server) -> bool:
    return all((await readiness(server)).values())

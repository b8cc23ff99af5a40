"""`manage.py doctor` says that all is well, and names each thing that is not."""

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from gateway import health
from gateway.models import OutboxEvent
from gateway.tasks import note_beat
from gateway.testing_servers import ServerProcess, free_port, server_process
from gifts import health as ledger_health
from tests.conftest import SERVER_ENVIRONMENT
from tests.gateway.kernel import clients_of
from tests.gateway.own_redis import OwnRedis, own_redis

ROOT = Path(__file__).resolve().parent.parent.parent
ALL = {"database", "redis", "subscribers", "canary", "beat", "outbox", "clock", "ledger", "second_look"}


class Doctor:
    """The command, on these servers."""

    def __init__(self, **environment: str) -> None:
        self._environment = {**os.environ, **environment}

    async def __call__(self) -> dict[str, str]:
        """What it finds: the problem of each check that has one."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "manage.py", "doctor", "--json", cwd=ROOT, env=self._environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, errors = await process.communicate()
        report = json.loads(output)
        assert set(report["checks"]) == ALL
        problems = {name: problem for name, problem in report["checks"].items() if problem}
        assert report["ok"] is not bool(problems)
        assert process.returncode == (1 if problems else 0)
        assert not problems or f"not well: {', '.join(problems)}" in errors.decode()
        return problems


@pytest.fixture(scope="module")
async def redis(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnRedis]:
    async with own_redis(tmp_path_factory.mktemp("doctor")) as server:
        yield server


@pytest.fixture(scope="module")
async def patient(redis: OwnRedis) -> AsyncIterator[ServerProcess]:
    """A server on that Redis."""
    async with server_process("gateway", env={**SERVER_ENVIRONMENT, "REDIS_URL": redis.url}) as server:
        yield server


@pytest.fixture
async def doctor(redis: OwnRedis, patient: ServerProcess) -> Doctor:
    async with clients_of(redis):
        await asyncio.to_thread(note_beat)
    return Doctor(REDIS_URL=redis.url)


async def test_all_is_well(doctor):
    assert await doctor() == {}


@asynccontextmanager
async def a_process_that_does_not_listen(redis: OwnRedis) -> AsyncIterator[str]:
    redis.execute("ZADD", "processes", int(time.time()) + 600, "deaf.1.abcdef")
    yield "deaf.1.abcdef"
    redis.execute("ZREM", "processes", "deaf.1.abcdef")


async def test_a_process_that_lives_and_does_not_listen(doctor, redis):
    async with a_process_that_does_not_listen(redis) as name:
        problems = await doctor()

    assert name in problems["subscribers"]
    assert name in problems["canary"]
    assert set(problems) == {"subscribers", "canary"}


async def test_a_process_that_listens_and_does_not_answer(doctor, redis, patient):
    # Its heart beats for ten seconds more; it is kept beating, so that a slow machine changes nothing.
    (name,) = redis.execute("ZRANGEBYSCORE", "processes", int(time.time()), "+inf")
    patient.process.send_signal(signal.SIGSTOP)
    redis.execute("ZADD", "processes", int(time.time()) + 600, name)
    try:
        problems = await doctor()
    finally:
        patient.process.send_signal(signal.SIGCONT)

    assert set(problems) == {"canary"}
    assert name in problems["canary"]


async def test_celery_that_has_stopped(doctor, redis):
    redis.execute("SET", health.BEAT_KEY, str(time.time() - 300))

    assert re.fullmatch(r"Celery's last mark is 3\d\d s old", (await doctor())["beat"])


async def test_celery_that_never_was(doctor, redis):
    redis.execute("DEL", health.BEAT_KEY)

    assert "Celery has left no mark" in (await doctor())["beat"]


async def test_redis_that_may_forget(doctor, redis):
    redis.execute("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    try:
        assert await doctor() == {"redis": "maxmemory-policy is allkeys-lru; it must be noeviction"}
    finally:
        redis.execute("CONFIG", "SET", "maxmemory-policy", "noeviction")


async def test_postgresql_that_is_away():
    problems = await Doctor(DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/none")()

    assert {"database", "outbox", "ledger", "clock"} <= set(problems)


async def test_redis_that_is_away():
    problems = await Doctor(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")()

    assert {"redis", "subscribers", "canary", "beat", "clock"} <= set(problems)
    assert "database" not in problems


# --- Faults that only their own transaction sees, and that are taken back --------------------------


def test_events_that_nobody_announces():
    with transaction.atomic():
        OutboxEvent.objects.create(event_id="waits", room="stream:1", name="chat:new", delivery="ordered", body="{}")
        OutboxEvent.objects.filter(event_id="waits").update(created_at=timezone.now() - timedelta(minutes=1))
        problem = health.outbox()
        transaction.set_rollback(True)

    assert problem == "1 events wait for longer than 10 s"
    assert health.outbox() == ""


def test_a_migration_that_is_missing():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'chat'")
        problem = health.database()
        transaction.set_rollback(True)

    assert "are not applied; run manage.py migrate" in problem


def test_a_ledger_that_does_not_add_up(monkeypatch):
    from gifts import selectors

    monkeypatch.setattr(selectors, "_PROOFS", {"a proof that fails": "SELECT 1"})

    assert ledger_health.ledger() == "a proof that fails; see manage.py reconcile_ledger"


def test_clocks_that_are_apart():
    assert health.apart({"this machine": 1000.0, "PostgreSQL": 1003.5, "Redis": 1000.1}) == (
        "PostgreSQL is 3.5 s ahead of this machine"
    )
    assert health.apart({"this machine": 1000.0, "PostgreSQL": 1001.0, "Redis": 999.5}) == ""
    assert health.clock() == ""

"""What `manage.py doctor` looks at. Each check says what is wrong, or nothing; apps add their own."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError

from gateway.models import OutboxEvent
from gateway.orders import has_answered, send_canary
from gateway.presence import living_processes
from gateway.redis_clients import sync_redis

# What was announced late by more than this waits for a sweeper that is not there.
OUTBOX_SECONDS = 10.0
CANARY_SECONDS = 5.0
# Celery beat leaves a mark every ten seconds.
BEAT_SECONDS = 60.0
SKEW_SECONDS = 2.0
BEAT_KEY = "beat:seen"

Look = Callable[[], str]
_checks: dict[str, Look] = {}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; an empty `problem` is good news."""

    name: str
    problem: str


def check(name: str) -> Callable[[Look], Look]:
    """Decorator: let `manage.py doctor` call a function that returns what is wrong, or an empty string."""

    def register(look: Look) -> Look:
        _checks[name] = look
        return look

    return register


def examine() -> Iterator[Finding]:
    """Carry out every check, in the order they were registered; one that cannot be made has failed."""
    for name, look in _checks.items():
        try:
            yield Finding(name, look())
        except (DatabaseError, RedisError, OSError) as error:
            yield Finding(name, f"cannot be looked at: {type(error).__name__}")


@check("database")
def database() -> str:
    """PostgreSQL answers and has every migration."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(plan)} migrations are not applied; run manage.py migrate" if plan else ""


@check("redis")
def redis() -> str:
    """Redis answers and refuses to forget what it holds."""
    policy = str(sync_redis().config_get("maxmemory-policy").get("maxmemory-policy", ""))
    return "" if policy in ("noeviction", "") else f"maxmemory-policy is {policy}; it must be noeviction"


@check("subscribers")
def subscribers() -> str:
    """Every process whose heart beats listens to the bus."""
    processes = living_processes()
    deaf = [process for process in processes if not send_canary(process, token_hex(8))]
    if not processes:
        return "no web process is alive"
    return f"alive, but not listening: {', '.join(deaf)}" if deaf else ""


@check("canary")
def canary() -> str:
    """A message sent round each process comes back."""
    name, waiting = token_hex(8), set(living_processes())
    for process in waiting:
        send_canary(process, name)
    deadline = time.monotonic() + CANARY_SECONDS
    while waiting and time.monotonic() < deadline:
        waiting = {process for process in waiting if not has_answered(process, name)}
        time.sleep(0.05)
    # Those that have died meanwhile are not ill.
    silent = sorted(waiting & set(living_processes()))
    return f"no answer within {CANARY_SECONDS:g} s from {', '.join(silent)}" if silent else ""


@check("beat")
def beat() -> str:
    """Celery's clock and a worker are at work."""
    seen = sync_redis().get(BEAT_KEY)
    if seen is None:
        return "Celery has left no mark: beat or every worker is away"
    age = time.time() - float(str(seen))
    return f"Celery's last mark is {age:.0f} s old" if age > BEAT_SECONDS else ""


@check("outbox")
def outbox() -> str:
    """What was committed has been announced."""
    late = datetime.now(UTC) - timedelta(seconds=OUTBOX_SECONDS)
    rows = OutboxEvent.objects.filter(published_at__isnull=True, created_at__lt=late)
    return f"{count} events wait for longer than {OUTBOX_SECONDS:g} s" if (count := rows.count()) else ""


@check("clock")
def clock() -> str:
    """This machine, PostgreSQL and Redis agree on the time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        postgresql = float(cursor.fetchone()[0])
    seconds, microseconds = sync_redis().time()
    return apart({"this machine": time.time(), "PostgreSQL": postgresql, "Redis": seconds + microseconds / 1e6})


def apart(clocks: dict[str, float]) -> str:
    """Which two clocks are too far apart."""
    (slow, earliest), *_, (fast, latest) = sorted(clocks.items(), key=lambda item: item[1])
    return f"{fast} is {latest - earliest:.1f} s ahead of {slow}" if latest - earliest > SKEW_SECONDS else ""

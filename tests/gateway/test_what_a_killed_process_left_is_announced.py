"""What was committed is announced, once, even when its process is killed right after the commit."""

import asyncio
import os
import signal
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from redis.exceptions import RedisError

from gateway import outbox
from gateway.bus import bus, publish_pipeline
from gateway.database import in_database
from gateway.events import StreamLagging
from gateway.models import OutboxEvent
from gateway.publish import Announcement, publish_many
from gateway.rooms import Room
from tests.gateway.kernel import Kernel, event, new_room, run_python
from tests.people import all_has_arrived, eventually

# The process dies after the commit and before anything it would do next.
COMMIT_AND_DIE = """
import os, signal, sys
from django.db import transaction
from gateway.events import StreamLagging
from gateway.models import OutboxEvent
from gateway.publish import publish
from gateway.rooms import Room
with transaction.atomic(durable=True):
    transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
    for number in range(5):
        publish(Room.parse(sys.argv[1]), StreamLagging(dropped=number))
"""
# The process fails before the commit.
FAIL = """
import sys
from django.db import transaction
from gateway.events import StreamLagging
from gateway.models import OutboxEvent
from gateway.publish import publish
from gateway.rooms import Room
with transaction.atomic(durable=True):
    publish(Room.parse(sys.argv[1]), StreamLagging(dropped=1))
    raise SystemExit
"""


async def left_behind(source: str, room: str) -> None:
    """Run `source` to its end."""
    process = await run_python(source, os.environ["REDIS_URL"], room)
    await process.communicate()


async def test_events_of_a_killed_process_are_announced_once_and_in_order(servers, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    viewer = await crowd.join(servers[1], bob, stream)

    await left_behind(COMMIT_AND_DIE, f"stream:{stream.pk}")

    for client in (host, viewer):
        await client.wait_for("stream:lagging", lambda data: data["dropped"] == 4)
    await asyncio.gather(*(asyncio.to_thread(sweep_here) for _ in range(4)))
    await all_has_arrived(host, stream, host, viewer)
    for client in (host, viewer):
        told = client.named("stream:lagging")
        assert [data["dropped"] for data in told] == list(range(5))
        assert len({data["eventId"] for data in told}) == 5


async def test_events_of_a_transaction_that_was_rolled_back_are_never_announced(servers, alice, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)

    await left_behind(FAIL, f"stream:{stream.pk}")
    await asyncio.to_thread(sweep_here)
    await all_has_arrived(host, stream, host)

    assert host.named("stream:lagging") == []


async def test_sweepers_of_many_processes_announce_an_event_once(servers, alice, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    await left_behind(COMMIT_AND_DIE, f"stream:{stream.pk}")

    await asyncio.gather(*(asyncio.to_thread(sweep_here) for _ in range(8)))

    await host.wait_for("stream:lagging", lambda data: data["dropped"] == 4)
    await all_has_arrived(host, stream, host)
    assert len(host.named("stream:lagging")) == 5


async def test_who_is_cut_off_from_redis_makes_no_other_sweep_wait(kernel: Kernel):
    assert kernel.redis._child is not None
    kernel.redis._child.process.send_signal(signal.SIGSTOP)
    backend: list[int] = []

    def sweep_in_vain() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                backend.append(cursor.fetchone()[0])
            with pytest.raises(RedisError):
                outbox.sweep(grace=timedelta())
        finally:
            connections.close_all()

    def locks() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = ANY(%s)", [backend])
            return cursor.fetchone()[0]

    sweeping = asyncio.ensure_future(asyncio.to_thread(sweep_in_vain))
    held = 0
    while not sweeping.done():
        held += await in_database(locks)
        await asyncio.wait([sweeping], timeout=0.05)
    await sweeping
    kernel.redis._child.process.send_signal(signal.SIGCONT)

    assert held == 0


async def test_an_event_is_known_for_as_long_as_it_may_be_announced_again(kernel: Kernel):
    room = new_room()
    one = event(room, 1)
    positions = await in_database(publish_pipeline, [one])
    key = f"room:{{{room.group}}}:seen:{one.id}"

    assert kernel.redis.execute("TTL", key) >= kernel.redis.execute("TTL", f"room:{{{room.group}}}:state")
    await in_database(outbox.mark_published, [one], positions)
    assert 0 < kernel.redis.execute("TTL", key) <= 600


async def test_a_log_that_is_replayed_tells_only_what_redis_has_lost(kernel: Kernel):
    room = new_room()
    member = kernel.member()
    await kernel.join(member, room)
    await asyncio.to_thread(announce, room, 2)
    await member.until(lambda member: len(member.named("stream:lagging")) == 2)

    def log() -> list[OutboxEvent]:
        return outbox.page(room.wire, after=0, limit=10)

    def is_marked() -> bool:
        return all(row.published_at for row in log())

    await eventually(lambda: in_database(is_marked))
    for key in kernel.redis.execute("KEYS", "*:seen:*"):
        # So long after that Redis does not know them by their ids any more.
        kernel.redis.execute("DEL", key)
    page = await in_database(log)

    assert await in_database(outbox.replay, room.wire, page) == 0

    kernel.redis.execute("FLUSHALL")
    assert await in_database(outbox.replay, room.wire, page) == 2
    # That Redis lost its data shows with the next event; who looks then finds them in the history.
    await member.until(lambda member: bool(member.named("room:reset")))
    assert [row.epoch for row in await in_database(log)] == [(await bus.position(room)).epoch] * 2


def announce(room: Room, count: int) -> None:
    """Announce events in a thread that leaves no connection behind."""
    try:
        with transaction.atomic(durable=True):
            publish_many(Announcement(room, StreamLagging(dropped=number)) for number in range(count))
    finally:
        connections.close_all()


def sweep_here() -> None:
    """A sweep in a thread that leaves no connection behind."""
    try:
        outbox.sweep()
    finally:
        connections.close_all()

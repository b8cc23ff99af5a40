"""What was committed is announced, once, even when its process is killed right after the commit."""

import asyncio
import os

from django.db import connections

from gateway import outbox
from tests.gateway.kernel import run_python
from tests.people import all_has_arrived

# The process dies after the commit and before anything it would do next.
COMMIT_AND_DIE = """
import os, signal, sys
from django.db import transaction
from gateway.events import StreamLagging
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


def sweep_here() -> None:
    """A sweep in a thread that leaves no connection behind."""
    try:
        outbox.sweep()
    finally:
        connections.close_all()

"""A battle is decided by the server's clock, whatever processes die meanwhile, and its result is told once."""

import asyncio
from datetime import timedelta

import pytest

from gateway.database import in_database
from gateway.testing import EVENT_SECONDS
from gateway.testing_servers import server_process
from streams.services import battles
from streams.tasks import meet_deadlines
from tests.celery_processes import celery_worker, said
from tests.coins import give, send
from tests.conftest import SERVER_ENVIRONMENT
from tests.people import done, make_stream
from tests.streams.test_battles import Arena, challenge, seconds_between

SECONDS = 5


async def test_a_battle_whose_host_process_and_worker_are_killed_ends_at_the_right_second_once(
    servers, alice, bob, charlie, stream, crowd, tmp_path
):
    other = await in_database(make_stream, charlie)
    await in_database(give, bob, 100)
    viewers = [await crowd.join(servers[0], bob, stream), await crowd.join(servers[1], bob, other)]
    log = tmp_path / "worker.log"
    environment = {**SERVER_ENVIRONMENT, "STREAM_BATTLE_SECONDS": str(SECONDS)}
    async with server_process(env=environment) as doomed, celery_worker(log, "battles"):
        hosts = [await crowd.connect(doomed, alice), await crowd.connect(doomed, charlie)]
        battle_id = done(await challenge(hosts[0], stream, other))["battle"]["id"]
        battle = done(await hosts[1].call("battle:accept", {"battleId": battle_id}))["battle"]
        sender = await crowd.connect(doomed, bob, "rest")
        done(await send(sender, other, "heart"))
        await asyncio.to_thread(meet_deadlines.apply_async, queue="battles")
        await said(log, "succeeded", EVENT_SECONDS)
        await asyncio.to_thread(meet_deadlines.apply_async, queue="battles")
        await doomed.kill()

    for viewer in viewers:
        ended = await viewer.wait_for("battle:ended")
        assert ended["timestamp"] == ended["battle"]["endsAt"] == battle["endsAt"]
        assert ended["battle"]["winner"] == str(other.pk)
        assert [side["score"] for side in ended["battle"]["sides"]] == [0, 50]
    assert seconds_between(battle["startsAt"], battle["endsAt"]) == SECONDS
    # Another worker takes up what the killed one left, and every web process has looked since.
    async with celery_worker(tmp_path / "next.log", "battles"):
        await asyncio.to_thread(meet_deadlines.apply_async, queue="battles")
        await said(tmp_path / "next.log", "succeeded", EVENT_SECONDS)
    for server, viewer, room in zip(servers, viewers, (stream, other), strict=True):
        client = await crowd.connect(server, bob, "rest")
        done(await send(client, room, "rose"))
        await viewer.wait_for("gift:sent", lambda data: data["giftId"] == "rose")
        assert len(viewer.named("battle:ended")) == 1


@pytest.fixture
async def arena(alice, bob, stream):
    return await in_database(Arena, alice, bob, stream)


async def test_many_who_finish_at_once_announce_once(arena, servers, crowd):
    viewer = await crowd.join(servers[0], arena.bob, arena.stream)
    later = arena.now + timedelta(seconds=301)

    await asyncio.gather(*(in_database(battles.finish_due, now=later) for _ in range(6)))

    await viewer.wait_for("battle:ended")
    await in_database(arena.gift, arena.stream, 302)
    await viewer.wait_for("gift:sent")
    assert len(viewer.named("battle:ended")) == 1

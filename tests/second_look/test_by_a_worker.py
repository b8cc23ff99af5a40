"""A Celery worker takes messages back on every transport; what a killed one had taken, the next one does, once."""

import asyncio

import pytest
from django.utils import timezone

from gateway.database import in_database
from gateway.testing import LIVE_TRANSPORTS, TRANSPORTS
from moderation.models import Look
from moderation.tasks import look_again as task
from tests.celery_processes import celery_worker
from tests.people import done, hear, make_people, rest, say
from tests.second_look.conftest import PROVIDER
from tests.second_look.elsewhere import KEY, stalls
from tests.second_look.people import look_again, look_at, write

BAD = "nobody here would object to this"


pytestmark = pytest.mark.usefixtures("asking")


async def test_on_every_transport_and_whoever_is_killed(
    servers, looking, provider, alice, bob, charlie, stream, crowd, tmp_path
):
    # It waits for an answer longer than the test does.
    environment = {
        "MODERATION_SECOND_LOOK_PROVIDER": PROVIDER,
        "MODERATION_SECOND_LOOK_URL": provider.address(PROVIDER),
        "MODERATION_SECOND_LOOK_KEY": KEY,
        "MODERATION_SECOND_LOOK_SECONDS": "20",
    }
    provider.hateful = {"would object": 0.97}
    async with celery_worker(tmp_path / "worker.log", "second_look", environment):
        viewers = [
            await crowd.join(server, person, stream, transport)
            for server, person, transport in zip(
                (*servers, servers[0]), (alice, bob, charlie), LIVE_TRANSPORTS, strict=True
            )
        ]
        await are_taken_back_everywhere(viewers, looking, stream, crowd)
        page = (await rest(servers[0], "GET", f"streams/{stream.pk}/messages/", alice)).body
        assert page["messages"] == []

        provider.behaviour = stalls
        lost = await write(crowd, looking, bob, stream, BAD)
        provider.news.clear()
        await asyncio.to_thread(task.apply_async, queue="second_look")
        await provider.was_asked()

    provider.behaviour = None
    # It is taken for lost after a while, and not before.
    assert await look_again() == 0
    await in_database(lambda: Look.objects.filter(subject_id=int(lost)).update(due_at=timezone.now()))
    assert await look_again() == 1
    for viewer in viewers:
        await viewer.wait_for("chat:removed", lambda data: data["messageId"] == lost)
    assert ((await look_at(lost)).outcome, (await look_at(lost)).tries) == ("taken_back", 2)


async def are_taken_back_everywhere(viewers, looking, stream, crowd):
    """What is written over each transport is heard and taken back over each."""
    messages = {}
    for transport, person in zip(TRANSPORTS, await in_database(make_people, len(TRANSPORTS)), strict=True):
        author = await crowd.connect(looking, person, transport)
        messages[transport] = done(await say(author, stream, f"{BAD} over {transport}"))["id"]

    await asyncio.to_thread(task.apply_async, queue="second_look")
    for viewer in viewers:
        for transport, message in messages.items():
            await hear(viewer, f"{BAD} over {transport}")
            removed = await viewer.wait_for("chat:removed", lambda data, message=message: data["messageId"] == message)
            assert removed["reason"] == "automatic"

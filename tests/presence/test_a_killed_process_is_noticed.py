"""Users whose process is killed, or leaves, are gone within thirty seconds, unless they are elsewhere."""

import pytest

from accounts.models import Session
from gateway.database import in_database
from gateway.testing_servers import server_process
from tests.conftest import SERVER_ENVIRONMENT
from tests.presence.watching import becomes, changes, watch


@pytest.mark.parametrize("way", ["kill", "stop"])
async def test_its_users_are_told_as_gone_but_those_with_another_device_are_not(
    servers, alice, bob, charlie, crowd, way
):
    watcher = await crowd.connect(servers[0], bob)
    before = await in_database(lambda: Session.objects.get(pk=alice.session.pk).last_seen_at)
    async with server_process("gateway", env=SERVER_ENVIRONMENT) as server:
        await watch(watcher, alice, charlie)
        await crowd.connect(server, charlie)
        await becomes(watcher, charlie, "online")
        await crowd.connect(servers[1], charlie)
        await crowd.connect(server, alice)
        await becomes(watcher, alice, "online")

        await getattr(server, way)()
        told = await becomes(watcher, alice, "offline")

    assert told["lastSeen"] is not None
    assert "offline" not in changes(watcher, charlie)
    assert await in_database(lambda: Session.objects.get(pk=alice.session.pk).last_seen_at) > before
    assert await watch(watcher, alice, charlie) == {alice.id: "offline", charlie.id: "online"}

"""All devices of a user, on all processes and transports, are one state; a watcher is told when it changes."""

import pytest

from gateway.testing import LIVE_TRANSPORTS
from tests.people import done
from tests.presence.watching import becomes, changes, watch


@pytest.fixture
async def watcher(servers, bob, crowd):
    """Bob, who follows others."""
    return await crowd.connect(servers[0], bob)


async def set_state(client, state) -> None:
    """Say whether the user is about on this device."""
    done(await client.call("presence:set", {"state": state}))


async def test_who_comes_is_online_and_who_goes_is_offline_with_the_time(
    servers, live_transport, alice, watcher, crowd
):
    assert await watch(watcher, alice) == {alice.id: "offline"}

    device = await crowd.connect(servers[1], alice, live_transport)
    assert (await becomes(watcher, alice, "online"))["lastSeen"] is None
    await device.close()
    told = await becomes(watcher, alice, "offline")

    answer = done(await watcher.call("presence:get", {"userIds": [alice.id]}))
    (user,) = answer["users"]
    assert user["state"] == "offline"
    assert user["lastSeen"][:18] <= told["lastSeen"][:18]
    assert changes(watcher, alice) == ["online", "offline"]


async def test_a_second_device_that_comes_or_drops_changes_nothing(servers, alice, charlie, watcher, crowd):
    await watch(watcher, alice, charlie)
    await crowd.connect(servers[0], alice, "websocket")
    await becomes(watcher, alice, "online")

    other = await crowd.connect(servers[1], alice, "socketio")
    await other.close()
    # Charlie comes and goes meanwhile: when that is told, the same would have been of Alice.
    somebody = await crowd.connect(servers[1], charlie)
    await somebody.close()
    await becomes(watcher, charlie, "offline")

    assert changes(watcher, alice) == ["online"]


async def test_who_comes_back_in_a_moment_was_not_gone(servers, alice, charlie, watcher, crowd):
    await watch(watcher, alice, charlie)
    for number in range(3):
        device = await crowd.connect(servers[number % 2], alice, LIVE_TRANSPORTS[number])
        await device.close()
    await crowd.connect(servers[0], alice)
    somebody = await crowd.connect(servers[1], charlie)
    await somebody.close()
    await becomes(watcher, charlie, "offline")

    assert changes(watcher, alice) == ["online"]


async def test_a_user_is_idle_when_all_devices_are(servers, alice, watcher, crowd):
    devices = [await crowd.connect(servers[number % 2], alice, LIVE_TRANSPORTS[number]) for number in range(3)]
    await watch(watcher, alice)
    await set_state(devices[0], "idle")
    await set_state(devices[1], "idle")
    await set_state(devices[2], "idle")
    await becomes(watcher, alice, "idle")

    await set_state(devices[1], "online")
    await becomes(watcher, alice, "online")

    assert changes(watcher, alice)[-2:] == ["idle", "online"]
    assert changes(watcher, alice).count("idle") == 1


async def test_who_is_watched_no_more_is_not_told_of(servers, alice, charlie, watcher, crowd):
    await watch(watcher, alice)
    await watch(watcher, charlie)
    await crowd.connect(servers[1], alice)
    await crowd.connect(servers[1], charlie)
    await becomes(watcher, charlie, "online")

    assert changes(watcher, alice) == []

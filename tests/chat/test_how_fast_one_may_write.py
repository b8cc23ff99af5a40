"""Three messages at once and one a second for viewers, over all processes; slow mode; more for those who moderate."""

import re

import pytest

from gateway.database import in_database
from tests.people import done, eventually, hear, make_stream, rest, say


async def test_a_fourth_message_at_once_is_refused_over_all_processes_and_transports(
    servers, transport, alice, bob, stream, crowd
):
    host = await crowd.join(servers[0], alice, stream)
    clients = [await crowd.connect(servers[0], bob, transport), await crowd.connect(servers[1], bob)]
    replies = [await say(clients[number % 2], stream, f"message {number}") for number in range(8)]

    refused = [reply for reply in replies if not reply.ok]
    assert all(reply.ok for reply in replies[:3])
    assert refused
    for reply in refused:
        assert reply.code == "rate_limited"
        seconds = re.fullmatch(r"Rate limit exceeded\. Try again in (\d+) seconds", reply.error["message"])
        assert seconds
        assert 0 < reply.error["retryAfter"] <= int(seconds[1]) <= 60
        assert reply.error["event"] == "chat:new"
        assert reply.error["limits"] == {"events": 3, "seconds": 3}
    done(await say(host, stream, "the host may go on"))


async def test_a_message_that_was_refused_for_its_pace_reaches_nobody(servers, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    client = await crowd.connect(servers[0], bob)
    replies = {f"message {number}": await say(client, stream, f"message {number}") for number in range(8)}
    done(await say(host, stream, "enough"))
    await hear(host, "enough")

    said = [message for message, reply in replies.items() if reply.ok]
    assert [data["message"] for data in host.named("chat:new")] == [*said, "enough"]


@pytest.mark.parametrize("role", ["host", "moderator", "channel moderator"])
async def test_those_who_moderate_may_write_faster(servers, alice, bob, mona, stream, crowd, role):
    person = {"host": alice, "moderator": mona, "channel moderator": bob}[role]
    if role == "channel moderator":
        await in_database(alice.user.channel_moderators.add, bob.user)
    client = await crowd.connect(servers[0], person)

    for number in range(12):
        done(await say(client, stream, f"message {number}"))


async def test_one_viewer_does_not_slow_another(servers, bob, charlie, stream, crowd):
    client = await crowd.connect(servers[0], bob)
    for number in range(6):
        await say(client, stream, f"message {number}")
    other = await crowd.connect(servers[0], charlie)

    done(await say(other, stream, "hello"))


async def test_slow_mode_is_told_with_the_seconds_to_wait(servers, transport, alice, bob, mona, crowd):
    stream = await in_database(make_stream, alice, slow_mode_seconds=30)
    client = await crowd.connect(servers[0], bob, transport)
    done(await say(client, stream, "first"))

    for other in (client, await crowd.connect(servers[1], bob)):
        reply = await say(other, stream, "second")
        assert reply.code == "slow_mode"
        assert re.fullmatch(r"Slow mode is on\. Try again in (29|30) seconds", reply.error["message"])
        assert 0 < reply.error["retryAfter"] <= 30
    for person in (alice, mona):
        moderating = await crowd.connect(servers[0], person)
        for number in range(2):
            done(await say(moderating, stream, f"message {number}"))


async def test_the_host_switches_slow_mode_on_and_off(servers, alice, bob, charlie, stream, crowd):
    path = f"streams/{stream.pk}/"
    client = await crowd.connect(servers[0], bob)
    assert (await rest(servers[0], "PATCH", path, alice, {"slowModeSeconds": 120})).status == 200
    done(await say(client, stream, "first"))
    assert (await say(client, stream, "second")).code == "slow_mode"

    assert (await rest(servers[0], "PATCH", path, alice, {"slowModeSeconds": 0})).status == 200

    # A process may act on what it read of a stream for a second.
    async def may_write() -> bool:
        return (await say(client, stream, "third")).ok

    await eventually(may_write)

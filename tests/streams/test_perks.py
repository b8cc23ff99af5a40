"""What OG tiers may do in streams: their level is read at the moment they do it."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import services as account_services
from gateway.database import in_database
from gateway.wire import Wire
from streams.models import Stream
from tests.gateway.raw_clients import open_socket
from tests.people import all_has_arrived, done, join, leave, make_stream, rest, say


async def react(client, stream, reaction):
    return await client.call("stream:react", {"streamId": str(stream.pk), "reaction": reaction})


async def test_likes_are_seen_and_counted(servers, transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    client = await crowd.connect(servers[0], bob, transport)
    for reaction in ("like", "love", "love", "clap"):
        done(await react(client, stream, reaction))
    seen = await host.wait_for("stream:react", lambda data: data["reaction"] == "clap")
    assert (seen["userId"], seen["animated"]) == (bob.id, False)
    counted = await host.wait_for("metrics:update", lambda data: data["metrics"]["likes"] == 4)
    assert counted["metrics"]["reactions"] == {"like": 1, "love": 2, "clap": 1}
    assert (await join(host, stream))["metrics"]["reactions"] == {"like": 1, "love": 2, "clap": 1}


@pytest.mark.parametrize("reaction", ["", "hate", 7, None], ids=repr)
async def test_unknown_reactions_are_refused(servers, bob, stream, crowd, reaction):
    client = await crowd.connect(servers[0], bob)
    assert (await react(client, stream, reaction)).code == "invalid_payload"


async def test_animated_reactions_need_a_tier(servers, alice, bob, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    client = await crowd.connect(servers[0], bob)
    assert (await react(client, stream, "rocket")).code == "access_denied"
    await in_database(account_services.set_og_level, user_id=bob.user.pk, level=2)
    done(await react(client, stream, "rocket"))
    assert (await host.wait_for("stream:react"))["animated"] is True


async def test_a_stealth_entry_tells_nobody(servers, live_transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    client = await crowd.connect(servers[0], bob, live_transport)
    refused = await client.call("stream:join", {"streamId": str(stream.pk), "entry": "stealth"})
    assert refused.code == "access_denied"
    await in_database(account_services.set_og_level, user_id=bob.user.pk, level=3)
    await join(client, stream, entry="stealth")
    await leave(client, stream)
    await join(client, stream)
    await leave(client, stream)

    await host.wait_for("stream:leave", lambda data: data["userId"] == bob.id)
    await all_has_arrived(host, stream, host)

    assert sum(data.get("userId") == bob.id for data in host.named("stream:join")) == 1
    assert sum(data["userId"] == bob.id for data in host.named("stream:leave")) == 1


async def level(person, number):
    await in_database(account_services.set_og_level, user_id=person.user.pk, level=number)


# --- Ghosts ---------------------------------------------------------------------------------------


async def test_a_ghost_is_neither_announced_nor_counted(servers, live_transport, alice, bob, charlie, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    client = await crowd.connect(servers[0], bob, live_transport)
    await level(bob, 4)
    refused = await client.call("stream:join", {"streamId": str(stream.pk), "entry": "ghost"})
    assert refused.code == "access_denied"
    await level(bob, 5)

    assert (await join(client, stream, entry="ghost"))["viewers"] == 1

    other = await crowd.connect(servers[0], charlie)
    assert (await join(other, stream))["viewers"] == 2
    await all_has_arrived(host, stream, host, client)
    await host.wait_for("metrics:update", lambda data: data["metrics"]["viewers"] == 2)
    await leave(client, stream)
    await leave(other, stream)
    await host.wait_for("stream:leave", lambda data: data["userId"] == charlie.id)
    assert max(data["metrics"]["viewers"] for data in host.named("metrics:update")) == 2
    assert bob.name not in str([data for name in ("stream:join", "stream:leave") for data in host.named(name)])


async def test_a_ghost_that_comes_in_again_openly_is_counted(servers, alice, bob, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    await level(bob, 5)
    client = await crowd.connect(servers[0], bob)
    await join(client, stream, entry="ghost")
    assert (await join(client, stream))["viewers"] == 2
    await host.wait_for("stream:join", lambda data: data.get("userId") == bob.id)


async def test_a_ghost_whose_socket_is_lost_leaves_no_trace(servers, alice, bob, charlie, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    await level(bob, 5)
    ghost = await crowd.join(servers[0], charlie, stream)
    await level(charlie, 5)
    client = await crowd.connect(servers[0], bob)
    await join(client, stream, entry="ghost")
    await client.close()
    await ghost.close()
    await host.wait_for("stream:leave", lambda data: data["userId"] == charlie.id)
    await all_has_arrived(host, stream, host)
    assert bob.name not in str(host.named("stream:leave"))


async def test_a_ghost_is_not_brought_back_in_the_open(servers, alice, bob, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    await level(bob, 5)
    ghost = await open_socket(servers[0], Wire.RECOVERABLE)
    await ghost.opened.wait()
    await ghost.authenticate(bob.token)
    ghost.command(1, "stream:join", {"streamId": str(stream.pk), "entry": "ghost"})
    assert (await ghost.until(lambda client: client.answers().get(1)))["ok"]
    done(await say(host, stream, "hello"))
    await ghost.until(lambda client: client.events("chat:new"))
    answer = json.loads(next(message[2:] for message in ghost.messages if message.startswith("40")))
    _, _, offset = json.loads(next(message[2:] for message in ghost.messages if message.startswith('42["chat:new"')))
    ghost.vanish()

    again = await open_socket(servers[0], Wire.RECOVERABLE)
    await again.opened.wait()
    await again.authenticate(bob.token, pid=answer["pid"], offset=offset)

    fresh = json.loads(next(message[2:] for message in again.messages if message.startswith("40")))
    assert fresh["sid"] != answer["sid"]
    again.vanish()
    await all_has_arrived(host, stream, host)
    assert bob.name not in str(host.events)


# --- Early join -----------------------------------------------------------------------------------


async def test_for_a_time_after_the_start_a_stream_is_open_to_high_tiers_alone(
    servers, live_transport, alice, bob, mona, crowd
):
    stream = await in_database(make_stream, alice, early_join_seconds=300)
    client = await crowd.connect(servers[0], bob, live_transport)
    await level(bob, 1)
    refused = await client.call("stream:join", {"streamId": str(stream.pk)})
    assert refused.code == "early_access"
    assert 200 < refused.error["retryAfter"] <= 300
    for person in (alice, mona):
        await crowd.join(servers[1], person, stream)

    await level(bob, 2)

    await join(client, stream)


async def test_afterwards_a_stream_is_open_to_everybody(servers, alice, bob, crowd):
    stream = await in_database(make_stream, alice, early_join_seconds=300)
    long_ago = timezone.now() - timedelta(seconds=301)
    await in_database(Stream.objects.filter(pk=stream.pk).update, started_at=long_ago)
    await crowd.join(servers[0], bob, stream)


async def test_the_host_sets_for_how_long(servers, alice, crowd):
    stream = await in_database(make_stream, alice, live=False)
    path = f"streams/{stream.pk}/"
    assert (await rest(servers[0], "PATCH", path, alice, {"earlyJoinSeconds": 120})).body["earlyJoinSeconds"] == 120
    for seconds in (-1, 601, "soon", 1.5):
        assert (await rest(servers[0], "PATCH", path, alice, {"earlyJoinSeconds": seconds})).code == "invalid_payload"

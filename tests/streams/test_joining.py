"""Joining and leaving: the joiner is told all of the stream, the others are told of the joiner."""

import pytest

from gateway.database import in_database
from tests.people import all_has_arrived, done, hear, join, leave, make_stream, rest, say

LEGACY = {
    "id", "title", "host", "viewers", "metrics", "status", "isAnonymous", "country", "roomSize",
}  # fmt: skip
NEW = {"recovered", "events", "snapshot", "epoch", "seq", "moderators"}


async def test_the_joiner_is_told_all_of_the_stream_on_every_server(server, live_transport, alice, bob, crowd):
    stream = await in_database(make_stream, alice, title="Sunday set", country="DE")
    client = await crowd.connect(server, bob, live_transport)

    answer = await join(client, stream)

    told = await client.wait_for("stream:join")
    assert told == {**answer, "eventId": told["eventId"]}
    assert set(answer) == LEGACY | NEW
    assert (answer["id"], answer["title"], answer["country"]) == (str(stream.pk), "Sunday set", "DE")
    assert answer["host"] == {"id": alice.id, "username": alice.name, "avatar": "", "ogLevel": 0}
    assert (answer["status"], answer["isAnonymous"]) == ("live", False)
    assert (answer["viewers"], answer["roomSize"]) == (1, 1)
    assert {"viewers", "likes", "gifts", "comments", "duration"} <= set(answer["metrics"])
    assert (answer["recovered"], answer["events"]) == (False, [])
    assert set(answer["snapshot"]) == {"throne", "battle", "pinned", "messages", "settings", "topGifters"}


async def test_the_joiner_is_shown_the_last_public_messages(servers, alice, bob, charlie, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    viewer = await crowd.join(servers[1], bob, stream)
    done(await say(host, stream, "welcome"))
    done(await say(viewer, stream, "thank you"))
    done(await say(viewer, stream, "a secret", type="private"))
    await all_has_arrived(host, stream, viewer)

    newcomer = await crowd.connect(servers[1], charlie)
    messages = (await join(newcomer, stream))["snapshot"]["messages"]

    assert [message["message"] for message in messages][:2] == ["welcome", "thank you"]
    assert "a secret" not in str(messages)
    live = await hear(viewer, "welcome")
    assert messages[0] == {name: live[name] for name in messages[0]}


async def test_the_others_are_told_of_a_joiner_and_the_joiner_is_not(
    servers, live_transport, alice, bob, stream, crowd
):
    host = await crowd.join(servers[0], alice, stream, live_transport)
    neighbour = await crowd.join(servers[1], alice, stream, live_transport)

    viewer = await crowd.join(servers[1], bob, stream, live_transport)

    for other in (host, neighbour):
        notice = await other.wait_for("stream:join", lambda data: data.get("userId") == bob.id)
        assert notice["username"] == bob.name
        assert notice["timestamp"].endswith("Z")
        assert notice["streamId"] == str(stream.pk)
    await all_has_arrived(host, stream, host, viewer)
    assert [told["id"] for told in viewer.named("stream:join")] == [str(stream.pk)]
    assert sum(told.get("userId") == bob.id for told in host.named("stream:join")) == 1


async def test_the_room_and_the_leaver_are_told_who_left(servers, live_transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    viewer = await crowd.join(servers[1], bob, stream, live_transport)

    await leave(viewer, stream)

    for client in (host, viewer):
        notice = await client.wait_for("stream:leave")
        assert notice["userId"] == bob.id
        assert notice["username"] == bob.name
        assert notice["timestamp"].endswith("Z")


async def test_who_has_left_hears_nothing_more(servers, live_transport, alice, bob, stream, crowd):
    other_stream = await in_database(make_stream, alice)
    host = await crowd.join(servers[0], alice, stream)
    viewer = await crowd.join(servers[0], bob, stream, live_transport)
    await join(viewer, other_stream)
    await leave(viewer, stream)

    done(await say(host, stream, "are you still there?"))
    await hear(host, "are you still there?")

    await all_has_arrived(host, other_stream, viewer)
    assert "are you still there?" not in [data["message"] for data in viewer.named("chat:new")]
    assert len(viewer.named("stream:leave")) == 1


async def test_a_small_room_is_told_when_a_socket_is_lost(servers, live_transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    viewer = await crowd.join(servers[1], bob, stream, live_transport)

    await viewer.close()

    notice = await host.wait_for("stream:leave")
    assert (notice["userId"], notice["username"]) == (bob.id, bob.name)


async def test_nobody_leaves_a_room_they_are_not_in(servers, live_transport, bob, stream, crowd):
    client = await crowd.connect(servers[0], bob, live_transport)

    reply = await client.call("stream:leave", {"streamId": str(stream.pk)})

    assert reply.code == "not_joined"


async def test_joining_takes_a_live_connection(servers, bob, stream, crowd):
    client = await crowd.connect(servers[0], bob, "rest")

    for event in ("stream:join", "stream:leave"):
        assert (await client.call(event, {"streamId": str(stream.pk)})).code == "connection_required"


@pytest.mark.parametrize("action", ["start", "end"])
async def test_the_room_is_told_when_a_stream_starts_and_ends(servers, alice, bob, crowd, action):
    stream = await in_database(make_stream, alice, live=action == "end")
    viewer = await crowd.join(servers[1], bob, stream)

    await rest(servers[0], "POST", f"streams/{stream.pk}/{action}/", alice)

    status = {"start": "live", "end": "ended"}[action]
    await viewer.wait_for("metrics:update", lambda data: data["metrics"]["status"] == status)


async def test_a_user_is_in_at_most_ten_streams(servers, live_transport, alice, bob, crowd):
    streams = [await in_database(make_stream, alice) for _ in range(11)]
    client = await crowd.connect(servers[0], bob, live_transport)
    for stream in streams[:10]:
        await join(client, stream)

    reply = await client.call("stream:join", {"streamId": str(streams[10].pk)})

    assert reply.code == "too_many_rooms"
    await join(client, streams[0])
    await leave(client, streams[0])
    await join(client, streams[10])


async def test_the_ten_streams_count_over_all_sockets_of_a_user(servers, alice, bob, crowd):
    streams = [await in_database(make_stream, alice) for _ in range(11)]
    clients = [await crowd.connect(server, bob) for server in servers]
    for number, stream in enumerate(streams[:10]):
        await join(clients[number % 2], stream)

    reply = await clients[0].call("stream:join", {"streamId": str(streams[10].pk)})

    assert reply.code == "too_many_rooms"

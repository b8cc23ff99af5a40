"""What somebody writes is heard by everybody in the room, themselves included, on every server and transport."""

from tests.people import all_has_arrived, done, hear, heard, say


async def test_a_viewer_is_heard_by_the_room_on_every_server_and_transport(
    server, transport, alice, bob, stream, crowd
):
    host = await crowd.join(server, alice, stream)
    watcher = await crowd.join(server, bob, stream, "socketio")
    if transport == "rest":
        speaker = await crowd.connect(server, bob, "rest")
    else:
        speaker = await crowd.join(server, bob, stream, transport)
    listeners = [host, watcher] if transport == "rest" else [host, watcher, speaker]

    answer = done(await say(speaker, stream, "Hello everybody 👋"))

    for listener in listeners:
        message = await hear(listener, "Hello everybody 👋")
        assert message["id"] == answer["id"]
        assert message["userId"] == bob.id
        assert message["username"] == bob.name
    await all_has_arrived(host, stream, *listeners)
    for listener in listeners:
        assert heard(listener).count("Hello everybody 👋") == 1


async def test_a_message_has_every_field_released_apps_read(servers, live_transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream, live_transport)
    viewer = await crowd.join(servers[1], bob, stream)

    done(await say(viewer, stream, "good evening"))

    message = await hear(host, "good evening")
    legacy = {"id", "userId", "username", "message", "type", "timestamp", "userAvatar"}
    new = {"messageType", "mentions", "replyTo", "threadId", "ogLevel", "badges", "spotlight", "gift"}
    new |= {"streamId", "eventId", "seq", "epoch"}
    assert set(message) == legacy | new
    assert message["type"] == "public"
    assert message["messageType"] == "text"
    assert message["timestamp"].endswith("Z")
    assert all(isinstance(message[name], str) for name in legacy)


async def test_the_host_and_moderators_wear_badges(servers, alice, bob, mona, stream, crowd):
    viewer = await crowd.join(servers[0], bob, stream)
    for person in (alice, mona):
        client = await crowd.join(servers[1], person, stream)
        done(await say(client, stream, f"I am {person.name}"))

    assert (await hear(viewer, f"I am {alice.name}"))["badges"] == ["host"]
    assert (await hear(viewer, f"I am {mona.name}"))["badges"] == ["moderator"]

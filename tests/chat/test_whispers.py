"""A whisper reaches its sender, the host and the moderators, once each, and nobody else, now or later."""

import pytest

from gateway.database import in_database
from tests.people import all_has_arrived, done, hear, heard, join, leave, make_person, rest, say


async def test_a_whisper_reaches_the_sender_the_host_and_moderators_once_each(
    servers, live_transport, alice, bob, charlie, mona, stream, crowd
):
    helper = await in_database(make_person, "helper")
    await in_database(alice.user.channel_moderators.add, helper.user)
    stranger = await crowd.join(servers[0], charlie, stream, live_transport)
    sender = await crowd.join(servers[0], bob, stream, live_transport)
    meant = [
        sender,
        await crowd.join(servers[1], bob, stream),
        await crowd.join(servers[0], alice, stream, live_transport),
        await crowd.join(servers[1], alice, stream, live_transport),
        await crowd.join(servers[1], mona, stream, live_transport),
        await crowd.join(servers[0], helper, stream, live_transport),
    ]

    done(await say(sender, stream, "between us", type="private"))

    for client in meant:
        assert (await hear(client, "between us"))["type"] == "private"
    await all_has_arrived(meant[2], stream, stranger, *meant)
    assert "between us" not in str(stranger.events)
    for client in meant:
        assert heard(client).count("between us") == 1


@pytest.mark.parametrize("role", ["host", "moderator"])
async def test_those_who_moderate_hear_their_own_whispers_once(servers, alice, bob, mona, stream, crowd, role):
    host = await crowd.join(servers[0], alice, stream)
    moderator = await crowd.join(servers[1], mona, stream)
    viewer = await crowd.join(servers[1], bob, stream)
    sender = {"host": host, "moderator": moderator}[role]

    done(await say(sender, stream, "among us", type="private"))

    await all_has_arrived(sender, stream, host, moderator, viewer)
    assert heard(host).count("among us") == heard(moderator).count("among us") == 1
    assert "among us" not in heard(viewer)


async def test_a_host_who_joined_twice_on_one_socket_hears_a_whisper_once(servers, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    await join(host, stream)
    viewer = await crowd.join(servers[1], bob, stream)

    done(await say(viewer, stream, "between us", type="private"))

    await all_has_arrived(viewer, stream, host)
    assert heard(host).count("between us") == 1


async def test_a_moderator_who_has_left_hears_no_whispers(servers, alice, bob, mona, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    moderator = await crowd.join(servers[0], mona, stream)
    await leave(moderator, stream)
    viewer = await crowd.join(servers[0], bob, stream)

    done(await say(viewer, stream, "between us", type="private"))
    await hear(host, "between us")

    await join(moderator, stream)
    await all_has_arrived(host, stream, moderator)
    assert "between us" not in heard(moderator)


async def test_a_whisper_stays_one_in_the_history(servers, alice, bob, charlie, mona, stream, crowd):
    speaker = await crowd.connect(servers[0], bob)
    done(await say(speaker, stream, "for all"))
    done(await say(speaker, stream, "between us", type="private"))

    for person, expected in [
        (None, ["for all"]),
        (charlie, ["for all"]),
        (bob, ["for all", "between us"]),
        (alice, ["for all", "between us"]),
        (mona, ["for all", "between us"]),
    ]:
        messages = (await rest(servers[1], "GET", f"streams/{stream.pk}/messages/", person)).body["messages"]
        assert [message["message"] for message in messages] == expected


async def test_a_stranger_cannot_answer_a_whisper(servers, bob, charlie, stream, crowd):
    speaker = await crowd.connect(servers[0], bob)
    whisper = done(await say(speaker, stream, "between us", type="private"))
    stranger = await crowd.connect(servers[0], charlie)

    reply = await say(stranger, stream, "what did you say?", replyTo=whisper["id"])

    assert reply.code == "not_found"


@pytest.mark.parametrize("role", ["host", "moderator", "sender"])
async def test_no_answer_shows_a_whisper_to_the_room(servers, alice, bob, charlie, mona, stream, crowd, role):
    speaker = await crowd.join(servers[0], bob, stream)
    stranger = await crowd.join(servers[0], charlie, stream)
    whisper = done(await say(speaker, stream, "my number is secret", type="private"))
    person = {"host": alice, "moderator": mona, "sender": bob}[role]
    answering = await crowd.join(servers[1], person, stream)

    await say(answering, stream, "thanks for telling", replyTo=whisper["id"])

    await all_has_arrived(answering, stream, stranger)
    assert "my number is secret" not in str(stranger.events)
    history = await rest(servers[0], "GET", f"streams/{stream.pk}/messages/", charlie)
    assert "my number is secret" not in str(history.body)


async def test_a_whisper_answers_a_whisper(servers, alice, bob, charlie, stream, crowd):
    speaker = await crowd.join(servers[0], bob, stream)
    stranger = await crowd.join(servers[0], charlie, stream)
    host = await crowd.join(servers[1], alice, stream)
    whisper = done(await say(speaker, stream, "between us", type="private"))

    done(await say(host, stream, "I see", type="private", replyTo=whisper["id"]))

    assert (await hear(host, "I see"))["replyTo"]["preview"] == "between us"
    await all_has_arrived(host, stream, stranger)
    assert len(heard(stranger)) == 1

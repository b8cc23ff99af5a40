"""A private stream is for its host, who was invited, and moderators; for everybody else it is not there."""

import pytest

from gateway.database import in_database
from tests.people import done, join, make_stream, rest, say


@pytest.fixture
def private(alice, bob):
    return make_stream(alice, is_private=True, invited=[bob])


async def test_the_host_the_invited_and_moderators_get_in(servers, live_transport, alice, bob, mona, private, crowd):
    for person in (alice, bob, mona):
        client = await crowd.connect(servers[0], person, live_transport)
        assert (await join(client, private))["id"] == str(private.pk)


async def test_the_hosts_own_moderators_get_in(servers, alice, charlie, private, crowd):
    await in_database(alice.user.channel_moderators.add, charlie.user)
    client = await crowd.connect(servers[0], charlie)

    await join(client, private)


async def test_a_stranger_is_denied_everything(servers, live_transport, charlie, private, crowd):
    client = await crowd.connect(servers[0], charlie, live_transport)
    stream_id = str(private.pk)
    commands = {
        "stream:join": {},
        "chat:new": {"message": "let me in", "type": "public"},
        "ai:warning": {"warningType": "spoilers", "message": "let me in"},
        "metrics:update": {"metrics": {"bitrate": 1}},
    }

    for event, fields in commands.items():
        reply = await client.call(event, {"streamId": stream_id, **fields})
        assert (reply.error.get("message"), reply.code) == ("Access denied", "access_denied"), event


async def test_a_stranger_finds_nothing_over_rest(servers, charlie, private):
    for person in (None, charlie):
        for path in (f"streams/{private.pk}/", f"streams/{private.pk}/messages/"):
            answer = await rest(servers[0], "GET", path, person)
            assert (answer.status, answer.code) == (404, "not_found")
        listed = (await rest(servers[0], "GET", "streams/", person)).body["streams"]
        assert str(private.pk) not in [stream["id"] for stream in listed]


async def test_a_stranger_cannot_write_over_rest(servers, charlie, private, crowd):
    client = await crowd.connect(servers[0], charlie, "rest")

    reply = await say(client, private, "let me in")

    assert reply.error["message"] == "Access denied"


@pytest.mark.parametrize("role", ["host", "invited", "moderator"])
async def test_who_may_enter_may_also_read_over_rest(servers, alice, bob, mona, private, role):
    person = {"host": alice, "invited": bob, "moderator": mona}[role]

    for path in (f"streams/{private.pk}/", f"streams/{private.pk}/messages/"):
        assert (await rest(servers[0], "GET", path, person)).status == 200
    listed = (await rest(servers[0], "GET", "streams/", person)).body["streams"]
    assert str(private.pk) in [stream["id"] for stream in listed]


async def test_an_invitation_is_made_over_rest(servers, alice, bob, charlie, crowd):
    fields = {"title": "For Bob", "isPrivate": True, "invited": [bob.user.pk]}
    made = (await rest(servers[0], "POST", "streams/", alice, fields)).body
    guest, stranger = await crowd.connect(servers[1], bob), await crowd.connect(servers[1], charlie)

    done(await guest.call("stream:join", {"streamId": made["id"]}))
    reply = await stranger.call("stream:join", {"streamId": made["id"]})

    assert reply.error["message"] == "Access denied"

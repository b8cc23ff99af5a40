"""The host and moderators warn a room with `ai:warning`; viewers do not."""

import pytest

from gateway.database import in_database
from tests.people import all_has_arrived, done, make_person


async def warn(client, stream, **fields):
    payload = {"streamId": str(stream.pk), "warningType": "spoilers", "message": "No spoilers, please."}
    return await client.call("ai:warning", {**payload, **fields})


@pytest.mark.parametrize("role", ["host", "moderator", "channel moderator"])
async def test_those_who_moderate_warn_the_room(servers, transport, alice, bob, mona, charlie, stream, crowd, role):
    person = {"host": alice, "moderator": mona, "channel moderator": charlie}[role]
    if role == "channel moderator":
        await in_database(alice.user.channel_moderators.add, charlie.user)
    viewers = [await crowd.join(server, bob, stream) for server in servers]
    moderator = await crowd.connect(servers[0], person, transport)

    done(await warn(moderator, stream))

    for viewer in viewers:
        warning = await viewer.wait_for("ai:warning")
        assert warning["userId"] == person.id
        assert warning["username"] == person.name
        assert warning["warningType"] == "spoilers"
        assert warning["message"] == "No spoilers, please."
        assert warning["timestamp"].endswith("Z")


async def test_a_viewer_does_not_warn_the_room(servers, transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    viewer = await crowd.connect(servers[1], bob, transport)

    reply = await warn(viewer, stream)

    assert (reply.error.get("message"), reply.code) == ("Access denied", "access_denied")
    await all_has_arrived(host, stream, host)
    assert host.named("ai:warning") == []


async def test_the_moderator_of_another_host_does_not_warn_the_room(servers, bob, charlie, stream, crowd):
    await in_database(bob.user.channel_moderators.add, charlie.user)
    client = await crowd.connect(servers[0], charlie)

    assert (await warn(client, stream)).error["message"] == "Access denied"


@pytest.mark.parametrize("role", ["moderator", "channel moderator"])
async def test_the_role_is_read_for_each_command(servers, live_transport, alice, stream, crowd, role):
    person = await in_database(make_person, "former")
    client = await crowd.connect(servers[0], person, live_transport)

    async def appoint(appointed: bool) -> None:
        if role == "moderator":
            person.user.is_moderator = appointed
            await in_database(person.user.save)
        elif appointed:
            await in_database(alice.user.channel_moderators.add, person.user)
        else:
            await in_database(alice.user.channel_moderators.remove, person.user)

    assert (await warn(client, stream)).code == "access_denied"
    await appoint(True)
    done(await warn(client, stream))
    await appoint(False)
    assert (await warn(client, stream)).code == "access_denied"


@pytest.mark.parametrize(
    "fields",
    [
        {"warningType": ""}, {"warningType": "a b"}, {"warningType": "x" * 41}, {"warningType": 7}, {"type": "x"},
        {"userId": "1"}, {"until": "2030-01-01"},
    ],
    ids=str,
)  # fmt: skip
async def test_malformed_warnings_are_refused(servers, alice, stream, crowd, fields):
    host = await crowd.connect(servers[0], alice)

    assert (await warn(host, stream, **fields)).code == "invalid_payload"


@pytest.mark.parametrize("message", ["", "x" * 501, 7, None, "<b>bold</b>", "over\u202eride", "bell \x07"])
async def test_a_warning_is_plain_text(servers, alice, stream, crowd, message):
    host = await crowd.connect(servers[0], alice)

    reply = await warn(host, stream, message=message)

    assert (reply.error.get("message"), reply.code) == ("Invalid content", "invalid_content")

"""The lounge: messages for those of a high tier, the host and moderators, and for nobody else, now or later."""

import pytest

from accounts import services as account_services
from gateway.database import in_database
from tests.people import all_has_arrived, done, eventually, hear, heard, join, rest, say


async def enter(client, stream, **fields):
    return await client.call("lounge:watch", {"streamId": str(stream.pk), **fields})


async def set_level(person, level):
    await in_database(account_services.set_og_level, user_id=person.user.pk, level=level)


async def test_who_is_in_the_lounge_hears_it_and_nobody_else(
    servers, live_transport, alice, bob, charlie, mona, stream, crowd
):
    await set_level(bob, 4)
    stranger = await crowd.join(servers[0], charlie, stream, live_transport)
    members = [
        await crowd.join(servers[n % 2], who, stream, live_transport) for n, who in enumerate((alice, bob, mona))
    ]
    for member in members:
        done(await enter(member, stream))

    done(await say(members[1], stream, "in here", type="lounge"))

    for member in members:
        assert (await hear(member, "in here"))["type"] == "lounge"
    await all_has_arrived(members[0], stream, stranger)
    assert "in here" not in str(stranger.events)


async def test_without_the_tier_there_is_no_lounge(servers, transport, bob, stream, crowd):
    await set_level(bob, 3)
    client = await crowd.connect(servers[0], bob, transport)
    assert (await enter(client, stream)).code == ("connection_required" if transport == "rest" else "access_denied")
    assert (await say(client, stream, "let me in", type="lounge")).code == "access_denied"


async def test_a_member_writes_on_every_transport_and_reads_it_later(servers, transport, bob, charlie, stream, crowd):
    await set_level(bob, 4)
    client = await crowd.connect(servers[0], bob, transport)
    message = done(await say(client, stream, "in here", type="lounge"))["id"]
    done(await say(client, stream, "said aloud"))

    async def read(person, query=""):
        answer = await rest(servers[1], "GET", f"streams/{stream.pk}/messages/{query}", person)
        return [each["message"] for each in answer.body["messages"]]

    assert await read(bob) == ["in here", "said aloud"]
    assert await read(bob, "?lounge=true") == ["in here"]
    assert await read(bob, "?lounge=false") == ["said aloud"]
    assert await read(charlie, "?lounge=true") == []
    assert await read(charlie) == await read(None) == ["said aloud"]
    newcomer = await crowd.connect(servers[1], bob)
    snapshot = (await join(newcomer, stream))["snapshot"]
    assert [each["message"] for each in snapshot["messages"]] == ["said aloud"]
    stranger = await crowd.connect(servers[1], charlie)
    assert (await stranger.call("chat:remove", {"messageId": message})).code == "not_found"
    assert (await say(stranger, stream, "what?", replyTo=message)).code == "not_found"


async def test_an_answer_to_the_lounge_stays_in_it(servers, alice, bob, stream, crowd):
    await set_level(bob, 4)
    member = await crowd.join(servers[0], bob, stream)
    message = done(await say(member, stream, "in here", type="lounge"))["id"]
    assert (await say(member, stream, "aloud", replyTo=message)).code == "not_found"
    done(await say(member, stream, "in here too", type="lounge", replyTo=message))


async def test_who_loses_the_tier_hears_no_more(servers, alice, bob, stream, crowd):
    await set_level(bob, 4)
    host, member = await crowd.join(servers[0], alice, stream), await crowd.join(servers[1], bob, stream)
    for client in (host, member):
        done(await enter(client, stream))

    await set_level(bob, 0)

    async def is_out():
        done(await host.call("chat:new", {"streamId": str(stream.pk), "message": "still in?", "type": "lounge"}))
        await hear(host, "still in?")
        before = len(heard(member))
        await all_has_arrived(host, stream, member)
        return heard(member)[before:].count("still in?") == 0

    await eventually(is_out)
    assert (await enter(member, stream)).code == "access_denied"


async def test_one_may_leave(servers, alice, bob, stream, crowd):
    await set_level(bob, 4)
    host, member = await crowd.join(servers[0], alice, stream), await crowd.join(servers[1], bob, stream)
    for client in (host, member):
        done(await enter(client, stream))
    done(await enter(member, stream, watch=False))
    done(await say(host, stream, "in here", type="lounge"))
    await hear(host, "in here")
    await all_has_arrived(host, stream, member)
    assert "in here" not in heard(member)


@pytest.mark.parametrize("stream_id", ["0", "x", None, "999999999999"], ids=repr)
async def test_there_is_no_lounge_of_no_stream(servers, alice, crowd, stream_id):
    client = await crowd.connect(servers[0], alice)
    assert (await client.call("lounge:watch", {"streamId": stream_id})).code == "invalid_stream"


async def test_a_spotlight_needs_its_tier_and_comes_once_a_minute(servers, transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    client = await crowd.connect(servers[0], bob, transport)
    await set_level(bob, 4)
    assert (await say(client, stream, "look at me", spotlight=True)).code == "access_denied"
    await set_level(bob, 5)
    done(await say(client, stream, "look at me", spotlight=True))
    assert (await hear(host, "look at me"))["spotlight"] is True
    assert (await say(client, stream, "and again", spotlight=True)).code == "rate_limited"
    history = await rest(servers[1], "GET", f"streams/{stream.pk}/messages/")
    assert [message["spotlight"] for message in history.body["messages"]] == [True]

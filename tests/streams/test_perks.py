"""What OG tiers may do in streams: their level is read at the moment they do it."""

import pytest

from accounts import services as account_services
from gateway.database import in_database
from tests.people import all_has_arrived, done, join, leave


async def react(client, stream, reaction):
    return await client.call("stream:react", {"streamId": str(stream.pk), "reaction": reaction})


async def test_likes_are_seen_and_counted(servers, transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    client = await crowd.connect(servers[0], bob, transport)
    for reaction in ("like", "love", "clap"):
        done(await react(client, stream, reaction))
    seen = await host.wait_for("stream:react", lambda data: data["reaction"] == "clap")
    assert (seen["userId"], seen["animated"]) == (bob.id, False)
    await host.wait_for("metrics:update", lambda data: data["metrics"]["likes"] == 3)


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

"""Each rung of the ladder does what it says on every process, to the sanctioned alone, until it ends."""

import asyncio
from datetime import timedelta

import pytest

from gateway.database import in_database
from gateway.errors import CommandError
from moderation.models import Rung
from moderation.services import sanctions
from tests.coins import give, wallet
from tests.people import (
    PASSWORD,
    all_has_arrived,
    closing,
    done,
    eventually,
    hear,
    heard,
    join,
    make_stream,
    rest,
    say,
    sign_in,
)
from tests.sanctions.conftest import REASON, run_out, sanction


async def test_a_warning_must_be_acknowledged_before_the_next_message(servers, transport, bob, mona, stream, crowd):
    tab = await crowd.join(servers[1], bob, stream)
    author = await crowd.connect(servers[0], bob, transport)
    await sanction(bob, Rung.WARNING, by=mona)
    told = await tab.wait_for("sanction:issued")
    assert (told["rung"], told["reason"], told["mustAcknowledge"]) == ("warning", REASON, True)

    assert (await say(author, stream, "I did not read it")).code == "must_acknowledge"
    done(await author.call("sanction:acknowledge", {"sanctionId": told["sanctionId"]}))
    done(await say(author, stream, "now I have"))


async def test_a_warning_in_one_stream_leaves_the_others_alone(servers, alice, bob, mona, stream, crowd):
    other = await in_database(make_stream, alice)
    author = await crowd.connect(servers[0], bob)
    await sanction(bob, Rung.WARNING, by=mona, stream=stream)
    assert (await say(author, stream, "hello")).code == "must_acknowledge"
    done(await say(author, other, "hello"))


async def test_nobody_acknowledges_for_another(servers, bob, charlie, mona, crowd):
    issued = await sanction(bob, Rung.WARNING, by=mona)
    stranger = await crowd.connect(servers[0], charlie)
    reply = await stranger.call("sanction:acknowledge", {"sanctionId": str(issued.pk)})
    assert reply.code == "not_found"


async def test_a_timeout_in_a_stream_ends_by_itself(servers, alice, bob, mona, stream, crowd):
    other = await in_database(make_stream, alice)
    author = await crowd.join(servers[0], bob, stream)
    issued = await sanction(bob, Rung.TIMEOUT, by=mona, stream=stream, lasts=timedelta(minutes=5))
    told = await author.wait_for("sanction:issued")
    assert told["streamId"] == str(stream.pk)

    refused = await say(author, stream, "hello")
    assert refused.code == "muted"
    assert 290 < refused.error["retryAfter"] <= 300
    done(await say(author, other, "hello"))
    await run_out(issued)
    done(await say(author, stream, "back again"))


async def test_a_timeout_without_a_length_lasts_ten_minutes(bob, mona):
    issued = await sanction(bob, Rung.TIMEOUT, by=mona)
    assert issued.until - issued.created_at == timedelta(minutes=10)


async def test_the_author_under_a_shadow_ban_sees_themself_and_nobody_else_does(
    servers, transport, alice, bob, mona, stream, crowd
):
    others = [await crowd.join(server, person, stream) for server, person in zip(servers, (alice, mona), strict=True)]
    tab = await crowd.join(servers[1], bob, stream)
    author = await crowd.connect(servers[0], bob, transport)
    await sanction(bob, Rung.SHADOW_BAN, by=mona, stream=stream)

    hidden = done(await say(author, stream, "can you hear me"))
    await hear(tab, "can you hear me")
    await all_has_arrived(others[0], stream, *others, tab)
    assert all("can you hear me" not in heard(client) for client in others)
    assert tab.named("sanction:issued") == []
    path = f"streams/{stream.pk}/messages/"
    assert "can you hear me" in str((await rest(servers[0], "GET", path, bob)).body)
    for person in (alice, mona, None):
        assert "can you hear me" not in str((await rest(servers[0], "GET", path, person)).body)
    reply = await say(others[0], stream, "what?", replyTo=hidden["id"])
    assert reply.code == "not_found"
    mine = await rest(servers[0], "GET", "moderation/sanctions/", bob)
    assert mine.body == []


async def test_a_ban_from_a_stream_puts_every_socket_out_of_it_and_keeps_it_out(
    servers, alice, bob, mona, stream, crowd
):
    host = await crowd.join(servers[0], alice, stream)
    tabs = [await crowd.join(server, bob, stream) for server in servers]
    other = await in_database(make_stream, alice)
    issued = await sanction(bob, Rung.BAN, by=mona, stream=stream)

    for tab in tabs:
        await tab.wait_for("sanction:issued", seconds=2.0)
        await tab.wait_for("stream:leave", lambda data: data["userId"] == bob.id, seconds=2.0)
    done(await say(host, stream, "are they gone?"))
    for tab in tabs:
        assert (await tab.call("stream:join", {"streamId": str(stream.pk)})).code == "banned"
        assert (await tab.call("throne:claimed", {"streamId": str(stream.pk)})).code == "banned"
        reply = await say(tab, stream, "let me in")
        assert (reply.code, reply.error["message"]) == ("banned", "You are banned from this stream")
        await join(tab, other)
    await all_has_arrived(host, other, *tabs)
    assert all("are they gone?" not in heard(tab) for tab in tabs)
    await run_out(issued)
    await eventually(comes_in(tabs[0], stream))


def comes_in(client, stream):
    """Looks whether the client may enter; processes remember a stream for a second."""

    async def look():
        return (await client.call("stream:join", {"streamId": str(stream.pk)})).ok

    return look


async def test_who_is_banned_from_a_stream_cannot_give_there(servers, transport, bob, mona, stream, crowd):
    await in_database(give, bob, 1000)
    client = await crowd.connect(servers[0], bob, transport)
    await sanction(bob, Rung.BAN, by=mona, stream=stream)
    gift = {"streamId": str(stream.pk), "giftId": "rose", "quantity": 1}
    boost = {"streamId": str(stream.pk), "boostType": "attack", "boostAmount": 10}
    assert (await client.call("gift:sent", gift)).code == "banned"
    assert (await client.call("battle:boost", boost)).code == "banned"
    assert await in_database(wallet, bob) == (1000, 0)


async def test_a_ban_closes_every_socket_and_lets_nobody_back_until_it_ends(servers, bob, mona, crowd):
    tabs = [await crowd.connect(server, bob) for server in servers]
    issued = await sanction(bob, Rung.BAN, by=mona, lasts=timedelta(hours=1))
    for notice in await asyncio.gather(*(closing(tab) for tab in tabs)):
        assert notice["code"] == 4101
    assert all(tab.named("sanction:issued") for tab in tabs)
    refused = await rest(servers[0], "POST", "auth/token/", json={"username": bob.name, "password": PASSWORD})
    assert refused.code == "banned"

    await run_out(issued)
    again = await in_database(sign_in, bob.user)
    await crowd.connect(servers[0], again)


async def test_a_ban_that_ends_beside_another_lets_nobody_in(bob, mona):
    short = await sanction(bob, Rung.BAN, by=mona, lasts=timedelta(hours=1))
    await sanction(bob, Rung.BAN, by=mona)
    await run_out(short)
    await in_database(bob.user.refresh_from_db)
    assert bob.user.is_banned


async def test_what_the_banned_wrote_is_taken_back_where_they_are_banned(servers, alice, bob, mona, stream, crowd):
    other = await in_database(make_stream, alice)
    host = await crowd.join(servers[0], alice, stream)
    author = await crowd.connect(servers[1], bob)
    here, there = [done(await say(author, place, "hello")) for place in (stream, other)]
    await sanction(bob, Rung.BAN, by=mona, stream=stream, purge=True)
    removed = await host.wait_for("chat:removed")
    assert (removed["messageId"], removed["reason"]) == (here["id"], "purge")
    history = await rest(servers[0], "GET", f"streams/{other.pk}/messages/", alice)
    assert there["id"] in str(history.body)


@pytest.mark.parametrize("lasts", [timedelta(), timedelta(seconds=-1), timedelta(days=4000)])
async def test_a_sanction_of_no_time_or_of_too_much_is_refused(bob, mona, lasts):
    with pytest.raises(CommandError, match="from a second to ten years"):
        await sanction(bob, Rung.TIMEOUT, by=mona, lasts=lasts)


async def test_devices_are_not_banned_from_one_stream(bob, mona, stream):
    with pytest.raises(CommandError, match="devices"):
        await sanction(bob, Rung.DEVICE_BAN, by=mona, stream=stream)


async def test_a_lifted_sanction_is_over_at_once_and_told(servers, bob, mona, stream, crowd):
    author = await crowd.join(servers[0], bob, stream)
    issued = await sanction(bob, Rung.TIMEOUT, by=mona)
    await in_database(sanctions.lift, actor=sanctions.AUTOMATIC, sanction_id=issued.pk, reason="a quote")
    assert (await author.wait_for("sanction:lifted"))["sanctionId"] == str(issued.pk)
    done(await say(author, stream, "back again"))
    with pytest.raises(CommandError, match="not in force"):
        await in_database(sanctions.lift, actor=sanctions.AUTOMATIC, sanction_id=issued.pk, reason="again")

"""A command with a `cid` happens once and has one answer, however often and from wherever it is sent."""

import asyncio

import pytest

from accounts.models import User
from gateway.database import in_database
from gateway.testing import TRANSPORTS
from moderation.models import Rung, Sanction
from tests.people import all_has_arrived, done, heard, make_stream, rest, say


async def everywhere(servers, person, crowd):
    """A client on each process over some transport; over REST too."""
    return [await crowd.connect(servers[number % 2], person, transport) for number, transport in enumerate(TRANSPORTS)]


async def test_a_retry_gets_the_same_answer_and_has_no_effect(servers, transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    first = await crowd.connect(servers[0], bob, transport)
    other = await crowd.connect(servers[1], bob)
    answer = done(await say(first, stream, "once", cid="c1"))

    assert done(await say(first, stream, "once", cid="c1")) == answer
    assert done(await say(other, stream, "once", cid="c1")) == answer

    await all_has_arrived(host, stream, host)
    assert heard(host).count("once") == 1
    history = (await rest(servers[1], "GET", f"streams/{stream.pk}/messages/")).body["messages"]
    assert [message["id"] for message in history if message["message"] == "once"] == [answer["id"]]


@pytest.mark.parametrize("role", ["viewer", "host"])
async def test_the_same_command_from_everywhere_at_once_happens_once(servers, alice, bob, stream, crowd, role):
    host = await crowd.join(servers[0], alice, stream)
    person = {"viewer": bob, "host": alice}[role]
    clients = await everywhere(servers, person, crowd)
    # A viewer may write three times at once; the host more often.
    clients = clients[:3] if role == "viewer" else clients * 5

    replies = await asyncio.gather(*(say(client, stream, "once", cid="c1") for client in clients))

    assert len({done(reply)["id"] for reply in replies}) == 1
    await all_has_arrived(host, stream, host)
    assert heard(host).count("once") == 1


async def test_a_cid_with_another_body_is_refused(servers, transport, alice, bob, stream, crowd):
    elsewhere = await in_database(make_stream, alice)
    host = await crowd.join(servers[0], alice, stream)
    client = await crowd.connect(servers[1], bob, transport)
    done(await say(client, stream, "once", cid="c1"))

    other_text = await say(client, stream, "twice", cid="c1")
    other_stream = await say(client, elsewhere, "once", cid="c1")

    assert other_text.code == other_stream.code == "cid_reused"
    await all_has_arrived(host, stream, host)
    assert "twice" not in heard(host)


async def test_two_users_may_think_of_the_same_cid(servers, alice, bob, charlie, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    for person in (bob, charlie):
        client = await crowd.connect(servers[1], person)
        done(await say(client, stream, f"I am {person.name}", cid="c1"))

    await all_has_arrived(host, stream, host)
    assert heard(host)[:2] == [f"I am {bob.name}", f"I am {charlie.name}"]


async def test_a_cid_that_was_refused_may_be_used_again(servers, bob, stream, crowd):
    client = await crowd.connect(servers[0], bob)
    assert (await say(client, stream, "<b>bold</b>", cid="c1")).code == "invalid_content"

    done(await say(client, stream, "plain", cid="c1"))


async def test_a_retry_of_a_stopped_message_is_told_the_same_and_warned_of_once(servers, bob, stream, crowd):
    client = await crowd.join(servers[0], bob, stream)
    other = await crowd.join(servers[1], bob, stream, "polling")

    replies = [await say(sender, stream, "this is bullshit", cid="c1") for sender in (client, other)]

    assert replies[0] == replies[1]
    assert replies[0].code == "content_stopped"
    done(await say(client, stream, "hello"))
    await other.wait_for("chat:new")
    assert len(other.named("ai:warning")) == 1


async def let_it_be(servers, alice, bob, stream):
    """Nothing has happened in between."""


async def end_the_stream(servers, alice, bob, stream):
    assert (await rest(servers[0], "POST", f"streams/{stream.pk}/end/", alice)).status == 200


async def mute_the_author(servers, alice, bob, stream):
    author = await in_database(User.objects.get, pk=bob.user.pk)
    until = bob.session.created_at.replace(year=bob.session.created_at.year + 1)
    await in_database(Sanction.objects.create, user=author, rung=Rung.TIMEOUT, until=until)


@pytest.mark.parametrize("meanwhile", [let_it_be, end_the_stream, mute_the_author])
async def test_a_retry_is_told_that_the_message_was_sent_whatever_holds_by_now(servers, alice, bob, crowd, meanwhile):
    stream = await in_database(make_stream, alice, slow_mode_seconds=60)
    client = await crowd.connect(servers[0], bob)
    answer = done(await say(client, stream, "once", cid="c1"))

    await meanwhile(servers, alice, bob, stream)

    other = await crowd.connect(servers[1], bob)
    assert done(await say(other, stream, "once", cid="c1")) == answer

"""A message taken back is gone for everybody who was told of it, and from wherever it was shown or quoted."""

from datetime import timedelta

import pytest
from django.db import transaction

from accounts import services as account_services
from chat.models import Message, RemovalReason
from chat.services import removal
from gateway.database import in_database
from tests.people import all_has_arrived, done, join, leave, make_person, rest, say


async def remove(client, message_id):
    return await client.call("chat:remove", {"messageId": message_id})


async def shown(server, stream, person=None):
    answer = await rest(server, "GET", f"streams/{stream.pk}/messages/", person)
    return [message["message"] for message in answer.body["messages"]]


async def grow_old(message_id):
    """Let the message be written long before now."""
    message = await in_database(Message.objects.get, pk=message_id)
    message.created_at -= timedelta(days=1)
    await in_database(message.save)


async def test_an_author_takes_a_message_back(servers, transport, alice, bob, charlie, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    author = await crowd.connect(servers[0], bob, transport)
    message = done(await say(author, stream, "oops"))["id"]

    done(await remove(author, message))

    removed = await host.wait_for("chat:removed")
    assert (removed["messageId"], removed["reason"], removed["removedBy"]) == (message, "author", bob.id)
    assert removed["streamId"] == str(stream.pk)
    assert await shown(servers[1], stream, bob) == []
    newcomer = await crowd.connect(servers[1], charlie)
    assert (await join(newcomer, stream))["snapshot"]["messages"] == []


async def test_a_removal_is_heard_over_every_transport(servers, live_transport, alice, bob, stream, crowd):
    listener = await crowd.join(servers[0], alice, stream, live_transport)
    author = await crowd.connect(servers[1], bob)
    message = done(await say(author, stream, "oops"))["id"]
    done(await remove(author, message))
    assert (await listener.wait_for("chat:removed"))["messageId"] == message


async def test_a_removal_has_one_effect(servers, transport, alice, bob, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    author = await crowd.connect(servers[0], bob, transport)
    message = done(await say(author, stream, "oops"))["id"]
    for _ in range(3):
        done(await remove(author, message))
    await all_has_arrived(host, stream, host)
    assert len(host.named("chat:removed")) == 1


async def test_an_authors_time_runs_out(servers, transport, bob, stream, crowd):
    author = await crowd.connect(servers[0], bob, transport)
    message = done(await say(author, stream, "long ago"))["id"]
    await grow_old(message)

    refused = await remove(author, message)

    assert (refused.code, "60 seconds" in refused.error["message"]) == ("invalid_state", True)
    assert await shown(servers[1], stream) == ["long ago"]


async def test_from_og_4_on_an_author_has_any_time(servers, transport, bob, stream, crowd):
    author = await crowd.connect(servers[0], bob, transport)
    message = done(await say(author, stream, "long ago"))["id"]
    await grow_old(message)
    await in_database(account_services.set_og_level, user_id=bob.user.pk, level=3)
    assert (await remove(author, message)).code == "invalid_state"

    await in_database(account_services.set_og_level, user_id=bob.user.pk, level=4)

    done(await remove(author, message))
    assert await shown(servers[1], stream) == []


@pytest.mark.parametrize("role", ["host", "moderator", "channel moderator"])
async def test_those_who_moderate_remove_the_messages_of_others(servers, role, alice, bob, mona, stream, crowd):
    helper = await in_database(make_person, "helper")
    await in_database(alice.user.channel_moderators.add, helper.user)
    person = {"host": alice, "moderator": mona, "channel moderator": helper}[role]
    author = await crowd.join(servers[0], bob, stream)
    message = done(await say(author, stream, "buy followers"))["id"]
    await grow_old(message)

    done(await remove(await crowd.connect(servers[1], person), message))

    removed = await author.wait_for("chat:removed")
    assert (removed["reason"], removed["removedBy"]) == ("moderator", person.id)
    assert await shown(servers[0], stream, bob) == []


async def test_a_role_that_was_taken_away_removes_nothing(servers, alice, bob, mona, stream, crowd):
    author = await crowd.connect(servers[0], bob)
    message = done(await say(author, stream, "hello"))["id"]
    moderator = await crowd.join(servers[0], mona, stream)
    mona.user.is_moderator = False
    await in_database(mona.user.save)

    assert (await remove(moderator, message)).code == "access_denied"


async def test_the_hosts_words_are_not_for_channel_moderators_to_remove(servers, alice, mona, stream, crowd):
    helper = await in_database(make_person, "helper")
    await in_database(alice.user.channel_moderators.add, helper.user)
    message = done(await say(await crowd.connect(servers[0], alice), stream, "my house"))["id"]

    assert (await remove(await crowd.connect(servers[0], helper), message)).code == "access_denied"
    done(await remove(await crowd.connect(servers[0], mona), message))


@pytest.mark.parametrize("message_id", ["999999999999", "0", "-1", "x", "", 12, None], ids=repr)
async def test_what_is_no_message_is_refused(servers, transport, bob, crowd, message_id):
    refused = await remove(await crowd.connect(servers[0], bob, transport), message_id)
    assert refused.code == ("not_found" if message_id == "999999999999" else "invalid_payload")


async def test_a_stranger_removes_nothing(servers, transport, bob, charlie, stream, crowd):
    author = await crowd.connect(servers[0], bob)
    message = done(await say(author, stream, "mine"))["id"]
    whisper = done(await say(author, stream, "between us", type="private"))["id"]
    stranger = await crowd.connect(servers[0], charlie, transport)

    assert (await remove(stranger, message)).code == "access_denied"
    assert (await remove(stranger, whisper)).code == "not_found"
    assert await shown(servers[1], stream, bob) == ["mine", "between us"]


async def test_a_removed_whisper_is_named_to_those_alone_who_heard_it(
    servers, alice, bob, charlie, mona, stream, crowd
):
    host, author, stranger, moderator = [
        await crowd.join(servers[number % 2], person, stream)
        for number, person in enumerate((alice, bob, charlie, mona))
    ]
    question = done(await say(author, stream, "between us", type="private"))["id"]
    answer = done(await say(host, stream, "I see", type="private", replyTo=question))["id"]

    done(await remove(host, answer))

    for listener in (host, author, moderator):
        assert (await listener.wait_for("chat:removed"))["messageId"] == answer
    await all_has_arrived(host, stream, stranger)
    assert stranger.named("chat:removed") == []


async def test_no_reply_quotes_a_removed_message(servers, alice, bob, stream, crowd):
    author = await crowd.connect(servers[0], bob)
    host = await crowd.join(servers[0], alice, stream)
    first = done(await say(author, stream, "my number is secret"))["id"]
    done(await say(host, stream, "do not tell", replyTo=first))

    done(await remove(author, first))

    assert (await say(host, stream, "again", replyTo=first)).code == "not_found"
    history = await rest(servers[1], "GET", f"streams/{stream.pk}/messages/", alice)
    (reply,) = history.body["messages"]
    assert (reply["replyTo"]["id"], reply["replyTo"]["preview"]) == (first, "")
    await leave(host, stream)
    assert "my number is secret" not in str(await join(host, stream))


async def test_messages_of_many_streams_are_removed_in_the_callers_transaction(servers, alice, bob, stream, crowd):
    author = await crowd.join(servers[0], bob, stream)
    ids = [int(done(await say(author, stream, f"spam {number}"))["id"]) for number in range(3)]

    def purge(fails):
        with transaction.atomic(durable=True):
            removed = removal.remove_messages(message_ids=[*ids, 10**15], reason=RemovalReason.PURGE)
            if fails:
                raise RuntimeError
            return removed

    with pytest.raises(RuntimeError):
        await in_database(purge, True)
    assert len(await shown(servers[0], stream)) == 3
    assert await in_database(purge, False) == ids
    assert await in_database(purge, False) == []

    await author.wait_for("chat:removed", lambda data: data["messageId"] == str(ids[-1]))
    told = author.named("chat:removed")
    assert [data["messageId"] for data in told] == [str(message) for message in ids]
    assert {(data["reason"], data["removedBy"]) for data in told} == {("purge", None)}


async def test_messages_are_removed_over_rest(servers, alice, bob, charlie, stream, crowd):
    listener = await crowd.join(servers[1], alice, stream)
    message = done(await say(await crowd.connect(servers[0], bob), stream, "oops"))["id"]
    path = f"streams/{stream.pk}/messages/{message}/"

    assert (await rest(servers[0], "DELETE", path)).status == 401
    assert (await rest(servers[0], "DELETE", path, charlie)).code == "access_denied"
    assert (await rest(servers[0], "DELETE", f"streams/1{stream.pk}/messages/{message}/", bob)).code == "not_found"
    assert (await rest(servers[0], "DELETE", path, bob)).status == 204
    assert (await listener.wait_for("chat:removed"))["messageId"] == message

"""A stream's chat can be slowed, narrowed and delayed by those who moderate it; they themselves are spared."""

import secrets
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import Entry
from chat.models import Message
from gateway.database import in_database
from moderation.models import Rung
from tests.people import all_has_arrived, done, hear, heard, join, make_person, make_stream, rest, say
from tests.sanctions.conftest import sanction

LINK = "see https://example.com"


def words():
    return f"hello {secrets.token_hex(4)}"


@pytest.mark.parametrize(
    ("settings", "text", "code"),
    [
        ({"og_only_level": 2}, "hello", "og_only"),
        ({"emoji_only": True}, "hello 🎉", "emoji_only"),
        ({"links_allowed": False}, LINK, "links_not_allowed"),
    ],
)
async def test_what_a_setting_forbids_is_refused_to_all_but_those_who_moderate(
    servers, transport, alice, bob, mona, crowd, settings, text, code
):
    stream = await in_database(make_stream, alice, **settings)
    viewer = await crowd.connect(servers[0], bob, transport)
    reply = await say(viewer, stream, text)
    assert reply.code == code
    for person in (alice, mona):
        done(await say(await crowd.connect(servers[1], person), stream, text))


async def test_those_of_the_tier_may_write_and_others_are_told_which_it_is(servers, alice, bob, crowd):
    stream = await in_database(make_stream, alice, og_only_level=2)
    member = await in_database(make_person, "olga", og_level=2)
    done(await say(await crowd.connect(servers[0], member), stream, words()))
    reply = await say(await crowd.connect(servers[0], bob), stream, words())
    assert reply.error["limits"] == {"level": 2}


async def test_emoji_are_heard_where_only_emoji_are_allowed(servers, alice, bob, crowd):
    stream = await in_database(make_stream, alice, emoji_only=True)
    done(await say(await crowd.connect(servers[0], bob), stream, "🎉🎉", type="emoji"))


async def test_where_messages_are_unique_nobody_repeats_what_was_said(servers, alice, bob, charlie, crowd):
    stream, other = [await in_database(make_stream, alice, unique_messages=True) for _ in range(2)]
    text = words()
    done(await say(await crowd.connect(servers[0], bob), stream, text))
    repeating = await crowd.connect(servers[1], charlie)
    reply = await say(repeating, stream, f"  {text.upper()} ")
    assert (reply.code, reply.error["retryAfter"] > 500) == ("not_unique", True)
    done(await say(repeating, other, text))


async def come_due(*message_ids):
    """Let the time of delayed messages be over."""
    over = timezone.now() - timedelta(seconds=1)
    await in_database(Message.objects.filter(pk__in=map(int, message_ids)).update, appears_at=over)


async def test_a_delayed_message_is_seen_by_those_who_moderate_first(servers, alice, bob, charlie, crowd):
    stream = await in_database(make_stream, alice, chat_delay_seconds=6)
    host, viewer = await crowd.join(servers[0], alice, stream), await crowd.join(servers[1], charlie, stream)
    author = await crowd.connect(servers[0], bob)
    answer = done(await say(author, stream, "hello"))
    early = await host.wait_for("chat:delayed")
    assert (early["message"]["id"], early["appearsAt"]) == (answer["id"], answer["appearsAt"])
    page = (await rest(servers[0], "GET", f"streams/{stream.pk}/messages/", charlie)).body
    assert answer["id"] not in [message["id"] for message in page["messages"]]
    await all_has_arrived(host, stream, viewer)
    assert "hello" not in heard(viewer) + heard(host)
    assert viewer.named("chat:delayed") == []

    await come_due(answer["id"])
    for listener in (viewer, host):
        assert (await hear(listener, "hello"))["id"] == answer["id"]
    page = (await rest(servers[0], "GET", f"streams/{stream.pk}/messages/", charlie)).body
    assert answer["id"] in [message["id"] for message in page["messages"]]
    await in_database(stream.refresh_from_db)
    assert stream.comments == 2


async def test_what_is_taken_back_in_time_is_seen_by_nobody_else(servers, alice, bob, charlie, crowd):
    stream = await in_database(make_stream, alice, chat_delay_seconds=6)
    host, viewer = await crowd.join(servers[0], alice, stream), await crowd.join(servers[1], charlie, stream)
    author = await crowd.connect(servers[0], bob)
    bad, good = [done(await say(author, stream, text)) for text in ("bad", "good")]
    done(await host.call("chat:remove", {"messageId": bad["id"]}))
    assert (await host.wait_for("chat:removed"))["messageId"] == bad["id"]
    await come_due(bad["id"], good["id"])
    await hear(viewer, "good")
    assert "bad" not in heard(viewer) + heard(host)
    assert viewer.named("chat:removed") == []


async def test_what_a_shadow_ban_hides_is_delayed_for_its_author_too_and_told_to_nobody(
    servers, alice, bob, mona, crowd
):
    stream = await in_database(make_stream, alice, chat_delay_seconds=6)
    await sanction(bob, Rung.SHADOW_BAN, by=mona)
    host, author = await crowd.join(servers[0], alice, stream), await crowd.join(servers[1], bob, stream)
    answer = done(await say(author, stream, "hello"))
    assert answer["appearsAt"]
    await come_due(answer["id"])
    await hear(author, "hello")
    await all_has_arrived(host, stream, host)
    assert "hello" not in heard(host)
    assert host.named("chat:delayed") == []


async def test_channel_moderators_change_settings_and_the_room_is_told(
    servers, transport, alice, bob, charlie, stream, crowd
):
    await in_database(alice.user.channel_moderators.add, bob.user)
    tab = await crowd.connect(servers[1], charlie)
    joined = await join(tab, stream)
    assert joined["snapshot"]["settings"]["linksAllowed"] is True
    moderator = await crowd.connect(servers[0], bob, transport)
    wanted = {"linksAllowed": False, "slowModeSeconds": 5}
    changed = done(await moderator.call("chat:settings", {"streamId": str(stream.pk), **wanted}))
    told = await tab.wait_for("chat:settings")
    assert told["settings"] == changed
    assert changed == {
        "slowModeSeconds": 5, "ogOnlyLevel": 0, "emojiOnly": False, "uniqueMessages": False, "chatDelaySeconds": 0,
        "linksAllowed": False, "shieldUntil": None,
    }  # fmt: skip

    # A process that has not read the stream lately knows at once; others within a second.
    stranger = await crowd.connect(servers[0], charlie, transport)
    assert (await say(stranger, stream, LINK)).code == "links_not_allowed"
    assert (await stranger.call("chat:settings", {"streamId": str(stream.pk), **wanted})).code == "access_denied"
    entry = await in_database(Entry.objects.get, action="chat.settings", target_id=str(stream.pk))
    assert (entry.actor_id, entry.after) == (bob.user.pk, {"slow_mode_seconds": 5, "links_allowed": False})


async def test_settings_are_changed_over_rest(servers, alice, bob, stream, crowd):
    path = f"streams/{stream.pk}/chat/"
    assert (await rest(servers[0], "PATCH", path, alice, {"chatDelaySeconds": 4})).body["chatDelaySeconds"] == 4
    assert (await rest(servers[0], "GET", path, alice)).body["chatDelaySeconds"] == 4
    assert (await rest(servers[0], "PATCH", path, alice, {"chatDelaySeconds": 3})).code == "invalid_payload"
    assert (await rest(servers[0], "PATCH", path, alice, {"ogOnlyLevel": 6})).code == "invalid_payload"
    assert (await rest(servers[0], "PATCH", path, bob, {"emojiOnly": True})).code == "access_denied"
    whole = await rest(servers[0], "PATCH", f"streams/{stream.pk}/", alice, {"emojiOnly": True})
    assert (whole.body["emojiOnly"], whole.body["chatDelaySeconds"]) == (True, 4)

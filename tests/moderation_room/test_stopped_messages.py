"""A message is judged before anybody sees it; a toxic one reaches nobody, and its author alone is told."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from gateway.database import in_database
from moderation.models import Decision, Sanction
from tests.people import all_has_arrived, done, heard, make_person, rest, say

STOPPED = "this is bullshit"
BANNED = "go kill yourself"
DISGUISED = [
    "g0 k1ll y0urs3lf",
    "go k i l l yourself",
    "go kıll yourself",
    "gо kіll уоursеlf",  # Cyrillic letters
    "go ki\u200bll your\u200dself",
    "ｇｏ ｋｉｌｌ ｙｏｕｒｓｅｌｆ",
    "GO KILL YOURSELF!!!",
    "gooo killll yourselffff",
    "f u c k you",
    "f.u.c.k you",
    "fuсk уоu",
    "f4ck you",
]


async def test_a_toxic_message_reaches_nobody_and_its_author_alone_is_warned(
    servers, transport, alice, bob, mona, stream, crowd
):
    host = await crowd.join(servers[0], alice, stream)
    moderator = await crowd.join(servers[1], mona, stream)
    tabs = [await crowd.join(server, bob, stream) for server in servers]
    author = await crowd.connect(servers[0], bob, transport)

    reply = await say(author, stream, STOPPED)

    assert reply.code == "content_stopped"
    assert reply.error["message"] == "Your message was stopped by moderation"
    for tab in tabs:
        warning = await tab.wait_for("ai:warning")
        assert warning["type"] == "content_moderation"
        assert 0.6 <= warning["score"] < 0.9
        assert warning["message"]
        assert warning["action"] == "stop"
        assert warning["until"] is None
        assert warning["categories"] == ["profanity"]
        assert warning["streamId"] == str(stream.pk)
        assert {"warningId", "appealable", "mustAcknowledge"} <= set(warning)
    await all_has_arrived(host, stream, host, moderator, *tabs)
    for client in (host, moderator):
        assert STOPPED not in str(client.events)
        assert client.named("ai:warning") == []
    for tab in tabs:
        assert STOPPED not in str(tab.events)
        assert len(tab.named("ai:warning")) == 1
    history = await rest(servers[0], "GET", f"streams/{stream.pk}/messages/", alice)
    assert STOPPED not in str(history.body)


async def test_the_author_of_a_stopped_message_may_go_on_writing(servers, bob, stream, crowd):
    author = await crowd.join(servers[0], bob, stream)
    assert (await say(author, stream, STOPPED)).code == "content_stopped"

    done(await say(author, stream, "I did not mean it"))


@pytest.mark.parametrize("type", ["public", "private", "gift"])
async def test_every_type_is_judged(servers, alice, bob, stream, crowd, type):
    host = await crowd.join(servers[0], alice, stream)
    author = await crowd.connect(servers[1], bob)

    assert (await say(author, stream, STOPPED, type=type)).code == "content_stopped"

    await all_has_arrived(host, stream, host)
    assert len(heard(host)) == 1


@pytest.mark.parametrize("role", ["host", "moderator"])
async def test_those_who_moderate_are_judged_too(servers, alice, mona, stream, crowd, role):
    author = await crowd.join(servers[0], {"host": alice, "moderator": mona}[role], stream)

    assert (await say(author, stream, STOPPED)).code == "content_stopped"


@pytest.mark.parametrize("message", DISGUISED)
async def test_a_disguise_does_not_help(servers, alice, bob, stream, crowd, message):
    host = await crowd.join(servers[0], alice, stream)
    author = await crowd.join(servers[1], bob, stream)

    assert (await say(author, stream, message)).code == "content_stopped"

    await author.wait_for("ai:warning")
    await all_has_arrived(host, stream, host, author)
    assert len(heard(host)) == len(heard(author)) == 1


async def test_a_kind_word_is_heard(servers, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    author = await crowd.join(servers[1], bob, stream)

    for message in ("what a great stream", "this song kills me every time"):
        done(await say(author, stream, message))

    await all_has_arrived(host, stream, host, author)
    assert len(heard(host)) == 3
    assert author.named("ai:warning") == []


async def test_a_very_toxic_message_mutes_its_author_everywhere(servers, transport, alice, bob, stream, crowd):
    author = await crowd.join(servers[0], bob, stream)
    sender = await crowd.connect(servers[1], bob, transport)

    assert (await say(sender, stream, BANNED)).code == "content_stopped"

    warning = await author.wait_for("ai:warning")
    assert warning["type"] == "content_ban"
    assert warning["score"] >= 0.9
    assert warning["action"] == "ban"
    assert warning["until"].endswith("Z")
    for client in (author, sender):
        reply = await say(client, stream, "sorry")
        assert (reply.error.get("message"), reply.code) == ("You are muted", "muted")
        assert 590 < reply.error["retryAfter"] <= 600
    other = await crowd.connect(servers[0], alice)
    done(await say(other, stream, "I am not muted"))


async def say_in_time(author, stream, message):
    """Write as soon as the limit on how fast one may write allows it."""
    reply = await say(author, stream, message)
    while reply.code == "rate_limited":
        await asyncio.sleep(reply.error["retryAfter"])
        reply = await say(author, stream, message)
    return reply


def end_mute(user) -> timedelta:
    """End the user's mute; returns how long it would have been."""
    mute = Sanction.objects.filter(user=user).latest("id")
    length = mute.until - mute.created_at
    Sanction.objects.filter(user=user).update(until=timezone.now())
    return timedelta(minutes=round(length.total_seconds() / 60))


async def test_each_repeat_mutes_for_longer(servers, bob, stream, crowd):
    author = await crowd.join(servers[0], bob, stream)
    lengths = []
    for number in range(5):
        assert (await say_in_time(author, stream, f"{BANNED} {number}")).code == "content_stopped"
        lengths.append(await in_database(end_mute, bob.user))

    assert lengths == [
        timedelta(minutes=10), timedelta(hours=1), timedelta(hours=24), timedelta(days=7), timedelta(days=7),
    ]  # fmt: skip


async def test_a_decision_is_kept_with_what_led_to_it(servers, bob, stream, crowd):
    author = await crowd.join(servers[0], bob, stream)
    await say(author, stream, STOPPED)
    warning = await author.wait_for("ai:warning")

    decision = await in_database(Decision.objects.get, pk=warning["warningId"])

    assert (decision.user_id, decision.stream_id, decision.text) == (bob.user.pk, stream.pk, STOPPED)
    assert decision.score == warning["score"]
    assert decision.policy_version == "0.4/0.6/0.9"
    assert decision.model_version
    assert decision.matched == ["lexicon.profanity"]


async def test_messages_judged_together_are_judged_apart(servers, alice, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    people = [await in_database(make_person, "guest") for _ in range(10)]
    clients = [await crowd.connect(servers[0], person) for person in people]

    replies = await asyncio.gather(
        *(
            say(client, stream, STOPPED if number % 2 else f"kind word {number}")
            for number, client in enumerate(clients)
        )
    )

    assert [reply.code for reply in replies] == ["", "content_stopped"] * 5
    await all_has_arrived(host, stream, host)
    assert sorted(heard(host)[:-1]) == [f"kind word {number}" for number in range(0, 10, 2)]

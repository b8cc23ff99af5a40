"""Moderation shows, hides and purges messages without knowing chat."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from gateway.database import in_database
from gateway.errors import CommandError
from gateway.identity import Identity
from moderation import subjects
from tests.people import all_has_arrived, done, hear, say


def hide(subject_id, by):
    with transaction.atomic(durable=True):
        return subjects.subject_kind("message").hide(subject_ids=[subject_id], by=by)


def show(subject_id):
    with transaction.atomic(durable=True):
        return subjects.subject_kind("message").show(subject_ids=[subject_id])


def purge(**who):
    with transaction.atomic(durable=True):
        return subjects.purge_user(**who)


async def test_a_hidden_message_is_taken_back_and_shown_again(servers, alice, bob, mona, stream, crowd):
    host, viewer = [await crowd.join(server, who, stream) for server, who in zip(servers, (alice, bob), strict=True)]
    message = int(done(await say(viewer, stream, "good evening"))["id"])

    assert await in_database(hide, message, mona.user.pk) == [message]
    removed = await host.wait_for("chat:removed")
    assert (removed["messageId"], removed["reason"], removed["removedBy"]) == (str(message), "moderator", mona.id)
    assert await in_database(hide, message, mona.user.pk) == []

    host.events.clear()
    assert await in_database(show, message) == [message]
    assert (await hear(host, "good evening"))["id"] == str(message)
    assert await in_database(show, message) == []


async def test_a_purge_takes_back_what_a_user_wrote_in_one_stream(servers, alice, bob, stream, crowd):
    host, viewer = [await crowd.join(server, who, stream) for server, who in zip(servers, (alice, bob), strict=True)]
    for text in ("one", "two"):
        done(await say(viewer, stream, text))
    done(await say(host, stream, "three"))
    since = timezone.now() - timedelta(hours=1)

    assert await in_database(purge, user_id=bob.user.pk, since=since, stream_id=stream.pk + 1) == 0
    assert await in_database(purge, user_id=bob.user.pk, since=since, stream_id=stream.pk) == 2
    await all_has_arrived(host, stream, viewer)
    assert [event["reason"] for event in viewer.named("chat:removed")] == ["purge", "purge"]


def test_a_thing_is_described_to_moderation_and_to_nobody_who_may_not_see_it(bob):
    kind = subjects.subject_kind("message")
    assert kind.describe([0]) == {}
    identity = Identity(bob.id, bob.name, "", 0, str(bob.session.pk))
    with pytest.raises(CommandError, match="Not found"):
        kind.access(identity, "0")

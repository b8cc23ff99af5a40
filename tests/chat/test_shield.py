"""A shield tightens all of a chat at once and for a time; then the chat is exactly as it was set."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Entry
from gateway.database import in_database
from streams.models import Stream
from streams.services import chat_settings
from tests.people import done, make_person, make_stream, rest, say

SET = {"slowModeSeconds": 60, "ogOnlyLevel": 0, "emojiOnly": False, "uniqueMessages": True, "chatDelaySeconds": 2}
SHIELDED = {
    "slowModeSeconds": 60, "ogOnlyLevel": 1, "emojiOnly": True, "uniqueMessages": True, "chatDelaySeconds": 6,
    "linksAllowed": False,
}  # fmt: skip


def run(*command):
    written = io.StringIO()
    call_command("shield", *map(str, command), "--json", stdout=written)
    return json.loads(written.getvalue())


def acts_on(stream):
    return [e.action for e in Entry.objects.filter(target_kind="streams.stream", target_id=str(stream.pk))]


def without_shield(rules):
    return {name: value for name, value in rules.items() if name != "shieldUntil"}


async def test_a_shield_tightens_everything_and_gives_back_what_was_set(servers, transport, alice, bob, crowd):
    stream = await in_database(make_stream, alice, slow_mode_seconds=60, unique_messages=True, chat_delay_seconds=2)
    tab = await crowd.join(servers[1], bob, stream)
    host = await crowd.connect(servers[0], alice, transport)
    raised = done(await host.call("chat:shield", {"streamId": str(stream.pk), "on": True, "minutes": 5}))
    assert without_shield(raised) == SHIELDED
    assert (await tab.wait_for("chat:settings"))["settings"] == raised

    assert (await say(await crowd.connect(servers[0], bob), stream, "hello")).code == "og_only"
    # What is changed meanwhile shows afterwards.
    done(await host.call("chat:settings", {"streamId": str(stream.pk), "linksAllowed": False}))
    lowered = done(await host.call("chat:shield", {"streamId": str(stream.pk), "on": False}))
    assert lowered == {**SET, "linksAllowed": False, "shieldUntil": None}
    assert (await tab.wait_for("chat:settings", lambda data: data["settings"] == lowered))["streamId"]
    assert await in_database(acts_on, stream) == ["shield.lower", "chat.settings", "shield.raise"]


async def test_a_shield_ends_by_itself_and_the_room_is_told(servers, alice, bob, stream, crowd):
    tab = await crowd.join(servers[1], bob, stream)
    done(await (await crowd.connect(servers[0], alice)).call("chat:shield", {"streamId": str(stream.pk), "on": True}))
    raised = await tab.wait_for("chat:settings")
    assert raised["settings"]["shieldUntil"]
    over = timezone.now() - timedelta(seconds=1)
    await in_database(Stream.objects.filter(pk=stream.pk).update, shield_until=over)
    ended = await tab.wait_for("chat:settings", lambda data: data["settings"]["shieldUntil"] is None)
    assert ended["settings"]["linksAllowed"] is True
    await in_database(stream.refresh_from_db)
    assert stream.shield_until is None
    entry = await in_database(Entry.objects.get, action="shield.lower", target_id=str(stream.pk))
    assert (entry.origin, entry.reason) == ("automatic", "its time was over")


def test_a_shield_whose_time_is_over_holds_no_longer_although_nobody_has_noticed(stream):
    stream.shield_until = timezone.now()
    rules = chat_settings.ChatSettings.of(stream)
    assert rules.in_force(stream.shield_until - timedelta(seconds=1)).emoji_only
    assert not rules.in_force(stream.shield_until).emoji_only


async def test_the_shield_over_rest(servers, alice, charlie, stream):
    path = f"streams/{stream.pk}/shield/"
    assert (await rest(servers[0], "PUT", path, charlie, {})).code == "access_denied"
    assert without_shield((await rest(servers[0], "PUT", path, alice, {"minutes": 1})).body)["emojiOnly"] is True
    assert (await rest(servers[0], "DELETE", path, alice)).body["shieldUntil"] is None
    assert (await rest(servers[0], "PUT", path, alice, {"minutes": 0})).code == "invalid_payload"


def test_staff_shield_a_stream_from_the_command_line(stream):
    trial = run(stream.pk, "on", "--dry-run")
    assert (trial["dryRun"], trial["shieldUntil"]) == (True, None)
    assert acts_on(stream) == []
    assert run(stream.pk, "on", "--for", 30)["shieldUntil"]
    stream.refresh_from_db()
    assert timedelta(minutes=29) < stream.shield_until - timezone.now() <= timedelta(minutes=30)
    assert run(stream.pk, "off")["shieldUntil"] is None
    assert acts_on(stream) == ["shield.lower", "shield.raise"]
    with pytest.raises(CommandError, match="no stream"):
        run(9**15, "on")
    with pytest.raises(CommandError, match="1 to 1440"):
        run(stream.pk, "on", "--for", 0)


def test_the_shield_in_the_admin(stream):
    browser = Client()
    browser.force_login(make_person("ada", is_staff=True, is_superuser=True).user)
    for action, is_raised in (("raise_shield", True), ("lower_shield", False)):
        browser.post(reverse("admin:streams_stream_changelist"), {"action": action, "_selected_action": [stream.pk]})
        stream.refresh_from_db()
        assert (stream.shield_until is not None) is is_raised

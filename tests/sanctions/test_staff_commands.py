"""Staff act on users from the command line; a trial changes nothing, and a refusal says why."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from audit.models import Entry
from gateway.database import in_database
from moderation.models import Rung, Sanction
from tests.people import closing, done, join, rest, say


async def run(*command):
    """What a command tells."""
    written = io.StringIO()
    await in_database(call_command, *command, "--json", stdout=written)
    return json.loads(written.getvalue())


def acts_on(person):
    return [entry.action for entry in Entry.objects.filter(target_kind="accounts.user", target_id=person.id)]


async def test_a_ban_closes_sockets_and_an_unban_lets_in(servers, bob, crowd):
    tab = await crowd.connect(servers[0], bob)
    told = await run("ban", bob.name, "--minutes", "60", "--reason", "spoilers")
    assert (await closing(tab))["code"] == 4101
    issued = await in_database(Sanction.objects.get, pk=told["sanction"])
    assert (issued.rung, issued.reason) == (Rung.BAN, "spoilers")
    assert (await run("unban", bob.name))["bans"] == [issued.pk]
    await in_database(bob.user.refresh_from_db)
    assert not bob.user.is_banned
    assert await in_database(acts_on, bob) == ["sanction.lift", "sanction.ban"]
    with pytest.raises(CommandError, match="no such ban"):
        await run("unban", bob.name)


async def test_a_timeout_keeps_from_writing(servers, bob, stream, crowd):
    author = await crowd.connect(servers[0], bob)
    await run("timeout_user", bob.name, "--stream", str(stream.pk))
    assert (await say(author, stream, "hello")).code == "muted"


async def test_who_is_kicked_may_come_back(servers, bob, stream, crowd):
    tab = await crowd.join(servers[0], bob, stream)
    await run("kick", bob.name, "--stream", str(stream.pk))
    await tab.wait_for("stream:leave", lambda data: data["userId"] == bob.id)
    await join(tab, stream)
    with pytest.raises(CommandError, match="--stream"):
        await run("kick", bob.name)


async def test_revoked_tokens_close_sockets(servers, bob, crowd):
    tab = await crowd.connect(servers[1], bob)
    assert (await run("revoke_tokens", bob.name))["sessions"] == 1
    assert (await closing(tab))["code"] == 4100
    assert (await rest(servers[0], "GET", "auth/me/", bob)).code == "invalid_token"


async def test_messages_are_purged(servers, alice, bob, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    author = await crowd.connect(servers[1], bob)
    message = done(await say(author, stream, "hello"))
    assert (await run("purge_messages", bob.name))["removed"] == 1
    assert (await host.wait_for("chat:removed"))["messageId"] == message["id"]


@pytest.mark.parametrize(
    "command", [["ban"], ["timeout_user"], ["kick", "--stream", "1"], ["revoke_tokens"], ["purge_messages"]]
)
async def test_a_trial_changes_nothing(bob, command):
    name, *options = command
    told = await run(name, bob.name, *options, "--dry-run")
    assert (told["dryRun"], told["user"]) == (True, bob.user.pk)
    assert await in_database(acts_on, bob) == []
    await in_database(bob.session.refresh_from_db)
    assert bob.session.revoked_at is None


@pytest.mark.parametrize("command", ["ban", "unban", "timeout_user", "kick", "revoke_tokens", "purge_messages"])
async def test_nobody_of_that_name_is_an_error(command):
    with pytest.raises(CommandError, match="no user called nobody_"):
        await run(command, "nobody_")


async def test_the_numbers_count_what_was_done(bob):
    before = await run("mod_stats")
    await run("ban", bob.name)
    after = await run("mod_stats")
    assert after["sanctions: ban"] > before["sanctions: ban"]
    assert after["sanctions in force"] > before["sanctions in force"]

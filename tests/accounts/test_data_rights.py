"""A person gets a copy of all that is held on them, and is erased but for what the books and others need."""

import asyncio
import io
import json
import os
import secrets
import sys
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts import personal_data
from accounts.data_rights import left_to_erase
from accounts.models import Barrier, Session, User
from accounts.services import open_session
from audit.selectors import entries_about
from chat.models import Message
from collab.models import Role
from collab.models import Session as SharedText
from gateway.database import in_database
from gifts.selectors import balances, ledger_faults
from moderation.models import Report, Rung, Sanction
from tests.coins import give, send
from tests.collab.sessions import make_session
from tests.people import closing, done, eventually, make_stream, rest, say
from tests.sanctions.conftest import REASON, sanction

ROOT = Path(__file__).resolve().parents[2]


async def run(*command):
    """What a command prints, as JSON."""
    written = io.StringIO()
    await in_database(call_command, *command, stdout=written)
    return json.loads(written.getvalue())


async def whisper(client, stream, text):
    return done(await client.call("chat:new", {"streamId": str(stream.pk), "message": text, "type": "private"}))


@pytest.fixture
async def bobs_life(servers, alice, bob, charlie, mona, stream, crowd):
    """Bob has written, whispered, given, reported and been warned, with his name in all of it; returns his client."""
    tab = await crowd.join(servers[0], bob, stream)
    done(await say(tab, stream, f"hello from {bob.name}"))
    await whisper(tab, stream, "a word in your ear")
    await in_database(give, bob, 1000)
    done(await tab.call("gift:sent", {"streamId": str(stream.pk), "giftId": "rose", "quantity": 1}))
    other = await crowd.connect(servers[1], charlie)
    message = done(await say(other, stream, "hello from Charlie"))
    done(await tab.call("report:send", {"subjectId": message["id"], "reason": "spam", "note": f"said {bob.name}"}))
    await sanction(bob, Rung.WARNING, by=mona)
    return tab


async def test_an_export_holds_all_that_bob_did(bobs_life, bob):
    exported = await run("export_user", bob.name)

    assert exported["profile"][0]["username"] == bob.name
    assert {message["text"] for message in exported["messages"]} >= {f"hello from {bob.name}", "a word in your ear"}
    assert exported["sessions"][0]["user_agent"] == "tests"
    assert exported["giftsSent"][0]["gift_id"] == "rose"
    assert [line["amount"] for line in exported["statement"]] == [1000, -10]
    assert exported["reportsMade"][0]["note"] == f"said {bob.name}"
    assert exported["sanctions"][0]["rung"] == "warning"
    told = await in_database(lambda: [entry.action for entry in entries_about("accounts.user", bob.id)])
    assert "user.export" in told


async def test_bob_gets_his_own_copy_over_rest_once_an_hour(servers, bobs_life, bob):
    answer = await rest(servers[1], "GET", "auth/me/export/", bob)
    assert answer.body["profile"][0]["username"] == bob.name
    assert "a word in your ear" in {message["text"] for message in answer.body["messages"]}
    assert (await rest(servers[0], "GET", "auth/me/export/", bob)).code == "rate_limited"


async def test_who_is_whispered_to_finds_it_in_their_export(bobs_life, alice, bob):
    (whispered,) = (await run("export_user", alice.name))["whispersReceived"]
    assert (whispered["text"], whispered["author_id"]) == ("a word in your ear", bob.user.pk)


async def test_a_file_is_its_owners_alone_and_never_written_over(bob, tmp_path):
    path = tmp_path / "bob.json"
    told = await run("export_user", bob.name, "--output", str(path), "--json")

    assert told["rows"]["sessions"] == len(json.loads(path.read_text())["sessions"]) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="cannot be made"):
        await run("export_user", bob.name, "--output", str(path))


async def start(*command):
    """A process that runs a command of the project."""
    return await asyncio.create_subprocess_exec(sys.executable, *command, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL)


async def is_waited_for(connection):
    """Whether somebody waits for a lock this connection holds."""
    waiting = "SELECT FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
    with psycopg.connect(os.environ["DATABASE_URL"]) as looking:
        return looking.execute(waiting, [connection.info.backend_pid]).fetchone() is not None


def texts_of_the_database() -> str:
    """Every row of every table that may hold words, but for the event log, which forgets within days."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(
                ("accounts_", "chat_", "streams_", "moderation_", "collab_", "gifts_", "og_", "audit_")
            ):
                cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
                found.append(cursor.fetchone()[0])
    return " ".join(found)


async def test_who_is_erased_is_out_and_nothing_is_left_but_the_books(servers, bobs_life, alice, bob, stream, crowd):
    host = await crowd.join(servers[1], alice, stream)
    before = await in_database(balances, bob.user.pk)

    told = await run("erase_user", bob.name, "--yes", "--json")

    assert (await closing(bobs_life))["code"] == 4100
    assert (await rest(servers[1], "GET", "auth/me/", bob)).code == "invalid_token"
    await host.wait_for("chat:removed", lambda data: data["reason"] == "purge")
    assert told["erased"]["messages"] >= 2
    assert "books" in told["kept"]["statement"]
    left = await in_database(texts_of_the_database)
    assert bob.name not in left
    assert await in_database(balances, bob.user.pk) == before
    assert await in_database(lambda: [ids for _, ids in ledger_faults() if ids]) == []
    assert not await Session.objects.filter(user=bob.user.pk).aexists()
    assert "hello from Charlie" in left


async def test_an_erasure_that_was_stopped_goes_on_and_done_again_changes_nothing(bobs_life, bob):
    messages = next(holding for holding in personal_data.holdings() if holding.name == "messages")
    await in_database(lambda: next(messages.erase(bob.user)))

    await run("erase_user", bob.name, "--yes", "--json")
    again = await run("erase_user", f"erased_{bob.id}", "--yes", "--json")

    assert again["erased"] == {}
    await bob.user.arefresh_from_db()
    assert (bob.user.username, bob.user.email, bob.user.is_active) == (f"erased_{bob.id}", "", False)
    assert not await Report.objects.filter(reporter=bob.user.pk).exclude(note="").aexists()


async def test_an_erasure_that_is_killed_half_way_is_finished_by_the_next(servers, bobs_life, alice, bob, stream):
    erasing = ("erase_user", bob.name, "--yes", "--json")
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
        # Messages are erased before sanctions, which somebody else holds meanwhile.
        other.execute("SELECT FROM moderation_sanction WHERE user_id = %s FOR UPDATE", [bob.user.pk])
        killed = await start("manage.py", *erasing)
        await eventually(lambda: is_waited_for(other), 60)
        killed.kill()
        await killed.wait()
    assert not await Message.objects.filter(author=bob.user.pk).exclude(text="").aexists()
    assert await Session.objects.filter(user=bob.user.pk).aexists()
    assert await Sanction.objects.filter(user=bob.user.pk, reason=REASON).aexists()

    told = await run(*erasing)

    assert set(told["erased"]) >= {"sanctions", "sessions", "profile"}
    assert "messages" not in told["erased"]
    assert bob.name not in await in_database(texts_of_the_database)
    assert await in_database(left_to_erase, bob.user) == {}


async def test_who_hosted_gave_wrote_with_others_and_is_banned(servers, alice, bob, charlie, mona, crowd):
    theirs = await in_database(make_stream, bob, title=f"{bob.name} live")
    at_charlie, at_bob = await crowd.join(servers[0], charlie, theirs), await crowd.connect(servers[1], bob)
    await in_database(give, charlie, 1000)
    done(await send(at_charlie, theirs, "diamond"))
    shared = await in_database(make_session, bob, {alice: Role.EDITOR}, content="ours")
    alone = await in_database(make_session, bob, {}, content="mine")
    for session in (shared, alone):
        comment = {"sessionId": str(session.pk), "text": f"{bob.name} was here"}
        await rest(servers[0], "POST", f"collab/sessions/{session.pk}/comments/", bob, comment)
    await in_database(open_session, user=bob.user, user_agent=bob.name, device_id=secrets.token_hex(8))
    await sanction(bob, Rung.TIMEOUT, by=mona)
    ban = await sanction(bob, Rung.DEVICE_BAN, by=mona)
    assert (await closing(at_bob))["code"] == 4101
    earned = await in_database(balances, bob.user.pk)

    told = await run("erase_user", bob.name, "--yes", "--json")

    assert bob.name not in await in_database(texts_of_the_database)
    await at_charlie.wait_for("metrics:update", lambda data: data["metrics"]["status"] == "ended")
    assert set(told["kept"]) >= {"wallet", "giftsReceived", "collaborations", "barriers"}
    assert await in_database(balances, bob.user.pk) == earned
    assert await in_database(lambda: [ids for _, ids in ledger_faults() if ids]) == []
    assert [await SharedText.objects.filter(pk=session.pk).aexists() for session in (shared, alone)] == [True, False]
    assert (await rest(servers[1], "GET", f"collab/sessions/{shared.pk}/", alice)).status == 200
    assert await Sanction.objects.filter(pk=ban.pk, reason="", ended_at__isnull=True).aexists()
    assert await Barrier.objects.filter(user=bob.user.pk, ended_at__isnull=True).aexists()


async def test_a_trial_or_a_missing_yes_erases_nothing(bobs_life, bob):
    planned = await run("erase_user", bob.name, "--dry-run", "--json")
    with pytest.raises(CommandError, match="--yes"):
        await run("erase_user", bob.name)

    assert planned["erased"]["profile"] == 1
    assert await Message.objects.filter(author=bob.user.pk, text=f"hello from {bob.name}").aexists()
    assert await User.objects.filter(username=bob.name, is_active=True).aexists()


async def test_who_has_a_role_answers_for_it_first(mona):
    with pytest.raises(CommandError, match="roles"):
        await run("erase_user", mona.name, "--yes")


async def test_nobody_takes_the_name_of_an_erased(servers):
    fields = {"username": "erased_1", "password": "correct horse battery staple"}
    assert (await rest(servers[0], "POST", "auth/register/", json=fields)).code == "invalid_payload"


@pytest.mark.parametrize("name", ["export_user", "erase_user"])
async def test_nobody_of_that_name_is_an_error(name):
    with pytest.raises(CommandError, match="no user called"):
        await run(name, "nobody_")


def test_every_table_that_points_to_a_user_is_held_or_known_to_hold_nothing():
    held = {holding.rows(User(pk=1)).model for holding in personal_data.holdings()}
    relations = User._meta.get_fields(include_hidden=True)
    pointing = {relation.related_model for relation in relations if relation.auto_created and not relation.concrete}
    assert {model._meta.label for model in pointing - held} == {
        # Roles, which go with the user's name.
        "accounts.User_channel_moderators",
        "accounts.User_groups",
        "accounts.User_user_permissions",
        # What others did, with the id of who decided or acted.
        "admin.LogEntry",
        "chat.Pin",
        "moderation.PolicyRow",
        # Numbers of a battle.
        "streams.BattleEffect",
        # Which client ids of Yjs are whose.
        "collab.Writer",
    }

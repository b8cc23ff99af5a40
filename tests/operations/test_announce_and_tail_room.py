"""Staff say something to rooms, and read along in one, from the terminal."""

import asyncio
import json
import os
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from audit.models import Entry
from gateway.database import in_database
from gateway.testing import EVENT_SECONDS
from tests.people import hear, join, make_stream, rest, say

ROOT = Path(__file__).resolve().parent.parent.parent


async def run(*arguments: str) -> str:
    output = StringIO()
    await in_database(call_command, *arguments, stdout=output)
    return output.getvalue()


async def test_everybody_in_a_stream_hears_an_announcement_and_it_stays_in_the_history(
    servers, bob, charlie, mona, stream, crowd
):
    viewers = [await crowd.join(servers[0], bob, stream), await crowd.join(servers[1], charlie, stream, "socketio")]

    told = await run("announce", "We are back in five minutes", "--stream", str(stream.pk), "--as", mona.name, "--json")

    assert json.loads(told) == {"dryRun": False, "streams": 1}
    for viewer in viewers:
        heard = await hear(viewer, "We are back in five minutes")
        assert (heard["messageType"], heard["username"]) == ("system", mona.name)
    history = await rest(servers[0], "GET", f"streams/{stream.pk}/messages/", bob)
    assert history.body["messages"][-1]["message"] == "We are back in five minutes"


async def test_every_live_stream_is_told_and_no_other(servers, alice, bob, mona, crowd):
    live, over = await in_database(make_stream, alice), await in_database(make_stream, alice, live=False)
    viewer = await crowd.join(servers[0], bob, live)
    planned = json.loads(
        await run("announce", "Maintenance at noon", "--everywhere", "--as", mona.name, "--dry-run", "--json")
    )

    told = json.loads(await run("announce", "Maintenance at noon", "--everywhere", "--as", mona.name, "--json"))

    assert told["streams"] >= planned["streams"] >= 1
    await hear(viewer, "Maintenance at noon")
    assert (await rest(servers[0], "GET", f"streams/{over.pk}/messages/", alice)).body["messages"] == []


@pytest.mark.parametrize("text", ["", " ", "a" * 501, "bell \x07"])
async def test_what_no_message_may_hold_is_refused(mona, stream, text):
    with pytest.raises(CommandError, match="Invalid content"):
        await run("announce", text, "--stream", str(stream.pk), "--as", mona.name)


async def test_only_in_the_name_of_somebody_who_may(bob, stream):
    with pytest.raises(CommandError, match="neither a moderator nor staff"):
        await run("announce", "hello", "--stream", str(stream.pk), "--as", bob.name)
    with pytest.raises(CommandError, match="no user"):
        await run("announce", "hello", "--stream", str(stream.pk), "--as", "nobody_at_all")


async def test_reading_along_shows_what_was_said_and_what_is_said_next_and_is_recorded(servers, alice, stream, crowd):
    host = await crowd.join(servers[0], alice, stream)
    await say(host, stream, "before")
    await hear(host, "before")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "manage.py", "tail_room", f"stream:{stream.pk}", "--json", cwd=ROOT, env=dict(os.environ),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout

    async def reads(message: str) -> dict:
        while True:
            event = json.loads(await process.stdout.readline())
            if event["data"].get("message") == message:
                return event

    try:
        earlier = await asyncio.wait_for(reads("before"), 30)
        await say(host, stream, "and after")
        later = await asyncio.wait_for(reads("and after"), EVENT_SECONDS)
    finally:
        process.terminate()
        await process.wait()

    assert (earlier["event"], later["event"]) == ("chat:new", "chat:new")
    assert later["id"] > earlier["id"]
    last = await Entry.objects.filter(action="command.tail_room").alast()
    assert last is not None
    await join(host, stream)

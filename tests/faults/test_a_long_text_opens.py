"""A text of many edits opens from its snapshot, however long its log is."""

import asyncio
import random
import time

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pycrdt import Doc, Text

from collab import selectors
from collab.documents import Replica
from collab.models import Session, Update
from collab.services.history import compact
from gateway.database import in_database
from tests.collab.sessions import make_session
from tests.collab.writers import Writer
from tests.faults.conftest import open_servers
from tests.faults.report import Report
from tests.people import Person, open_crowd

OPENED_SECONDS = 0.3
# What the log holds beyond the snapshot: as much as may be, nearly.
BEYOND = settings.COLLAB_SNAPSHOT_UPDATES - 1


def typed(edits: int) -> tuple[list[bytes], str]:
    """The updates of somebody who types, mostly on at the end, and what the text is then."""
    choose, updates = random.Random(edits), []
    document: Doc[Text] = Doc()
    content = document.get("content", type=Text)
    document.observe(lambda event: updates.append(event.update))
    length = 0
    for _ in range(edits):
        if length > 10 and choose.random() < 0.2:
            at = choose.randrange(length)
            del content[at : at + 1]
            length -= 1
        else:
            content.insert(length if choose.random() < 0.7 else choose.randrange(length + 1), choose.choice("aeiou "))
            length += 1
    return updates, str(content)


def make_long_session(author: Person, updates: list[bytes]) -> Session:
    """A session with these updates in its log, of which a snapshot holds all but the last."""
    session = make_session(author, {})
    now = timezone.now()
    rows = [
        Update(session=session, seq=seq, author=author.user, data=update, created_at=now)
        for seq, update in enumerate(updates, 1)
    ]
    Update.objects.bulk_create(rows[:-BEYOND], batch_size=5000)
    compact(session_id=session.pk)
    Update.objects.bulk_create(rows[-BEYOND:])
    Session.objects.filter(pk=session.pk).update(head=len(rows))
    return session


async def test_opening_reads_a_snapshot_and_the_few_updates_after_it(alice):
    updates, text = typed(2000)
    session = await in_database(make_long_session, alice, updates)
    assert await in_database(open_and_count, session, text) <= settings.COLLAB_SNAPSHOT_UPDATES


@pytest.mark.faults
async def test_a_hundred_thousand_edits_open_at_once(redis, alice, report: Report):
    updates, text = await asyncio.to_thread(typed, 100_000)
    session = await in_database(make_long_session, alice, updates)
    small = await in_database(make_session, alice, {}, content="small")
    took = []
    async with open_servers(redis.url, redis.url) as servers, open_crowd() as crowd:
        for server in servers:
            # What a process does once, for whatever text comes first.
            await Writer(await crowd.connect(server, alice, "socketio"), "socketio", small).join()
            writer = Writer(await crowd.connect(server, alice, "socketio"), "socketio", session)
            began = time.monotonic()
            await writer.join()
            took.append(time.monotonic() - began)
            assert writer.text == text
    snapshot = await in_database(selectors.last_snapshot, session.pk)
    read = session.updates.filter(seq__gt=snapshot.seq).acount
    report.line(
        edits=len(updates), snapshot_bytes=len(snapshot.data), updates_after=await read(),
        opened_after=report.within(OPENED_SECONDS, max(took)),
    )  # fmt: skip


def open_and_count(session: Session, text: str) -> int:
    """Open it when the log lacks all that the snapshot holds; returns how many updates were read."""
    snapshot = selectors.last_snapshot(session.pk)
    Update.objects.filter(session=session, seq__lte=snapshot.seq).delete()
    replica = Replica(session.pk)
    with CaptureQueriesContext(connection) as queries:
        replica.catch_up()
    assert len(queries) == 2
    assert replica.text == text
    return replica.seq - snapshot.seq

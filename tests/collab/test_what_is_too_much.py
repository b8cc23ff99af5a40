"""Updates that are too large, too many or not well formed are refused, and nobody else is disturbed."""

import asyncio
from functools import partial

import pytest
from django.test import override_settings
from pycrdt import Doc, Text

from collab.services import comments, versions
from collab.services.text import Draft, write_updates
from collab.services.versions import text_now
from collab.yjs.messages import Step, sync_frame, write_sync
from gateway.database import in_database
from gateway.errors import CommandError
from tests.collab.test_roles_are_kept import denial, raw_socket
from tests.collab.writers import Writer
from tests.people import done, rest

# What ends the library's process, or lets it reserve all memory there is, when it is not looked at before.
BOMBS = {
    "ranges": b"\x00\x01\x05\xff\xff\xff\xff\x0f",
    "an array": b"\x01\x01\x01\x00\x08\x01\x01a\x01u\xff\xff\xff\xff\x0f",
    "an object": b"\x01\x01\x01\x00\x08\x01\x01a\x01v\xff\xff\xff\xff\x0f",
    "nesting": b"\x01\x01\x01\x00\x08\x01\x01a\x01" + b"u\x01" * 60_000 + b"~\x00",
    "an overflow": b"\x01\x01\x01\xff\xff\xff\xff\x0f\x04\x01\x01a\x02xy\x00",
    "a gap": b"\x01\x01\x01\x00\x0a\x05\x00",
    "nothing": b"",
    "noise": bytes(range(256)),
}


@pytest.fixture
async def author(servers, alice, session, crowd):
    """Alice, over Socket.IO."""
    author = Writer(await crowd.connect(servers[0], alice, "socketio"), "socketio", session)
    await author.join()
    return author


@pytest.mark.parametrize("update", BOMBS.values(), ids=BOMBS)
async def test_a_malformed_update_is_refused_and_the_process_lives(servers, bob, session, author, crowd, update):
    async with raw_socket(servers[0], bob, session) as socket:
        await socket.send_bytes(sync_frame(write_sync(Step.UPDATE, update)))
        assert "invalid_payload" in await denial(socket)
    done(await author.type("well "))


async def test_an_update_that_needs_itself_is_refused_alone(servers, bob, session, author):
    # Two clients whose first parts stand to the right of each other.
    update = b"\x02\x01\x02\x00\x84\x01\x00\x01b\x01\x01\x00\x84\x02\x00\x01a\x00"
    async with raw_socket(servers[0], bob, session) as socket:
        await socket.send_bytes(sync_frame(write_sync(Step.UPDATE, update)))
        assert "invalid_payload" in await denial(socket)
    done(await author.type("well "))
    assert await in_database(text_now, session_id=session.pk) == "well "


async def test_an_update_on_what_the_server_has_not_got_asks_for_another_sync(author):
    before = author.document.get_state()
    author.document.get("content", type=Text).insert(0, "lost ")
    lost = author.document.get_update(before)
    assert (await author.type("later ")).code == "conflict"
    done(await author.send(Step.UPDATE, lost))
    done(await author.send(Step.ANSWER, author.document.get_update()))
    assert author.text == "later lost "


async def test_an_update_above_256_kib_is_refused_in_words(servers, bob, session, author):
    async with raw_socket(servers[0], bob, session) as socket:
        await socket.send_bytes(sync_frame(write_sync(Step.UPDATE, typed("x" * 300_000))))
        assert "payload_too_large" in await denial(socket)
    done(await author.type("well "))


async def test_a_document_grows_to_five_mebibytes_and_no_further(session, bob):
    answers = [await write(session, bob, "x" * 250_000) for _ in range(22)]
    assert [answer.ok for answer in answers[:20]] == [True] * 20
    assert not answers[-1].ok
    assert "payload_too_large" in answers[-1].body
    # What is not more is still taken.
    assert (await write(session, bob, "x")).ok


async def test_a_flood_of_updates_is_refused_and_others_write_on(servers, bob, session, author):
    document: Doc[Text] = Doc()
    content = document.get("content", type=Text)
    updates: list[bytes] = []
    document.observe(lambda event: updates.append(event.update))
    for _ in range(1000):
        content.insert(0, "x")
    async with raw_socket(servers[0], bob, session) as socket:
        for update in updates:
            await socket.send_bytes(sync_frame(write_sync(Step.UPDATE, update)))
        typing = asyncio.ensure_future(author.type("calm "))
        assert "rate_limited" in await denial(socket)
        done(await typing)
    while True:
        message = await socket.receive(10)
        if message.type.name in ("CLOSE", "CLOSED", "CLOSING"):
            break
    assert socket.close_code == 4003


async def test_nobody_writes_from_documents_without_end(session, alice, bob):
    with override_settings(COLLAB_MAX_WRITERS=3):
        answers = [await write(session, bob, "x") for _ in range(4)]
        assert [answer.ok for answer in answers] == [True, True, True, False]
        assert "invalid_state" in answers[-1].body
        assert (await write(session, alice, "y")).ok


@override_settings(COLLAB_MAX_COMMENTS=1, COLLAB_MAX_VERSIONS=1)
@pytest.mark.parametrize(
    "add", [partial(comments.add_comment, comment="One more"), partial(versions.name_version, name="One more")]
)
def test_a_session_holds_so_many_comments_and_versions(session, alice, add):
    add(user_id=alice.user.pk, session_id=str(session.pk))
    with pytest.raises(CommandError, match="at most 1"):
        add(user_id=alice.user.pk, session_id=str(session.pk))


async def test_who_asks_too_often_over_rest_is_refused(servers, alice, bob):
    asked = [rest(servers[number % 2], "GET", "collab/invites/", alice) for number in range(70)]
    refused = [answer for answer in await asyncio.gather(*asked) if answer.status != 200]
    assert {(answer.status, answer.code) for answer in refused} == {(429, "rate_limited")}
    assert (await rest(servers[0], "GET", "collab/invites/", bob)).status == 200


async def test_nobody_is_pestered_with_invites(servers, session, alice, charlie):
    path, asked = f"collab/sessions/{session.pk}/invites/", {"userId": charlie.id, "role": "viewer"}
    answers = [await rest(servers[0], "POST", path, alice, asked) for _ in range(21)]
    assert [answer.status for answer in answers] == [201, *[409] * 19, 429]


def typed(words: str) -> bytes:
    document: Doc[Text] = Doc()
    document.get("content", type=Text).insert(0, words)
    return document.get_update()


async def write(session, person, words: str):
    (answer,) = await in_database(write_updates, session_id=session.pk, drafts=[Draft(person.user.pk, typed(words))])
    return answer

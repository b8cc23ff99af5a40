"""Who may do what is decided by what a message changes, with each message, on every process."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import pytest
from pycrdt import Doc, Text

from collab.models import Role
from collab.services import sessions
from collab.services.versions import text_now
from collab.yjs.messages import Frame, Step, sync_frame, write_sync
from gateway.database import in_database
from tests.collab.sessions import make_session
from tests.collab.writers import Writer
from tests.people import done


@pytest.fixture
async def open_writer(crowd, live_transport):
    """Opens writers over the transport under test."""

    async def open_one(server, person, session) -> Writer:
        return Writer(await crowd.connect(server, person, live_transport), live_transport, session)

    return open_one


@asynccontextmanager
async def raw_socket(server, person, session):
    """A socket that says to `/ws/collab/` what it likes."""
    address = f"{server.url.replace('http', 'ws', 1)}/ws/collab/{session.pk}"
    headers = {"Authorization": f"Bearer {person.token}"}
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(address, headers=headers, protocols=["yjs"], max_msg_size=0) as socket,
    ):
        yield socket


async def denial(socket) -> str:
    """What the next refusal says."""
    while True:
        message = await socket.receive(10)
        assert message.type is aiohttp.WSMsgType.BINARY, message
        if message.data[0] == Frame.AUTH:
            return message.data.decode(errors="replace")


def forged(words: str, step: Step = Step.UPDATE) -> bytes:
    """An update of somebody who only pretends to be an editor."""
    document: Doc[Text] = Doc()
    document.get("content", type=Text).insert(0, words)
    return write_sync(step, document.get_update())


async def test_a_viewer_cannot_change_a_letter(servers, alice, mona, live_transport, open_writer):
    session = await in_database(make_session, alice, {mona: Role.VIEWER}, content="as it is")
    author, viewer = await open_writer(servers[0], alice, session), await open_writer(servers[1], mona, session)
    await author.join()
    await viewer.join()
    assert viewer.text == "as it is"

    assert (await viewer.type("mine ")).code == "access_denied"
    before = viewer.document.get_state()
    del viewer.document.get("content", type=Text)[5:9]
    assert (await viewer.send(Step.ANSWER, viewer.document.get_update(before))).code == "access_denied"

    done(await author.type("still "))
    assert author.text == "still as it is"
    assert await in_database(text_now, session_id=session.pk) == "still as it is"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.COMMENTER])
@pytest.mark.parametrize("step", [Step.UPDATE, Step.ANSWER])
async def test_a_hostile_client_of_y_websocket_changes_nothing_and_is_told(servers, alice, mona, role, step):
    session = await in_database(make_session, alice, {mona: role}, content="as it is")
    async with raw_socket(servers[0], mona, session) as socket:
        await socket.send_bytes(sync_frame(forged("mine", step)))
        assert "access_denied" in await denial(socket)
        await socket.send_bytes(sync_frame(forged("mine again", step)))
        assert "access_denied" in await denial(socket)
    assert await in_database(text_now, session_id=session.pk) == "as it is"


async def test_what_changes_nothing_is_no_offence(servers, alice, mona, live_transport, open_writer):
    session = await in_database(make_session, alice, {mona: Role.VIEWER}, content="as it is")
    viewer = await open_writer(servers[0], mona, session)
    await viewer.join()
    assert viewer.text == "as it is"
    done(await viewer.send(Step.ANSWER, viewer.document.get_update()))


async def test_an_editor_writes_no_more_from_the_moment_the_role_is_taken(servers, alice, bob, session, open_writer):
    editor = await open_writer(servers[1], bob, session)
    await editor.join()
    done(await editor.type("once "))

    await in_database(
        sessions.change_role,
        user_id=alice.user.pk, session_id=str(session.pk), participant_id=bob.user.pk, role=Role.VIEWER,
    )  # fmt: skip
    assert (await editor.type("never ")).code == "access_denied"
    assert await in_database(text_now, session_id=session.pk) == "once "


async def test_who_no_longer_takes_part_hears_no_more(servers, alice, bob, session, open_writer, open_editor):
    author, removed = await open_writer(servers[0], alice, session), await open_writer(servers[1], bob, session)
    stock = await open_editor(servers[1], bob, session)
    await author.join()
    await removed.join()
    await stock.synced()

    await in_database(
        sessions.change_role,
        user_id=alice.user.pk, session_id=str(session.pk), participant_id=bob.user.pk, role=None,
    )  # fmt: skip
    assert (await stock.hear("$closed"))["code"] == 4403
    await removed.client.wait_for("participant_changed", lambda data: data["role"] is None)
    assert (await removed.type("never ")).code in ("not_joined", "access_denied")
    assert (await removed.client.call("collab:join", {"sessionId": str(session.pk)})).code == "not_found"


async def test_a_stranger_is_sent_away_for_good(servers, charlie, session, open_writer, open_editor):
    writer = await open_writer(servers[0], charlie, session)
    assert (await writer.client.call("collab:join", {"sessionId": str(session.pk)})).code == "not_found"
    stock = await open_editor(servers[0], charlie, session)
    assert (await stock.hear("$closed"))["code"] == 4403
    unknown = await open_editor(servers[0], charlie, session, token="nonsense")
    assert (await unknown.hear("$closed"))["code"] == 4401


async def test_nobody_writes_in_anothers_name(servers, alice, bob, session, open_writer):
    author, other = await open_writer(servers[0], alice, session), await open_writer(servers[1], bob, session)
    await asyncio.gather(author.join(), other.join())
    done(await author.type("mine"))

    thief: Doc[Text] = Doc(client_id=author.document.client_id)
    thief.apply_update(author.document.get_update())
    before = thief.get_state()
    thief.get("content", type=Text).insert(0, "also mine? ")
    assert (await other.send(Step.UPDATE, thief.get_update(before))).code == "access_denied"
    assert await in_database(text_now, session_id=session.pk) == "mine"

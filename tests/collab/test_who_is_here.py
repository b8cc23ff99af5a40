"""Editors see where the others are, under their true names, and only what each says of itself."""

import asyncio

import aiohttp
import pytest

from collab.models import Role
from collab.yjs.messages import (
    Frame,
    State,
    Step,
    awareness_frame,
    read_awareness,
    read_frame,
    sync_frame,
    write_awareness,
    write_sync,
)
from gateway.database import in_database
from tests.accounts.test_browsers import browser
from tests.collab.sessions import make_session
from tests.collab.test_roles_are_kept import denial, raw_socket


def shown_as(person, **state):
    """Matches what a stock provider shows of somebody: the true name, and what else was said."""

    def matches(data) -> bool:
        return any(
            (shown["user"]["id"], shown["user"]["name"]) == (person.id, person.name)
            and all(shown.get(name) == value for name, value in state.items())
            for shown in data["states"]
        )

    return matches


async def states(socket):
    """The states a socket is told, one after the other."""
    while True:
        message = await socket.receive(10)
        assert message.type is aiohttp.WSMsgType.BINARY, message
        kind, data = read_frame(message.data)
        if kind is Frame.AWARENESS:
            for state in read_awareness(data):
                yield state


async def test_a_caret_is_seen_under_its_users_true_name(servers, alice, bob, session, open_editor):
    one, other = await asyncio.gather(open_editor(servers[0], alice, session), open_editor(servers[1], bob, session))
    await asyncio.gather(one.synced(), other.synced())

    one.tell("point", cursor=3)
    # The providers call themselves "somebody else", of this colour.
    seen = await other.hear("$awareness", shown_as(alice, cursor=3))
    assert seen["states"][0]["user"]["color"] == "#123456"

    await one.close()
    await other.hear("$awareness", lambda data: data["states"] == [], after=len(other.named("$awareness")) - 1)


async def test_who_comes_later_is_told_who_is_here(servers, alice, bob, session, open_editor):
    one = await open_editor(servers[0], alice, session)
    await one.synced()
    late = await open_editor(servers[1], bob, session)
    await late.hear("$awareness", shown_as(alice))


async def test_nobody_speaks_of_another(servers, alice, mona):
    session = await in_database(make_session, alice, {mona: Role.VIEWER})
    async with raw_socket(servers[0], alice, session) as honest, raw_socket(servers[1], mona, session) as hostile:
        await honest.send_bytes(awareness_frame(write_awareness([State(7, 1, {"cursor": 1})])))
        async for state in states(hostile):
            if state.client_id == 7:
                break
        for said in (
            [State(8, 1, {"cursor": 2})],
            [State(7, 9, {"cursor": 9})],
            [State(7, 10, None)],
            [State(7, 11, {"cursor": 9}), State(8, 2, {"cursor": 3})],
        ):
            await hostile.send_bytes(awareness_frame(write_awareness(said)))
        heard = []
        async for state in states(honest):
            heard.append(state)
            if (state.value or {}).get("cursor") == 3:
                break
    assert [(state.clock, state.value["cursor"]) for state in heard if state.client_id == 7] == [(1, 1)]
    assert heard[-1].value["user"] == {"id": mona.id, "name": mona.name}


async def test_a_second_client_takes_no_ones_place(servers, alice, mona):
    session = await in_database(make_session, alice, {mona: Role.VIEWER})
    async with raw_socket(servers[0], alice, session) as honest, raw_socket(servers[1], mona, session) as hostile:
        await honest.send_bytes(awareness_frame(write_awareness([State(7, 1, {"cursor": 1})])))
        async for state in states(hostile):
            if state.client_id == 7:
                break
        # It calls its own document what Alice's is called.
        await hostile.send_bytes(awareness_frame(write_awareness([State(7, 5, {"cursor": 9})])))
        await honest.send_bytes(awareness_frame(write_awareness([State(7, 2, {"cursor": 2})])))
        heard = []
        async for state in states(hostile):
            heard.append(state)
            if state.value["cursor"] == 2:
                break
    assert {state.value["user"]["id"] for state in heard} == {alice.id}


async def test_a_browser_on_our_own_origin_comes_with_its_session(servers, alice, session):
    question = sync_frame(write_sync(Step.QUESTION, b"\x00"))
    async with browser(servers[0], alice) as signed_in, open_document(signed_in, session, servers[0].url) as socket:
        await socket.send_bytes(question)
        message = await socket.receive(10)
    assert message.data[0] == Frame.SYNC


async def test_a_session_is_worth_nothing_from_elsewhere(servers, alice, session):
    async with browser(servers[0], alice) as signed_in:
        async with open_document(signed_in, session, "") as socket:
            assert "authentication_required" in await denial(socket)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await open_document(signed_in, session, "https://elsewhere.example")


def open_document(signed_in, session, origin):
    """The socket a page of that origin opens with the browser's cookies."""
    headers = {"Origin": origin} if origin else {}
    return signed_in.ws_connect(f"/ws/collab/{session.pk}", headers=headers, protocols=["yjs"])

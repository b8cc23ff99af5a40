"""A socket that does not say who it is does nothing, and does not stay."""

import asyncio
import json

import aiohttp
import pytest

from gateway.testing import EVENT_SECONDS


def websocket_url(server, path):
    return f"{server.url.replace('http', 'ws', 1)}{path}"


async def closes(socket, seconds):
    """Read until the server closes; returns the close code and what came before."""
    frames = []
    async with asyncio.timeout(seconds):
        async for frame in socket:
            frames.append(frame.data)
    return socket.close_code, frames


@pytest.mark.parametrize("event", ["stream:join", "chat:new", "nonsense"])
async def test_a_command_before_the_token_closes_the_socket(server, event):
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(websocket_url(server, "/ws/")) as socket,
    ):
        await socket.send_json({"event": event, "data": {"streamId": "1"}, "ref": 7})
        code, frames = await closes(socket, EVENT_SECONDS)

    assert code == 4100
    reply = json.loads(frames[0])
    assert (reply["event"], reply["ref"], reply["ok"]) == ("reply", 7, False)
    assert reply["error"]["message"] == "Authentication token required"


async def test_sockets_that_say_nothing_are_closed_and_so_are_those_that_left(servers, bob):
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(websocket_url(servers[0], "/ws/")) as plain,
        session.ws_connect(websocket_url(servers[0], "/socket.io/?EIO=4&transport=websocket")) as socketio,
        session.ws_connect(websocket_url(servers[0], "/socket.io/?EIO=4&transport=websocket")) as left,
    ):
        await left.send_str(f'40{{"token":"{bob.token}"}}')
        await left.send_str("41")
        (code, _), _, _ = await asyncio.gather(closes(plain, 15), closes(socketio, 15), closes(left, 15))

    assert code == 4100

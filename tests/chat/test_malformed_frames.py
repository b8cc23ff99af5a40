"""Frames that are no JSON, too deep or too large: refused where that is possible, never harmful to anybody else."""

import asyncio
import json

import aiohttp
import pytest

from gateway.testing import EVENT_SECONDS
from tests.people import done, hear, say

DEEP = json.dumps({"event": "chat:new", "data": {"streamId": "1", "message": "x"}}).replace('"x"', "[" * 40 + "]" * 40)
LARGE = "x" * 65 * 1024


def error(client, number=0):
    return client.named("error")[number]


@pytest.mark.parametrize(
    "frame",
    [
        "", "hello", "{", "[]", "7", "null", '"text"', "{}", '{"event": 7}', '{"event": null}', '{"data": {}}',
        '{"event": "chat:new", "data": {}, "more": 1}', '{"event": "chat:new", "ref": {}}',
        '{"event": "chat:new", "ref": 1.5}',
        '{"event": "chat:new", "data": NaN}', '{"event": "chat:new", "data": Infinity}',
        '{"event": "chat:new", "data": "\\ud800"}', '{"event": "\x00"}', DEEP,
    ],
    ids=range(19),
)  # fmt: skip
async def test_a_websocket_frame_that_is_no_command_is_refused_and_the_socket_lives_on(
    servers, bob, stream, crowd, frame
):
    client = await crowd.connect(servers[0], bob)

    await client.send_text(frame)

    refusal = await client.wait_for("error")
    assert refusal["code"] == "invalid_payload"
    assert refusal["message"].startswith("Invalid payload")
    done(await say(client, stream, "still here"))


async def test_a_binary_websocket_frame_is_refused_and_the_socket_lives_on(server, bob, stream, crowd):
    client = await crowd.connect(server, bob)

    await client._ws.send_bytes(b'{"event": "chat:new"}')

    assert (await client.wait_for("error"))["code"] == "invalid_payload"
    done(await say(client, stream, "still here"))


@pytest.mark.parametrize(
    "body", [b"hello", b"{", b"\xff\xfe", DEEP.encode(), b'{"a": NaN}', b'{"a": 1} {}'], ids=range(6)
)
async def test_a_rest_body_that_is_no_json_is_refused(servers, bob, body):
    async with (
        aiohttp.ClientSession(headers={"Authorization": bob.token}) as session,
        session.post(f"{servers[0].url}/api/events/chat:new/", data=body) as response,
    ):
        answer = await response.json()

    assert response.status == 400
    assert answer["error"]["code"] == "invalid_payload"


async def test_a_rest_body_that_is_too_large_is_refused(server, bob, stream, crowd):
    client = await crowd.connect(server, bob, "rest")

    reply = await say(client, stream, LARGE)

    assert (reply.error.get("message"), reply.code) == ("Payload too large", "payload_too_large")


@pytest.mark.parametrize(
    "packet",
    ["2", "2{}", "2[]", "2[7]", '2["chat:new",', '2["chat:new",NaN]', '2["chat:new",' + "[" * 40 + "]" * 40 + "]", "9",
     "hello",
     '51-["chat:new",{"_placeholder":true,"num":0}]', '599999-["chat:new"]', '2/other,["chat:new",{}]'],
    ids=range(12),
)  # fmt: skip
@pytest.mark.parametrize("way", ["socketio", "polling"])
async def test_a_socketio_packet_that_is_none_ends_that_session_alone(servers, alice, bob, stream, crowd, way, packet):
    host = await crowd.join(servers[0], alice, stream, way)
    client = await crowd.join(servers[0], bob, stream, way)

    await client._sio.eio.send(packet)
    if packet.startswith("51-"):
        # A text follows where the binary attachment was announced.
        await client._sio.eio.send('2["chat:new",{}]')

    await asyncio.wait_for(client.closed.wait(), EVENT_SECONDS)
    assert client.named("session:closing")[-1]["code"] == 4104
    done(await say(host, stream, "still here"))
    await hear(host, "still here")


async def test_a_frame_that_is_too_large_ends_that_connection_alone(server, live_transport, alice, bob, stream, crowd):
    host = await crowd.join(server, alice, stream)
    client = await crowd.join(server, bob, stream, live_transport)

    await client.emit("chat:new", {"streamId": str(stream.pk), "message": LARGE})

    await asyncio.wait_for(client.closed.wait(), EVENT_SECONDS)
    done(await say(host, stream, "still here"))
    await hear(host, "still here")
    assert not any(LARGE in data["message"] for data in host.named("chat:new"))


async def test_the_largest_frame_allowed_is_read(servers, live_transport, bob, stream, crowd):
    client = await crowd.connect(servers[0], bob, live_transport)

    reply = await say(client, stream, "x" * 60 * 1024)

    assert reply.code == "invalid_content"
    done(await say(client, stream, "still here"))

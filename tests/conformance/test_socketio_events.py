"""Events and acknowledgements make the round trip unchanged, binary included."""

from contextlib import AsyncExitStack
from typing import Any

import pytest

from .client import UPGRADE, Endpoint, PollingClient, WebSocketClient, content, enter, packet, placeholder
from .conftest import Connect

ARGUMENTS: dict[str, list[Any]] = {
    "none": [],
    "several": [1, "2", {"3": [True, None, 4.5]}],
    "text of every kind": ["çé€ 😀", "NaN [[[ {{{", '\\"\n'],
    "many brackets in text": ["[" * 100, '{"' * 100],
}
FIRST, SECOND = bytes([1, 2, 3]), bytes([4, 5, 6])

arguments = pytest.mark.parametrize("args", ARGUMENTS.values(), ids=ARGUMENTS.keys())


@arguments
async def test_an_event_is_answered_by_an_event(connect: Connect, args: list[Any]) -> None:
    client = await connect()
    await enter(client)
    await client.send(packet("42", "message", *args))
    assert content(await client.receive(), "42") == ["message-back", *args]


@arguments
async def test_an_event_with_an_id_is_acknowledged(connect: Connect, args: list[Any]) -> None:
    client = await connect()
    await enter(client)
    await client.send(packet("42456", "message-with-ack", *args))
    assert content(await client.receive(), "43456") == args


@pytest.mark.parametrize("ack_id", [0, 7, 2**31])
async def test_the_id_of_an_acknowledgement_is_the_one_of_the_event(connect: Connect, ack_id: int) -> None:
    client = await connect()
    await enter(client)
    await client.send(packet(f"42{ack_id}", "message-with-ack", "x"))
    assert content(await client.receive(), f"43{ack_id}") == ["x"]


async def test_a_binary_event_is_answered_by_a_binary_event(connect: Connect) -> None:
    client = await connect()
    await enter(client)
    await client.send(packet("452-", "message", placeholder(0), {"deep": [placeholder(1)]}), FIRST, SECOND)
    assert content(await client.receive(), "452-") == ["message-back", placeholder(0), {"deep": [placeholder(1)]}]
    assert [await client.receive(), await client.receive()] == [FIRST, SECOND]


async def test_a_binary_event_with_an_id_is_acknowledged(connect: Connect) -> None:
    client = await connect()
    await enter(client)
    await client.send(packet("452-789", "message-with-ack", placeholder(0), "text", placeholder(1)), FIRST, SECOND)
    assert content(await client.receive(), "462-789") == [placeholder(0), "text", placeholder(1)]
    assert [await client.receive(), await client.receive()] == [FIRST, SECOND]


async def test_attachments_are_taken_by_number_and_not_by_position(connect: Connect) -> None:
    client = await connect()
    await enter(client)
    await client.send(packet("452-", "message", placeholder(1), placeholder(0)), FIRST, SECOND)
    assert content(await client.receive(), "452-") == ["message-back", placeholder(0), placeholder(1)]
    assert [await client.receive(), await client.receive()] == [SECOND, FIRST]


async def test_events_are_answered_in_the_order_they_were_sent(connect: Connect) -> None:
    client = await connect()
    await enter(client)
    await client.send(*(packet("42", "message", number) for number in range(30)))
    answers = [content(await client.receive(), "42") for _ in range(30)]
    assert answers == [["message-back", number] for number in range(30)]


async def test_an_acknowledgement_nobody_waits_for_is_ignored(connect: Connect) -> None:
    client = await connect()
    await enter(client)
    await client.send('43999["nobody asked"]', packet("42", "message", "next"))
    assert content(await client.receive(), "42") == ["message-back", "next"]


async def test_a_namespace_survives_the_upgrade(socket_io: Endpoint, clients: AsyncExitStack) -> None:
    poller = await PollingClient.open(socket_io)
    await poller.post("40")
    client = await WebSocketClient.join(socket_io, poller.sid)
    clients.push_async_callback(client.stop)
    await client.socket.send("2probe")
    await client.socket.send(UPGRADE)
    client.listen()
    assert await client.receive() == "3probe"
    assert list(content(await client.receive(), "40")) == ["sid"]
    assert content(await client.receive(), "42") == ["auth", {}]
    await client.send(packet("42", "message", "over the websocket"))
    assert content(await client.receive(), "42") == ["message-back", "over the websocket"]

"""A packet that breaks the protocol closes the connection, and the log says so in one line."""

import pytest

from .client import Client, Frame, enter
from .conftest import Connect, Server, eventually

BEFORE_CONNECT = {
    "an event": '42["message"]',
    "an event with an id": '421["message-with-ack"]',
    "an acknowledgement": '431["x"]',
    "a binary event": '451-["message",{"_placeholder":true,"num":0}]',
    "an event to another namespace": '42/custom,["message"]',
}
MALFORMED = {
    "no packet type": "4abc",
    "an unknown packet type": "49",
    "a payload that is an object": "42{}",
    "a payload that is a string": '42"message"',
    "a payload without an event": "42[]",
    "an event without a name": "42[{}]",
    "an event with a reserved name": '42["disconnect"]',
    "a payload cut short": '42["message"',
    "a bad ack id": '42abc["message-with-ack",1]',
    "a negative ack id": '42-1["message-with-ack",1]',
    "an acknowledgement that is no array": '431{"a":1}',
    "a refusal": '44{"message":"no"}',
    "a CONNECT that is no object": '40/custom,"token"',
    "a CONNECT cut short": '40/custom,{"token"',
    "a binary event without a count": '45["message"]',
    "an attachment nobody announced": b"\x01\x02",
}

before_connect = pytest.mark.parametrize("frame", BEFORE_CONNECT.values(), ids=BEFORE_CONNECT.keys())
malformed = pytest.mark.parametrize("frame", MALFORMED.values(), ids=MALFORMED.keys())


async def log_of_closing(server: Server, connect: Connect, client: Client, frame: Frame) -> list[str]:
    """Return what the log says of a frame that closes its connection, by the time another client was served."""
    before = len(server.log_lines())
    await client.send(frame)
    assert await client.until_closed() == []
    await eventually(lambda: len(server.log_lines()) > before)
    await enter(await connect())
    return server.log_lines()[before:]


@before_connect
async def test_a_packet_before_connect_closes_the_connection(connect: Connect, elder: Client, frame: str) -> None:
    client = await connect()
    await client.send(frame)
    assert await client.until_closed() == []
    assert elder.alive


@malformed
async def test_a_malformed_packet_closes_the_connection(connect: Connect, frame: Frame) -> None:
    client = await connect()
    await enter(client)
    await client.send(frame)
    assert await client.until_closed() == []


async def test_an_event_to_a_namespace_not_entered_closes_the_connection(connect: Connect) -> None:
    client = await connect()
    await enter(client)
    await client.send('42/custom,["message"]')
    assert await client.until_closed() == []


async def test_a_second_connect_to_the_same_namespace_closes_the_connection(connect: Connect) -> None:
    client = await connect()
    await enter(client)
    await client.send("40")
    assert await client.until_closed() == []


async def test_text_in_the_place_of_an_attachment_closes_the_connection(connect: Connect) -> None:
    client = await connect()
    await enter(client)
    await client.send('451-["message",{"_placeholder":true,"num":0}]', '42["message"]')
    assert await client.until_closed() == []


@pytest.mark.parametrize("number", ["1", "-1", '"0"', "0.5", "null"])
async def test_a_placeholder_without_its_attachment_closes_the_connection(connect: Connect, number: str) -> None:
    client = await connect()
    await enter(client)
    await client.send(f'451-["message",{{"_placeholder":true,"num":{number}}}]', b"\x01")
    assert await client.until_closed() == []


@before_connect
async def test_a_packet_before_connect_is_one_line_in_the_log(connect: Connect, server: Server, frame: str) -> None:
    lines = await log_of_closing(server, connect, await connect(), frame)
    assert len(lines) == 1, lines


@malformed
async def test_a_malformed_packet_is_one_line_in_the_log(connect: Connect, server: Server, frame: Frame) -> None:
    client = await connect()
    await enter(client)
    lines = await log_of_closing(server, connect, client, frame)
    assert len(lines) == 1, lines

"""Engine.IO messages and payloads, at an echo that sends every message back."""

from contextlib import suppress

import aiohttp
import pytest

from .client import SEPARATOR, Client, PollingClient
from .conftest import Connect, Server

BINARY = bytes([1, 2, 3, 4])
INVALID_PACKETS = {
    "a letter": "abc",
    "a packet type that does not exist": "8",
    "a digit that is not ASCII": "٤hello",
    "nothing": "",
}

invalid_packet = pytest.mark.parametrize("packet", INVALID_PACKETS.values(), ids=INVALID_PACKETS.keys())


async def receive_many(client: Client, count: int) -> list[str | bytes]:
    return [await client.receive() for _ in range(count)]


@pytest.mark.parametrize("text", ["hello", "", "çé€ 😀", '{"a":  1}', "007", "[1, 2]"])
async def test_text_arrives_unchanged(connect_engine: Connect, text: str) -> None:
    client = await connect_engine()
    await client.send(f"4{text}")
    assert await client.receive() == f"4{text}"


@pytest.mark.parametrize("data", [BINARY, bytes(range(256))], ids=["four bytes", "every byte"])
async def test_binary_arrives_unchanged(connect_engine: Connect, data: bytes) -> None:
    client = await connect_engine()
    await client.send(data)
    assert await client.receive() == data


async def test_empty_binary_arrives_unchanged(connect_engine: Connect, server: Server, transport: str) -> None:
    if (server.name, transport) == ("daphne", "websocket"):
        pytest.skip("daphne sends no empty binary frame")
    client = await connect_engine()
    await client.send(b"")
    assert await client.receive() == b""


async def test_text_and_binary_keep_their_order(connect_engine: Connect) -> None:
    client = await connect_engine()
    await client.send("4first", BINARY, "4second")
    assert await receive_many(client, 3) == ["4first", BINARY, "4second"]


async def test_a_payload_may_hold_many_packets(connect_engine: Connect) -> None:
    packets = [f"4{number}" for number in range(50)]
    client = await connect_engine()
    await client.send(*packets)
    assert await receive_many(client, 50) == packets


async def test_a_post_is_answered_ok(poller: PollingClient) -> None:
    assert await poller.post("4hello") == (200, "ok")


async def test_packets_in_a_payload_are_split_by_the_record_separator(poller: PollingClient) -> None:
    status, body = await poller.endpoint.request("POST", f"4one{SEPARATOR}4two", **poller.params)
    assert (status, body) == (200, "ok")
    packets = (await poller.poll()).packets
    if len(packets) < 2:
        packets += (await poller.poll()).packets
    assert packets == ["4one", "4two"]


async def test_binary_is_base64_over_polling(poller: PollingClient) -> None:
    status, body = await poller.endpoint.request("POST", "bAQIDBA==", **poller.params)
    assert (status, body) == (200, "ok")
    assert (await poller.poll()).packets == ["bAQIDBA=="]


@invalid_packet
async def test_an_invalid_packet_in_a_post_ends_the_session(poller: PollingClient, packet: str) -> None:
    with suppress(aiohttp.ClientError):
        assert (await poller.post(packet)).status == 400
    assert (await poller.poll()).status == 400


async def test_base64_that_is_none_ends_the_session(poller: PollingClient) -> None:
    await poller.send("b!")
    assert (await poller.poll()).status == 400


@invalid_packet
async def test_an_invalid_packet_ends_the_session(connect_engine: Connect, packet: str) -> None:
    client = await connect_engine()
    await client.send(packet)
    assert await client.until_closed() == []

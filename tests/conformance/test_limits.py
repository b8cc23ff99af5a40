"""What the specification leaves open and a hostile client would use: size, depth, number, and numbers that are none."""

from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import pytest

from .client import (
    Client,
    Endpoint,
    Frame,
    PollingClient,
    WebSocketClient,
    assert_alive,
    content,
    enter,
    packet,
    placeholder,
)
from .conftest import Connect, Server

MEGABYTE = 2**20
TOLERATED_GROWTH = 32 * MEGABYTE


def arrays(depth: int) -> str:
    return "[" * depth + "1" + "]" * depth


def objects(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


def announcing(*attachments: bytes) -> list[Frame]:
    header = f"45{len(attachments)}-"
    return [packet(header, "message", *map(placeholder, range(len(attachments)))), *attachments]


REFUSED: dict[str, list[Frame]] = {
    "eleven attachments": announcing(*[b"\x01"] * 11),
    "the announcement of a billion attachments": ['451000000000-["message"]'],
    "the announcement of more attachments than fit in a number": [f'45{"9" * 50}-["message"]'],
    "text beyond 64 KiB": [packet("42", "message", "x" * 70_000)],
    "an attachment beyond 64 KiB": announcing(bytes(70_000)),
    "attachments that together are beyond 64 KiB": announcing(bytes(40_000), bytes(40_000)),
    "arrays too deep": [f'42["message",{arrays(34)}]'],
    "objects too deep": [f'42["message",{objects(34)}]'],
    "arrays without end": ['42["message",' + "[" * 30_000],
    "an acknowledgement too deep": [f"431[{arrays(34)}]"],
    "a payload of CONNECT too deep": [f"40/custom,{objects(34)}"],
    "NaN": ['42["message",NaN]'],
    "Infinity": ['42["message",Infinity]'],
    "minus Infinity": ['42["message",{"a":[-Infinity]}]'],
    "NaN in CONNECT": ['40/custom,{"a":NaN}'],
}
ACCEPTED: dict[str, list[Frame]] = {
    "ten attachments": announcing(*[b"\x01"] * 10),
    "text just below 64 KiB": [packet("42", "message", "x" * 65_000)],
    "attachments that together are just below 64 KiB": announcing(*[bytes(6_400)] * 10),
    "arrays as deep as allowed": [f'42["message",{arrays(31)}]'],
    "objects as deep as allowed": [f'42["message",{objects(31)}]'],
    "the word NaN": [packet("42", "message", "NaN", "-Infinity")],
}

refused = pytest.mark.parametrize("frames", REFUSED.values(), ids=REFUSED.keys())
accepted = pytest.mark.parametrize("frames", ACCEPTED.values(), ids=ACCEPTED.keys())


async def entered(connect: Connect) -> Client:
    client = await connect()
    await enter(client)
    return client


@refused
async def test_a_packet_beyond_the_limits_closes_the_connection(connect: Connect, frames: list[Frame]) -> None:
    bystander = await entered(connect)
    client = await entered(connect)
    await client.send(*frames)
    assert await client.until_closed() == []
    await assert_alive(bystander)


@accepted
async def test_a_packet_within_the_limits_is_answered(connect: Connect, frames: list[Frame]) -> None:
    client = await entered(connect)
    await client.send(*frames)
    answer = await client.receive()
    assert isinstance(answer, str)
    assert '"message-back"' in answer
    assert [await client.receive() for _ in frames[1:]] == frames[1:]


async def test_the_limit_is_one_of_the_packet_and_not_of_the_payload(connect: Connect) -> None:
    client = await entered(connect)
    await client.send(*[packet("42", "message", str(number) * 10_000) for number in range(10)])
    answers = [content(await client.receive(), "42") for _ in range(10)]
    assert answers == [["message-back", str(number) * 10_000] for number in range(10)]


async def test_a_post_beyond_the_largest_payload_is_refused(poller: PollingClient) -> None:
    with suppress(aiohttp.ClientError):
        assert (await poller.post("4" + "x" * 1_100_000)).status in {400, 413}


async def test_a_frame_beyond_the_largest_payload_ends_the_session(websocket: WebSocketClient) -> None:
    await websocket.send("4" + "x" * 1_100_000)
    assert await websocket.until_closed() == []


async def test_a_message_just_below_the_largest_payload_arrives(connect_engine: Connect) -> None:
    client = await connect_engine()
    message = "4" + "x" * 999_000
    await client.send(message)
    assert await client.receive() == message


async def test_attachments_that_are_refused_cost_no_memory(connect: Connect, server: Server) -> None:
    clients = [await entered(connect) for _ in range(50)]
    with server.memory_growth_below(TOLERATED_GROWTH):
        for client in clients:
            for frame in announcing(*[bytes(400_000)] * 10)[:-1]:
                await client.send(frame)
        await entered(connect)


async def chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"4" + b"x" * (MEGABYTE - 1)


async def test_a_payload_without_end_is_not_kept(poller: PollingClient, server: Server) -> None:
    with server.memory_growth_below(TOLERATED_GROWTH):
        await post_chunked(poller.endpoint, poller.params, 200)


async def post_chunked(endpoint: Endpoint, params: dict[str, str], count: int) -> None:
    """Post a body whose length is not told; the server may answer, or hang up, before it is all sent."""
    with suppress(aiohttp.ClientError):
        async with endpoint.http.post(endpoint.url, params=params, data=chunks(count)) as response:
            assert response.status in {400, 413}

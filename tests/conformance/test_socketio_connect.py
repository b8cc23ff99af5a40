"""How a Socket.IO client enters a namespace, and what happens when it enters none."""

from typing import Any

import pytest

from .client import assert_alive, content, enter
from .conftest import Connect

PAYLOADS: dict[str, Any] = {"an object": {"token": "123"}, "a nested object": {"a": {"b": [1, None, "ç"]}}}

payloads = pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())


@pytest.mark.parametrize("namespace", ["/", "/custom"])
async def test_the_answer_to_connect_holds_the_sid_alone_and_comes_first(connect: Connect, namespace: str) -> None:
    prefix = "" if namespace == "/" else f"{namespace},"
    client = await connect()
    await client.send(f"40{prefix}")
    answer = content(await client.receive(), f"40{prefix}")
    assert list(answer) == ["sid"]
    assert isinstance(answer["sid"], str)
    assert content(await client.receive(), f"42{prefix}") == ["auth", {}]


@payloads
@pytest.mark.parametrize("namespace", ["/", "/custom"])
async def test_the_payload_of_connect_reaches_the_application(
    connect: Connect, namespace: str, payload: dict[str, Any]
) -> None:
    await enter(await connect(), namespace, payload)


async def test_every_namespace_gives_a_sid_of_its_own(connect: Connect) -> None:
    client = await connect()
    sids = {client.sid, await enter(client), await enter(client, "/custom")}
    assert len(sids) == 3


async def test_an_unknown_namespace_is_refused_with_an_object(connect: Connect) -> None:
    client = await connect()
    await client.send("40/random,")
    assert await client.receive() == '44/random,{"message":"Invalid namespace"}'


async def test_an_unknown_namespace_with_a_payload_is_refused_alike(connect: Connect) -> None:
    client = await connect()
    await client.send('40/random,{"token":"123"}')
    assert await client.receive() == '44/random,{"message":"Invalid namespace"}'


async def test_a_refused_namespace_leaves_the_others_open(connect: Connect) -> None:
    client = await connect()
    await enter(client)
    await client.send("40/random,")
    assert content(await client.receive(), "44/random,") == {"message": "Invalid namespace"}
    await assert_alive(client)
    await enter(client, "/custom")


async def test_a_client_that_enters_no_namespace_is_closed(connect: Connect) -> None:
    connected = await connect()
    await enter(connected)
    silent = await connect()
    assert await silent.until_closed() == []
    await assert_alive(connected)


async def test_a_client_whose_only_namespace_was_refused_is_closed(connect: Connect) -> None:
    connected = await connect()
    await enter(connected)
    refused = await connect()
    await refused.send("40/random,")
    assert len(await refused.until_closed()) == 1
    await assert_alive(connected)


async def test_a_client_that_left_every_namespace_and_enters_none_is_closed(connect: Connect) -> None:
    connected = await connect()
    await enter(connected)
    left = await connect()
    await enter(left)
    await enter(left, "/custom")
    await left.send("41/custom,", "41")
    assert await left.until_closed() == []
    await assert_alive(connected)


async def test_entering_any_namespace_meets_the_deadline(connect: Connect) -> None:
    client = await connect()
    await enter(client, "/custom")
    younger = await connect()
    assert await younger.until_closed() == []
    await enter(client)
    await assert_alive(client)

"""Leaving one namespace leaves nothing else."""

from .client import assert_alive, assert_connected, content, enter, packet
from .conftest import Connect


async def test_leaving_a_namespace_keeps_the_main_one(connect: Connect) -> None:
    client = await connect()
    await enter(client)
    await enter(client, "/custom")
    await client.send("41/custom,")
    await assert_alive(client)


async def test_leaving_the_main_namespace_keeps_the_other(connect: Connect) -> None:
    client = await connect()
    await enter(client)
    await enter(client, "/custom")
    await client.send("41", packet("42/custom,", "unheard"))
    await assert_connected(client)
    await enter(client)
    await assert_alive(client)


async def test_leaving_every_namespace_keeps_the_connection(connect: Connect) -> None:
    client = await connect()
    first = await enter(client)
    await client.send("41")
    await assert_connected(client)
    second = await enter(client)
    assert second != first
    await assert_alive(client)


async def test_an_event_to_a_namespace_that_was_left_closes_the_connection(connect: Connect) -> None:
    client = await connect()
    await enter(client)
    await enter(client, "/custom")
    await client.send("41/custom,")
    await assert_connected(client)
    await client.send(packet("42/custom,", "unheard"))
    assert await client.until_closed() == []


async def test_leaving_and_entering_again_may_come_at_once(connect: Connect) -> None:
    client = await connect()
    await enter(client)
    await client.send("41", "40")
    assert list(content(await client.receive(), "40")) == ["sid"]

"""Stock Channels consumers work on the gateway's channel layer, beside the gateway and over its reconnects."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.testing import WebsocketCommunicator

from gateway.channel_layer import GatewayChannelLayer
from gateway.metrics import counters
from tests.gateway.kernel import Kernel, new_room, until


@pytest.fixture
async def layers(redis_of_our_own) -> AsyncIterator[tuple[GatewayChannelLayer, GatewayChannelLayer]]:
    """The layers of two processes."""
    layers = (GatewayChannelLayer([redis_of_our_own.url]), GatewayChannelLayer([redis_of_our_own.url]))
    yield layers
    for layer in layers:
        await layer.flush()


async def received(layer: GatewayChannelLayer, channel: str) -> dict[str, object]:
    """The next message of a channel."""
    message: dict[str, object] = await asyncio.wait_for(layer.receive(channel), 10)
    return message


async def test_a_message_to_a_channel_of_another_process_arrives(layers):
    here, there = layers
    channel = await there.new_channel()

    await here.send(channel, {"type": "hello", "n": 1})

    assert await received(there, channel) == {"type": "hello", "n": 1}


async def test_a_message_to_a_group_arrives_at_each_of_its_channels_once(layers):
    here, there = layers
    channels = [(layer, await layer.new_channel()) for layer in (here, there, there)]
    for layer, channel in channels:
        await layer.group_add("group.1", channel)

    for number in range(3):
        await here.group_send("group.1", {"type": "hello", "n": number})

    for layer, channel in channels:
        assert [(await received(layer, channel))["n"] for _ in range(3)] == [0, 1, 2]


async def test_a_channel_that_left_a_group_hears_no_more(layers):
    here, there = layers
    staying, leaving = await there.new_channel(), await there.new_channel()
    for channel in (staying, leaving):
        await there.group_add("group.1", channel)

    await there.group_discard("group.1", leaving)
    await here.group_send("group.1", {"type": "hello"})
    await here.send(leaving, {"type": "direct"})

    assert (await received(there, staying))["type"] == "hello"
    assert (await received(there, leaving))["type"] == "direct"


async def test_what_is_sent_right_after_joining_a_group_is_heard(layers):
    here, there = layers
    channel = await there.new_channel()
    for number in range(50):
        await there.group_add(f"group.{number}", channel)
        await here.group_send(f"group.{number}", {"type": "hello", "n": number})

    assert [(await received(there, channel))["n"] for _ in range(50)] == list(range(50))


class Echo(AsyncJsonWebsocketConsumer):
    """A stock consumer in a group that both the gateway and Channels know."""

    async def connect(self) -> None:
        await self.channel_layer.group_add(self.scope["path"].strip("/"), self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.scope["path"].strip("/"), self.channel_name)

    async def hello(self, message: dict[str, object]) -> None:
        await self.send_json(message)

    async def room_event(self, message: dict[str, object]) -> None:
        await self.send_json({"heard": message["name"]})


async def test_a_stock_consumer_hears_its_group_also_after_the_layer_reconnected(kernel: Kernel):
    communicator = WebsocketCommunicator(Echo.as_asgi(), "/group.7/")
    assert (await communicator.connect())[0]
    layer = kernel.layer.channel_layer
    await layer.group_send("group.7", {"type": "hello", "n": 1})
    assert await communicator.receive_json_from(10) == {"type": "hello", "n": 1}

    reconnects = counters.bus_reconnects
    kernel.redis.execute("CLIENT", "KILL", "TYPE", "pubsub")
    await until(lambda: counters.bus_reconnects > reconnects and kernel.layer.healthy)
    await layer.group_send("group.7", {"type": "hello", "n": 2})

    assert await communicator.receive_json_from(10) == {"type": "hello", "n": 2}
    await communicator.disconnect()


async def test_a_stock_consumer_and_the_gateway_hear_the_same_room_and_leave_it_alone_for_each_other(kernel: Kernel):
    room = new_room()
    communicator = WebsocketCommunicator(Echo.as_asgi(), f"/{room.group}/")
    member = kernel.member()
    await kernel.join(member, room)
    assert (await communicator.connect())[0]

    kernel.publish(room, 1)
    assert await communicator.receive_json_from(10) == {"heard": "test:event"}
    await member.until(lambda member: member.numbers() == [1])

    await communicator.disconnect()
    kernel.publish(room, 2)
    await member.until(lambda member: member.numbers() == [1, 2])

    again = WebsocketCommunicator(Echo.as_asgi(), f"/{room.group}/")
    assert (await again.connect())[0]
    kernel.hub.leave(member, room)
    kernel.hub._forget(kernel.hub.rooms[room])
    await asyncio.gather(*kernel.hub._tasks)
    kernel.publish(room, 3)
    assert await again.receive_json_from(10) == {"heard": "test:event"}
    await again.disconnect()

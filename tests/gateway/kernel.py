"""The real hub, bus and channel layer in the test's own event loop, on a Redis of the test's own."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from channels.layers import channel_layers
from django.test import override_settings

from gateway import redis_clients
from gateway.bus import Position, RoomEvent, bus, publish_pipeline
from gateway.channel_layer import LoopLayer
from gateway.connection import Connection
from gateway.errors import CloseCode
from gateway.events import Delivery
from gateway.hub import Hub
from gateway.identity import Identity
from gateway.outlet import Outlet
from gateway.redis_clients import async_redis, sync_redis
from gateway.rooms import Room
from gateway.wire import Wire
from realtime_project.settings.base import channel_layers as layers_of
from tests.gateway.own_redis import OwnRedis

SECONDS = 10.0


class Member(Connection):
    """A connection whose client takes every message at once and keeps it."""

    def __init__(self, wire: Wire = Wire.WEBSOCKET, user_id: str = "1", session_id: str = "s") -> None:
        super().__init__(Outlet(wire), "127.0.0.1", Identity(user_id, f"user{user_id}", "", 0, session_id))
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.close_code: CloseCode | None = None
        self._news = asyncio.Event()
        self.outlet.on_slow = self.close_slow
        self.outlet.attach_send(self._take)

    async def _take(self, message: str | bytes) -> None:
        text = str(message)
        if self.wire.is_socketio:
            name, data, *_ = json.loads(text.removeprefix("42"))
        else:
            frame = json.loads(text)
            name, data = frame["event"], frame["data"]
        self.received.append((name, data))
        self._news.set()

    def _close(self, code: CloseCode, reason: str) -> None:
        self.close_code = code

    def named(self, name: str) -> list[dict[str, Any]]:
        """The data of the events of this name, in order."""
        return [data for other, data in self.received if other == name]

    def numbers(self) -> list[int]:
        """The numbers of the test's events, in the order they came."""
        return [data["n"] for data in self.named("test:event")]

    def seqs(self) -> list[int]:
        """The places the test's events had in their room's history, in the order they came."""
        return [data["seq"] for data in self.named("test:event")]

    async def until(self, look: Callable[["Member"], bool]) -> None:
        """Wait until what was received satisfies `look`."""
        async with asyncio.timeout(SECONDS):
            while not look(self):
                self._news.clear()
                await self._news.wait()


class Kernel:
    """One process's hub on a Redis.

    Attributes:
        redis: that Redis.
        layer: the channel layer's connections to it.
    """

    def __init__(self, redis: OwnRedis, hub: Hub, layer: LoopLayer) -> None:
        self.redis = redis
        self.hub = hub
        self.layer = layer

    def member(self, wire: Wire = Wire.WEBSOCKET, **identity: str) -> Member:
        """A connection the hub knows, in no room."""
        member = Member(wire, **identity)
        self.hub.add(member)
        return member

    async def join(self, member: Member, room: Room) -> Position:
        """Enter the room as a handler does; returns what the member was told."""
        async with self.hub.joining(member, room) as entry:
            position = await bus.position(room)
            entry.admit(position)
        return position

    async def join_again(self, member: Member, room: Room) -> Position:
        """Leave the room and enter it anew, as for a fresh snapshot."""
        self.hub.leave(member, room)
        return await self.join(member, room)

    def publish(self, room: Room, *numbers: int, delivery: Delivery = Delivery.ORDERED) -> list[Position | None]:
        """Publish numbered events, from another connection, without giving the event loop a turn."""
        return publish_pipeline([event(room, number, delivery) for number in numbers])

    @property
    def shard(self) -> Any:
        """The connection pair to Redis."""
        return self.layer._shards[0]

    @contextmanager
    def bus_held_back(self) -> Iterator[None]:
        """Meanwhile messages of the bus are on their way but do not arrive."""
        transport = self.shard._pubsub.connection._writer.transport
        transport.pause_reading()
        try:
            yield
        finally:
            transport.resume_reading()

    @contextmanager
    def answers_held_back(self) -> Iterator[None]:
        """Meanwhile Redis carries out what the event loop asks, and its answers do not arrive."""
        pool = async_redis().connection_pool
        connections = [*pool._available_connections, *pool._in_use_connections]
        for connection in connections:
            connection._writer.transport.pause_reading()
        try:
            yield
        finally:
            for connection in connections:
                connection._writer.transport.resume_reading()

    def scripts_run(self) -> int:
        """How many scripts Redis has run."""
        return int(self.redis.execute("INFO", "commandstats")["cmdstat_evalsha"]["calls"])


def event(room: Room, number: int, delivery: Delivery = Delivery.ORDERED) -> RoomEvent:
    """A numbered event."""
    event_id = uuid4().hex
    return RoomEvent(
        room=room.wire,
        name="test:event",
        body=f'{{"n":{number},"eventId":"{event_id}"}}',
        delivery=delivery,
        id=event_id,
    )


def new_room() -> Room:
    """A room nobody else uses."""
    return Room("stream", str(uuid4().int % 10**15 + 1))


@contextmanager
def using_redis(url: str) -> Iterator[None]:
    """Everything of this process that asks Redis asks the one at `url`."""
    with override_settings(REDIS_URL=url, CHANNEL_LAYERS=layers_of(url)):
        _forget_clients()
        try:
            yield
        finally:
            _forget_clients()


@asynccontextmanager
async def clients_of(redis: OwnRedis) -> AsyncIterator[OwnRedis]:
    """`using_redis`; neither before nor at the end is a connection left open or a command under way."""
    await _close_clients()
    with using_redis(redis.url):
        try:
            yield redis
        finally:
            await _close_clients()


async def until(look: Callable[[], Any]) -> None:
    """Wait until something that no event tells of is so; `look` runs in a thread."""
    async with asyncio.timeout(SECONDS):
        while not await asyncio.to_thread(look):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def _close_clients() -> None:
    await asyncio.gather(*redis_clients._pipeline._sending, return_exceptions=True)
    await async_redis().aclose()
    await async_redis().connection_pool.disconnect()
    sync_redis().close()


def _forget_clients() -> None:
    # That the Redis of the test before is gone says nothing of this one.
    redis_clients.outage.answered()
    sync_redis.cache_clear()
    async_redis.cache_clear()
    channel_layers.backends.clear()


@asynccontextmanager
async def open_kernel(redis: OwnRedis) -> AsyncIterator[Kernel]:
    """A hub on `redis` that hears its bus."""
    async with clients_of(redis):
        hub = Hub()
        await bus.start(hub.receive, hub.repair_all)
        assert bus._layer is not None
        try:
            yield Kernel(redis, hub, bus._layer)
        finally:
            for member in list(hub.connections.values()):
                hub.remove(member)
            # Rooms are given up here and now, not by their timers.
            hub.rooms.clear()
            await asyncio.gather(*hub._tasks, return_exceptions=True)
            await bus._layer.flush()
            bus._layer = None


async def run_python(source: str, redis_url: str, *arguments: str | int) -> asyncio.subprocess.Process:
    """Another process that runs `source` with Django set up on the same PostgreSQL and the given Redis."""
    prelude = "import django; django.setup()\n"
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        prelude + source,
        *map(str, arguments),
        cwd=Path(__file__).parents[2],
        env={**os.environ, "REDIS_URL": redis_url},
        stdout=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.PIPE,
    )

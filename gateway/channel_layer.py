"""The channel layer: Channels' Redis pub/sub layer, made to notice when it has gone deaf.

The stock layer stays deaf for ever when its TCP connection is silently cut, never calls its reconnect
hooks and serialises all publishes under one lock. This subclass keeps its interface, so that stock
consumers work, and adds what the gateway needs: confirmed subscriptions, a direct receiver for the
process's own channel, a watchdog and a hook after each reconnect.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, RedisSingleShardConnection
from channels_redis.utils import _wrap_close, create_pool, decode_hosts
from redis import asyncio as redis_asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.metrics import counters
from gateway.redis_clients import TIMEOUT_SECONDS

log = logging.getLogger(__name__)

PING_SECONDS = 1.0
MISSED_PINGS = 3
_RECONNECT_SECONDS = 0.2


class GatewayChannelLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """The layer `settings.CHANNEL_LAYERS` names; one connection pair an event loop."""

    def _get_layer(self) -> "LoopLayer":
        loop = asyncio.get_running_loop()
        layer = self._layers.get(loop)
        if layer is None:
            layer = self._layers[loop] = LoopLayer(*self._args, **self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        return layer  # type: ignore[no-any-return]


class LoopLayer(RedisPubSubLoopLayer):  # type: ignore[misc]
    """The layer of one event loop.

    Attributes:
        receivers: functions called at once with the bytes of a group's or channel's message, by name,
            instead of queueing them for a consumer.
        on_restored: called after the connection was lost and every subscription is confirmed again.
    """

    def __init__(self, hosts: list[Any] | None = None, **kwargs: Any) -> None:
        super().__init__(hosts, **kwargs)
        self.receivers: dict[str, Callable[[bytes], None]] = {}
        self.on_restored: Callable[[], None] = lambda: None
        self._shards = [ShardConnection(host, self) for host in decode_hosts(hosts)]

    @property
    def healthy(self) -> bool:
        """Whether every connection has lately heard itself."""
        return all(shard.healthy for shard in self._shards)

    async def open(self) -> None:
        """Connect, and watch the connections from now on."""
        for shard in self._shards:
            await shard.open()

    async def listen(self, group: str, receiver: Callable[[bytes], None]) -> None:
        """Call `receiver` with each message of `group`; returns when Redis has confirmed it."""
        name = self._get_group_channel_name(group)
        self.receivers[name] = receiver
        await self._get_shard(name).subscribe(name)

    async def unlisten(self, group: str) -> None:
        """Stop calling the receiver of `group`."""
        name = self._get_group_channel_name(group)
        self.receivers.pop(name, None)
        await self._get_shard(name).unsubscribe(name)


class ShardConnection(RedisSingleShardConnection):  # type: ignore[misc]
    """The connections to one Redis: one that publishes, one that listens and is watched."""

    _redis: Any
    _pubsub: Any

    def __init__(self, host: dict[str, Any], layer: LoopLayer) -> None:
        options = {
            "socket_timeout": TIMEOUT_SECONDS,
            "socket_connect_timeout": TIMEOUT_SECONDS,
            "retry": Retry(NoBackoff(), 0),
        }
        super().__init__({**options, **host}, layer)
        self.healthy = False
        self._echo_channel = ""
        self._last_echo = 0.0
        self._confirmations: dict[str, asyncio.Future[None]] = {}
        self._unconfirmed: set[str] = set()
        self._watch_task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Subscribe to the echo channel and start the watchdog; harmless when open already."""
        if self._watch_task is not None:
            return
        self._echo_channel = f"{self.channel_layer.prefix}__echo__{socket.gethostname()}.{os.getpid()}.{id(self)}"
        await self.subscribe(self._echo_channel)
        self._last_echo = asyncio.get_running_loop().time()
        self.healthy = True
        self._watch_task = asyncio.ensure_future(self._watch())

    async def publish(self, channel: str, message: bytes) -> None:
        """Publish without the stock layer's lock: publishes of many rooms need not wait for each other."""
        self._ensure_redis()
        await self._redis.publish(channel, message)

    async def subscribe(self, channel: str) -> None:
        """Subscribe; returns when Redis has confirmed it, so that what is published later is heard."""
        async with self._lock:
            if channel in self._subscribed_to:
                return
            self._ensure_redis()
            confirmed = self._confirmations[channel] = asyncio.get_running_loop().create_future()
            await self._pubsub.subscribe(channel)
            self._subscribed_to.add(channel)
            self._ensure_receiver()
        try:
            await asyncio.wait_for(confirmed, TIMEOUT_SECONDS)
        finally:
            self._confirmations.pop(channel, None)

    async def flush(self) -> None:
        """Close everything, as at the end of the event loop."""
        if self._watch_task is not None:
            self._watch_task.cancel()
            self._watch_task = None
        self.healthy = False
        await super().flush()

    def _ensure_redis(self) -> None:
        if self._redis is None:
            self._redis = redis_asyncio.Redis(connection_pool=create_pool(self.host))
            self._pubsub = self._redis.pubsub()

    async def _do_receiving(self) -> None:
        while True:
            try:
                while True:
                    self._receive_message(await self._pubsub.get_message(timeout=None))
            except (RedisError, OSError, RuntimeError) as error:
                if self.healthy:
                    log.warning("lost the channel layer's Redis: %s", type(error).__name__)
                self.healthy = False
            await self._restore()

    async def _restore(self) -> None:
        await asyncio.sleep(_RECONNECT_SECONDS)
        try:
            await self._pubsub.aclose()
            await self._redis.connection_pool.disconnect(inuse_connections=True)
            self._pubsub = self._redis.pubsub()
            self._unconfirmed = set(self._subscribed_to)
            if self._subscribed_to:
                await self._pubsub.subscribe(*self._subscribed_to)
        except (RedisError, OSError, TimeoutError):
            return
        counters.bus_reconnects += 1
        self._last_echo = asyncio.get_running_loop().time()

    def _receive_message(self, message: dict[str, Any] | None) -> None:
        if message is None:
            return
        name = message["channel"]
        if isinstance(name, bytes):
            name = name.decode()
        if message["type"] == "subscribe":
            self._confirm(name)
        elif message["type"] == "message":
            self._deliver(name, message)

    def _deliver(self, name: str, message: dict[str, Any]) -> None:
        receiver = self.channel_layer.receivers.get(name)
        if receiver is not None:
            try:
                receiver(message["data"])
            except Exception:
                # What goes wrong with one message must not make the whole process deaf.
                log.exception("a message of the channel layer could not be taken")
        elif name == self._echo_channel:
            self._last_echo = asyncio.get_running_loop().time()
        else:
            super()._receive_message(message)

    def _confirm(self, name: str) -> None:
        future = self._confirmations.get(name)
        if future is not None and not future.done():
            future.set_result(None)
        if name not in self._unconfirmed:
            return
        self._unconfirmed.discard(name)
        if not self._unconfirmed:
            log.info("the channel layer's Redis is back; %d subscriptions restored", len(self._subscribed_to))
            self.healthy = True
            self.channel_layer.on_restored()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(PING_SECONDS)
            try:
                await self.publish(self._echo_channel, b"")
            except (RedisError, OSError, TimeoutError):
                log.debug("the channel layer's ping was not sent")
            if loop.time() - self._last_echo <= MISSED_PINGS * PING_SECONDS:
                continue
            self.healthy = False
            self._last_echo = loop.time()
            connection = self._pubsub.connection
            if connection is not None:
                # The reader wakes with an error and reconnects.
                await connection.disconnect(nowait=True)

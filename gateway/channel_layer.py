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
from collections.abc import Awaitable, Callable
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, RedisSingleShardConnection
from channels_redis.utils import _wrap_close, create_pool, decode_hosts
from redis import asyncio as redis_asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
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
        if name not in self.groups:
            await self._get_shard(name).unsubscribe(name)

    async def group_discard(self, group: str, channel: str) -> None:
        """As the stock layer does, but a group that is listened to stays subscribed."""
        name = self._get_group_channel_name(group)
        if name in self.receivers and self.groups.get(name) == {channel}:
            del self.groups[name]
            return
        await super().group_discard(group, channel)


class ShardConnection(RedisSingleShardConnection):  # type: ignore[misc]
    """The connections to one Redis: one that publishes, one that listens and is watched.

    `_subscribed_to` is what is wanted, and changes at once; `_confirmed` is what Redis has confirmed on the
    connection that listens now. While that connection is lost, its reader alone touches it, and subscribes
    to all that is wanted when it is back.
    """

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
        self._confirmed: set[str] = set()
        self._lost = False
        self._unrestored: set[str] = set()
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
        self._subscribed_to.add(channel)
        if not self._lost:
            async with self._lock:
                if channel not in self._confirmed and channel in self._subscribed_to and not self._lost:
                    self._ensure_redis()
                    await self._ask(self._pubsub.subscribe, channel)
                    self._ensure_receiver()
        if channel in self._confirmed:
            return
        confirmed = self._confirmations.get(channel)
        if confirmed is None:
            confirmed = self._confirmations[channel] = asyncio.get_running_loop().create_future()
        # Shared by all who subscribe to the channel, so one who gives up must not cancel it.
        await asyncio.wait_for(asyncio.shield(confirmed), TIMEOUT_SECONDS)

    async def unsubscribe(self, channel: str) -> None:
        """Unsubscribe, unless somebody subscribes again meanwhile."""
        self._subscribed_to.discard(channel)
        self._confirmed.discard(channel)
        async with self._lock:
            if channel not in self._subscribed_to and not self._lost and self._pubsub is not None:
                await self._ask(self._pubsub.unsubscribe, channel)

    async def _ask(self, ask: Callable[[str], Awaitable[None]], channel: str) -> None:
        """Ask the connection that listens, as long as it is there: it is its reader's to open again.

        Raises:
            redis.RedisError: it is lost.
        """
        connection = self._pubsub.connection
        if connection is not None and not connection.is_connected:
            raise NoConnection("the connection is lost")
        try:
            await ask(channel)
        except (RuntimeError, AttributeError) as error:
            # What redis-py meets when the connection goes while it writes, or while its reader waits.
            raise NoConnection(type(error).__name__) from error

    async def flush(self) -> None:
        """Close everything, as at the end of the event loop."""
        if self._watch_task is not None:
            self._watch_task.cancel()
            self._watch_task = None
        self.healthy = False
        self._confirmed.clear()
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
                self._report_loss(type(error).__name__)
            self._lost = True
            self._confirmed.clear()
            while self._lost:
                await asyncio.sleep(_RECONNECT_SECONDS)
                await self._restore()

    def _report_loss(self, reason: str) -> None:
        # Once for each loss, whoever notices it first.
        if self.healthy:
            log.warning("lost the channel layer's Redis: %s", reason)
        self.healthy = False

    async def _restore(self) -> None:
        # Whoever began to subscribe before the loss finishes first.
        async with self._lock:
            try:
                await self._pubsub.aclose()
                await self._redis.connection_pool.disconnect(inuse_connections=True)
                self._pubsub = self._redis.pubsub()
                sent: set[str] = set()
                # Others may come to be wanted while these are sent.
                while wanted := self._subscribed_to - sent:
                    await self._pubsub.subscribe(*wanted)
                    sent |= wanted
            except (RedisError, OSError, TimeoutError):
                return
            self._unrestored = set(sent)
            self._lost = False
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
        if name == self._echo_channel:
            self._last_echo = asyncio.get_running_loop().time()
            return
        receiver = self.channel_layer.receivers.get(name)
        if receiver is not None:
            try:
                receiver(message["data"])
            except Exception:
                # One message that cannot be taken must not end the hearing of all others.
                log.exception("a message of the channel layer could not be taken")
        super()._receive_message(message)

    def _confirm(self, name: str) -> None:
        if name in self._subscribed_to:
            self._confirmed.add(name)
        future = self._confirmations.pop(name, None)
        if future is not None and not future.done():
            future.set_result(None)
        if name not in self._unrestored:
            return
        self._unrestored.discard(name)
        if not self._unrestored:
            log.warning("the channel layer's Redis is back; %d subscriptions restored", len(self._subscribed_to))
            self.healthy = True
            self.channel_layer.on_restored()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(PING_SECONDS)
            try:
                # A ping that hangs must not delay the look at the echoes.
                await asyncio.wait_for(self.publish(self._echo_channel, b""), PING_SECONDS)
            except (RedisError, OSError, RuntimeError):
                log.debug("the channel layer's ping was not sent")
            if loop.time() - self._last_echo <= MISSED_PINGS * PING_SECONDS:
                continue
            self._report_loss("it no longer hears itself")
            self._last_echo = loop.time()
            connection = self._pubsub.connection
            if connection is not None:
                # The reader wakes with an error and reconnects.
                await connection.disconnect(nowait=True)

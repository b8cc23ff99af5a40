"""The ASGI application: Socket.IO, the plain WebSocket and Django, and the lifespan of the gateway."""

import asyncio
import logging
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "realtime_project.settings.production")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path, re_path
from redis.exceptions import RedisError

from collab.websocket import YWebSocket
from gateway.runtime import runtime
from gateway.server import tune_garbage_collector
from gateway.transports.binary import BinaryConsumer
from gateway.transports.daphne import waiting_for_clients
from gateway.transports.socketio import GatewayBridge
from gateway.transports.websocket import GatewayConsumer
from moderation.assess import warm

log = logging.getLogger(__name__)

bridge = GatewayBridge()


async def django(scope: Any, receive: Any, send: Any) -> None:
    """Django, which carries a request out also when its client leaves meanwhile, as commands of sockets are.

    Its own handler would cancel the view half-way. What runs in a thread goes on all the same, and asgiref leaves the
    exception it ends with to nobody.
    """
    has_come = False

    async def receive_request() -> Any:
        nonlocal has_come
        if has_come:
            await asyncio.get_running_loop().create_future()
        message = await receive()
        has_come = not message.get("more_body", False)
        return message

    await django_application(scope, receive_request, send)


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Start the gateway's background work with the server, and stop it with the server."""
    await receive()
    runtime.heed_signals()
    warm()
    tune_garbage_collector()
    try:
        await runtime.ensure_started()
    except (RedisError, OSError, TimeoutError):
        log.warning("Redis is away; the gateway starts with its first client after Redis is back")
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await runtime.stop()
    await send({"type": "lifespan.shutdown.complete"})


application = ProtocolTypeRouter(
    {
        "lifespan": lifespan,
        "http": URLRouter(
            [
                re_path(r"^socket\.io/$", bridge.handle_request),
                re_path(r"", django),  # type: ignore[arg-type]
            ]
        ),
        "websocket": waiting_for_clients(
            URLRouter(
                [
                    re_path(r"^socket\.io/$", bridge.handle_request),
                    path("ws/", GatewayConsumer.as_asgi()),
                    path("ws/collab/<str:key>", BinaryConsumer.as_asgi(protocol=YWebSocket())),
                ]
            )
        ),
    }
)

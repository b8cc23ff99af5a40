"""The peer as the Channels tutorial builds it: one consumer a socket, `group_send` to the room.

It uses the pub/sub layer, which is the cheaper of the two that channels_redis offers and drops nothing here.
"""

import json
import os
from datetime import UTC, datetime
from itertools import count
from typing import Any

import django
import jwt
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["channels"],
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [os.environ["REDIS_URL"]]},
        }
    },
)
django.setup()

from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.urls import path  # noqa: E402

KEY = os.environ["JWT_SIGNING_KEY"]
CLAIMS = {"algorithms": ["HS256"], "issuer": "realtime-backend", "audience": "realtime-clients"}
ids = count(1)


class ChatConsumer(AsyncJsonWebsocketConsumer):
    """One viewer."""

    user_id: str
    room: str | None = None

    async def receive_json(self, content: dict[str, Any], **kwargs: Any) -> None:
        """Carry out a command and answer it."""
        if content["event"] == "auth":
            self.user_id = jwt.decode(content["data"]["token"], KEY, **CLAIMS)["userId"]
            await self.send_json({"event": "session:ready", "data": {}})
            return
        if content["event"] == "stream:join":
            self.room = f"stream.{content['data']['streamId']}"
            await self.channel_layer.group_add(self.room, self.channel_name)
        elif content["event"] == "chat:new":
            await self.channel_layer.group_send(self.room, {"type": "chat.new", "data": self.message(content["data"])})
        await self.send_json({"event": "reply", "ref": content["ref"], "ok": True, "data": {}})

    def message(self, data: dict[str, str]) -> dict[str, Any]:
        """What the room is shown."""
        return {
            "id": str(next(ids)),
            "userId": self.user_id,
            "username": f"member{self.user_id}",
            "message": data["message"],
            "type": data["type"],
            "timestamp": datetime.now(UTC).isoformat(),
            "userAvatar": None,
        }

    async def chat_new(self, event: dict[str, Any]) -> None:
        """Pass a message of the group on to this viewer."""
        await self.send_json({"event": "chat:new", "data": event["data"]})

    async def disconnect(self, code: int) -> None:
        """Leave the room."""
        if self.room:
            await self.channel_layer.group_discard(self.room, self.channel_name)

    @classmethod
    async def encode_json(cls, content: Any) -> str:
        """Write JSON without blanks, as every peer does."""
        return json.dumps(content, separators=(",", ":"))


application = ProtocolTypeRouter(
    {"http": get_asgi_application(), "websocket": URLRouter([path("ws/", ChatConsumer.as_asgi())])}
)

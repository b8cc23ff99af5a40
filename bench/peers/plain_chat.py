"""The chat path written plainly: each message by itself is judged, inserted through the ORM, published and answered.

It is python-socketio as documented, with Django's ORM beside it, and uses the very moderation and table ours does, so
that the way a message takes is all that differs. It does less for a message: no limits, no mutes, no numbered history,
no outbox and no counts.
"""

import os
from typing import Any

import django
import jwt
import socketio
from asgiref.sync import sync_to_async

django.setup()

from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from chat.models import Kind, Message  # noqa: E402
from moderation.assess import assess, warm  # noqa: E402
from moderation.policy import Action  # noqa: E402

KEY = os.environ["JWT_SIGNING_KEY"]
CLAIMS = {"algorithms": ["HS256"], "issuer": "realtime-backend", "audience": "realtime-clients"}
STOPPED = {"ok": False, "error": {"code": "content_stopped"}}

sio = socketio.AsyncServer(async_mode="asgi", client_manager=socketio.AsyncRedisManager(os.environ["REDIS_URL"]))
application = socketio.ASGIApp(sio)
warm()


@sio.event
async def connect(sid: str, environ: dict[str, Any], auth: dict[str, str]) -> None:
    """Let in the user a valid token names."""
    try:
        claims = jwt.decode(auth["token"], KEY, **CLAIMS)
        user = await User.objects.aget(pk=claims["userId"], is_active=True)
    except (jwt.InvalidTokenError, User.DoesNotExist) as error:
        raise socketio.exceptions.ConnectionRefusedError("Invalid authentication token") from error
    await sio.save_session(sid, {"user": user})


@sio.on("stream:join")
async def join(sid: str, data: dict[str, str]) -> dict[str, Any]:
    """Enter the room of a stream."""
    await sio.enter_room(sid, f"stream:{data['streamId']}")
    return {"ok": True, "data": {}}


@sio.on("chat:new")
async def chat(sid: str, data: dict[str, str]) -> dict[str, Any]:
    """Judge a message, keep it, show it to the room and answer its author."""
    user = (await sio.get_session(sid))["user"]
    message = await keep(user, data)
    if message is None:
        return STOPPED
    await sio.emit("chat:new", as_shown(message, user), room=f"stream:{data['streamId']}")
    return {"ok": True, "data": {"id": str(message.pk)}}


@sync_to_async
def keep(user: User, data: dict[str, str]) -> Message | None:
    """The message's row; none when moderation stops it. One change of thread for both, the least there can be."""
    (verdict,) = assess([data["message"]])
    if verdict.action in (Action.STOP, Action.BAN):
        return None
    return Message.objects.create(
        stream_id=data["streamId"],
        author=user,
        text=data["message"],
        type=data["type"],
        message_type=Kind.TEXT,
        score=verdict.score,
        model_version=verdict.model_version,
        policy_version=verdict.policy_version,
        created_at=timezone.now(),
    )


def as_shown(message: Message, user: User) -> dict[str, Any]:
    """What the room is shown."""
    return {
        "id": str(message.pk),
        "userId": str(user.pk),
        "username": user.username,
        "message": message.text,
        "type": message.type,
        "timestamp": message.created_at.isoformat(),
        "userAvatar": user.avatar or None,
    }

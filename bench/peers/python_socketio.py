"""The peer as python-socketio's documentation builds it: AsyncServer, AsyncRedisManager, uvicorn."""

import os
from datetime import UTC, datetime
from itertools import count
from typing import Any

import jwt
import socketio

KEY = os.environ["JWT_SIGNING_KEY"]
CLAIMS = {"algorithms": ["HS256"], "issuer": "realtime-backend", "audience": "realtime-clients"}

sio = socketio.AsyncServer(async_mode="asgi", client_manager=socketio.AsyncRedisManager(os.environ["REDIS_URL"]))
application = socketio.ASGIApp(sio)
ids = count(1)


@sio.event
async def connect(sid: str, environ: dict[str, Any], auth: dict[str, str]) -> None:
    """Let in whoever brings a valid token."""
    try:
        claims = jwt.decode(auth["token"], KEY, **CLAIMS)
    except jwt.InvalidTokenError as error:
        raise socketio.exceptions.ConnectionRefusedError("Invalid authentication token") from error
    await sio.save_session(sid, {"user_id": claims["userId"]})


@sio.on("stream:join")
async def join(sid: str, data: dict[str, str]) -> dict[str, Any]:
    """Enter the room of a stream."""
    await sio.enter_room(sid, f"stream:{data['streamId']}")
    return {"ok": True, "data": {}}


@sio.on("chat:new")
async def chat(sid: str, data: dict[str, str]) -> dict[str, Any]:
    """Show a message to everybody in the room."""
    user_id = (await sio.get_session(sid))["user_id"]
    message = {
        "id": str(next(ids)),
        "userId": user_id,
        "username": f"member{user_id}",
        "message": data["message"],
        "type": data["type"],
        "timestamp": datetime.now(UTC).isoformat(),
        "userAvatar": None,
    }
    await sio.emit("chat:new", message, room=f"stream:{data['streamId']}")
    return {"ok": True, "data": {}}

"""The plain WebSocket at `/ws/`: a Channels consumer that hands client frames to `dispatch`.

Client frames are `{"event", "data", "ref"?}`; the server sends `{"event", "data"}` and answers
`{"event": "reply", "ref", "ok", "data" | "error"}`. The first frame is `auth` with the token, unless a
browser on our own origin came with its Django session.
"""

import asyncio
import logging
import random
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import msgspec
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.http import parse_cookie
from redis.exceptions import RedisError

from gateway.connection import closing_notice
from gateway.database import in_database
from gateway.dispatch import refusal
from gateway.errors import (
    BANNED,
    CONNECTION_LIMIT,
    INVALID_TOKEN,
    PROTOCOL_VIOLATION,
    SHUTDOWN,
    STATE_LOST,
    CloseCode,
    CommandError,
    ErrorCode,
)
from gateway.events import Since, encode
from gateway.idempotency import Answer
from gateway.identity import SESSION_CLAIM, Identity, identify, identify_session
from gateway.json_limits import loads
from gateway.outlet import Outlet
from gateway.resuming import since_of
from gateway.runtime import runtime
from gateway.transports.address import client_address, header, is_own_origin, is_welcome_origin
from gateway.transports.session import ClientConnection, admit, authenticated, close_session, knock, welcome
from gateway.wire import Packet, Wire

log = logging.getLogger(__name__)

# What a refusal closes with; anything else is a fault of ours, after which the client may come back.
_CLOSE_CODES = {
    ErrorCode.AUTHENTICATION_REQUIRED: INVALID_TOKEN,
    ErrorCode.INVALID_TOKEN: INVALID_TOKEN,
    ErrorCode.BANNED: BANNED,
    ErrorCode.CONNECTION_LIMIT: CONNECTION_LIMIT,
}
# Whoever may come back does so after a time between these.
_RETRY_MS = (500, 3000)
_CLOSE_SECONDS = 5.0


class ClientFrame(msgspec.Struct, forbid_unknown_fields=True):
    """What a client sends."""

    event: str
    data: object = msgspec.field(default_factory=dict)
    ref: str | int | None = None


class WebSocketConnection(ClientConnection):
    """A client that speaks the plain WebSocket."""

    __slots__ = ("_consumer",)

    def __init__(self, consumer: "GatewayConsumer", identity: Identity) -> None:
        super().__init__(consumer.outlet, consumer.address, identity)
        self._consumer = consumer

    def answer(self, reference: object, answer: Answer) -> None:
        if reference is not None or not answer.ok:
            self.deliver(reply(reference, answer))

    def _close(self, code: CloseCode, reason: str) -> None:
        self.end(code, lambda: self._consumer.close_soon(code, reason))


def reply(reference: object, answer: Answer) -> Packet:
    """The frame that answers the command the client called `reference`; an `error` event when it gave no name."""
    if reference is None:
        return Packet(f'{{"event":"error","data":{answer.body}}}')
    ok, name = ("true", "data") if answer.ok else ("false", "error")
    ref = encode(reference).decode()
    return Packet(f'{{"event":"reply","ref":{ref},"ok":{ok},"{name}":{answer.body}}}')


class GatewayConsumer(AsyncConsumer):  # type: ignore[misc]
    """One WebSocket. It has no channel of its own: rooms are the hub's affair."""

    channel_layer_alias = None

    def __init__(self) -> None:
        self.outlet = Outlet(Wire.WEBSOCKET)
        self.outlet.on_slow = self.outlet.abort
        self.address = ""
        self.connection: ClientConnection | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._closer: asyncio.Task[None] | None = None
        self._task: asyncio.Task[Any] | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self._task = asyncio.current_task()
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            if not self.outlet.closed:
                raise
        finally:
            # However it ends, even in the midst of its opening, nothing may go on counting it.
            self._leave()

    async def dispatch(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "websocket.connect":
            await self._open()
        elif kind == "websocket.receive":
            await self._take(message)
        else:
            self._leave()
            raise StopConsumer

    def close_soon(self, code: CloseCode, reason: str) -> None:
        """Close after what was sent has gone out. Never waits."""
        if self._closer is None:
            self._closer = asyncio.ensure_future(self._close(code, reason))

    # --- opening ----------------------------------------------------------------------------------

    async def _open(self) -> None:
        self.address = client_address(self.scope)
        try:
            if not is_welcome_origin(self.scope):
                raise CommandError(ErrorCode.ACCESS_DENIED)
            await runtime.ensure_started()
            await knock(self.address)
        except (CommandError, RedisError, OSError) as error:
            log.debug("refused a WebSocket: %s", error)
            await self.send({"type": "websocket.close"})
            raise StopConsumer from error
        self._await_authentication()
        await self.send(self._acceptance())
        raw = self.scope.get("extensions", {}).get("gateway.raw")
        if raw is not None:
            self.outlet.attach_raw(raw)
        else:
            self.outlet.attach_send(self._send)
        await self._greet()

    def _acceptance(self) -> dict[str, Any]:
        return {"type": "websocket.accept"}

    async def _greet(self) -> None:
        cookie = parse_cookie(header(self.scope, b"cookie")).get(settings.SESSION_COOKIE_NAME)
        if cookie and is_own_origin(self.scope):
            await self._authenticate_browser(cookie)

    def _await_authentication(self) -> None:
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(
            settings.GATEWAY_AUTHENTICATION_SECONDS, self._dismiss_with, INVALID_TOKEN, "authentication_timeout"
        )
        runtime.waiting.add(self._dismiss)

    def _dismiss(self) -> None:
        self._dismiss_with(SHUTDOWN, "shutdown")

    async def _authenticate_browser(self, cookie: str) -> None:
        try:
            identity = await in_database(identify_browser, cookie)
        except CommandError as error:
            # The browser may still send a token.
            log.debug("a browser's session was not taken: %s", error.code)
            return
        try:
            await self._enter(identity)
        except CommandError as error:
            self._refuse(error)

    async def _authenticate(self, frame: ClientFrame) -> None:
        token = frame.data.get("token") if isinstance(frame.data, dict) else None
        try:
            await self._enter(await in_database(identify, token), since_of(frame.data))
        except CommandError as error:
            self.outlet.push(reply(frame.ref, refusal(error, "auth")))
            self._refuse(error)
            return
        if frame.ref is not None:
            self.outlet.push(reply(frame.ref, Answer(ok=True, body="{}")))

    def _refuse(self, error: CommandError) -> None:
        wait = round(error.retry_after * 1000) if error.retry_after is not None else None
        self._dismiss_with(_CLOSE_CODES.get(error.code, STATE_LOST), error.code, wait)

    def _dismiss_with(self, code: CloseCode, reason: str, retry_after_ms: int | None = None) -> None:
        self.outlet.push(closing_notice(code, reason, retry_after_ms or random.randint(*_RETRY_MS)))
        self.close_soon(code, reason)

    async def _enter(self, identity: Identity, since: Since | None = None) -> None:
        connection = WebSocketConnection(self, identity)
        await admit(connection)
        self._stop_waiting()
        self.connection = connection
        await welcome(connection, since=since)

    # --- frames -----------------------------------------------------------------------------------

    async def _take(self, message: dict[str, Any]) -> None:
        text: str | None = message.get("text")
        if text is not None and len(text) > settings.GATEWAY_MAX_FRAME_BYTES:
            # Only a server without a limit of its own, such as daphne, hands such a frame over.
            leave = self.connection.close if self.connection is not None else self._dismiss_with
            leave(PROTOCOL_VIOLATION, "frame_too_large")
            return
        frame = _decode(text)
        if frame is None:
            error = CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: a frame is a JSON object with `event`")
            self.outlet.push(reply(None, refusal(error, "")))
        elif self.connection is not None:
            await self.connection.submit(frame.event, frame.data, frame.ref)
        elif frame.event == "auth":
            await self._authenticate(frame)
        else:
            error = CommandError(ErrorCode.AUTHENTICATION_REQUIRED)
            self.outlet.push(reply(frame.ref, refusal(error, frame.event)))
            self._refuse(error)

    async def _send(self, message: str | bytes) -> None:
        await self.send({"type": "websocket.send", "text": message})

    # --- closing ----------------------------------------------------------------------------------

    async def _close(self, code: CloseCode, reason: str) -> None:
        await self.outlet.flushed()
        if self.outlet.aborted:
            self._give_up()
            return
        self.outlet.seal()
        closing = self.send({"type": "websocket.close", "code": int(code), "reason": reason})
        try:
            await asyncio.wait_for(closing, _CLOSE_SECONDS)
        except TimeoutError:
            # A client that does not read would hold the close frame back, and itself here, for ever.
            self.outlet.abort()
            self._give_up()
        except Exception as error:
            log.debug("a websocket was closed already: %s", type(error).__name__)

    def _give_up(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
            runtime.waiting.discard(self._dismiss)
            authenticated(self.address)

    def _leave(self) -> None:
        self._stop_waiting()
        self.outlet.detach()
        if self.connection is not None:
            close_session(self.connection)


def _decode(text: str | None) -> ClientFrame | None:
    if text is None:
        return None
    try:
        return msgspec.convert(loads(text), ClientFrame)
    except (ValueError, msgspec.ValidationError):
        return None


def identify_browser(session_key: str) -> Identity:
    """Who is signed in with the Django session `session_key`. Runs in a database thread.

    Raises:
        CommandError: `invalid_token` when nobody is, or the session is no longer welcome.
    """
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
    session_id = store.get(SESSION_CLAIM)
    if not user.is_authenticated or not session_id:
        raise CommandError(ErrorCode.INVALID_TOKEN)
    return identify_session(str(user.pk), session_id)

"""What both socket transports do with a client: let it in, take its commands in order, let it go."""

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from django.conf import settings
from msgspec.structs import asdict
from redis.exceptions import RedisError

from gateway import limits, violations
from gateway.barriers import barriers
from gateway.bus import bus
from gateway.connection import Connection
from gateway.database import in_database
from gateway.dispatch import DISCONNECT_HANDLERS, dispatch
from gateway.errors import PROTOCOL_VIOLATION, SHUTDOWN, STATE_LOST, CloseCode, CommandError, ErrorCode
from gateway.events import SessionLimits, SessionReady, Since, Standing, iso, now_iso
from gateway.expiry import expiries
from gateway.hub import hub
from gateway.idempotency import Answer
from gateway.identity import Identity
from gateway.limits import Bucket
from gateway.metrics import counters
from gateway.outlet import Outlet
from gateway.presence import presence
from gateway.recovery import Recovery
from gateway.resuming import resume
from gateway.rooms import Room, user_room
from gateway.runtime import runtime
from gateway.user_presence import user_presence

log = logging.getLogger(__name__)

_telling: set[asyncio.Task[None]] = set()


class ClientConnection(Connection):
    """A connection that takes commands: one at a time, in the order they were sent, in a bounded queue."""

    __slots__ = ("_commands", "_is_turned_away", "_space", "_worker")

    def __init__(self, outlet: Outlet, address: str, identity: Identity) -> None:
        super().__init__(outlet, address, identity.at(address))
        # A short list, because every idle client has one, and an empty deque holds 600 bytes.
        self._commands: list[tuple[object, object, object]] = []
        self._worker: asyncio.Task[None] | None = None
        self._space: asyncio.Event | None = None
        self._is_turned_away = False
        outlet.on_slow = self.close_slow
        outlet.on_violation = self.tell_violation

    def tell_violation(self) -> None:
        """Tell the client that it broke the protocol; its transport closes it for that."""
        self.tell_closing(PROTOCOL_VIOLATION, "protocol_violation")

    async def submit(self, name: object, payload: object, reference: object) -> None:
        """Queue a command. Waits while the queue is full, which stops reading from the client.

        Args:
            name: the event name as sent.
            payload: its decoded JSON.
            reference: what the client calls the command, so that it can be answered; `None` when it does not.
        """
        while len(self._commands) >= settings.GATEWAY_MAX_QUEUED_COMMANDS and not self.closing:
            if self._space is None:
                self._space = asyncio.Event()
            self._space.clear()
            await self._space.wait()
        if self.closing:
            # It has been told that it is being closed: what it sends now is not taken, and not answered.
            return
        self._commands.append((name, payload, reference))
        if self._worker is None:
            self._worker = asyncio.ensure_future(self._work())

    def turn_away(self) -> None:
        """Close it once it has been answered: it was refused too often."""
        self._is_turned_away = True

    @abstractmethod
    def answer(self, reference: object, answer: Answer) -> None:
        """Send the answer of the command the client called `reference`."""

    def close(self, code: CloseCode, reason: str, retry_after_ms: int | None = None) -> None:
        """Tell the client why, then close. A stopping server finishes what it took; else what waits is dropped."""
        if not self.closing and code != SHUTDOWN:
            self._commands.clear()
        super().close(code, reason, retry_after_ms)
        if self._space is not None:
            self._space.set()

    def end(self, code: CloseCode, then: Callable[[], None]) -> None:
        """Call `then` to end the transport: now, or when a stopping server has answered what it took."""
        if self._worker is None or code != SHUTDOWN:
            then()
        else:
            self._worker.add_done_callback(lambda worker: then())

    async def _work(self) -> None:
        try:
            while self._commands:
                name, payload, reference = self._commands.pop(0)
                if self._space is not None:
                    self._space.set()
                self.answer(reference, await dispatch(self, name, payload))
                if self._is_turned_away:
                    self.close(PROTOCOL_VIOLATION, "too_many_violations")
        finally:
            self._worker = None


async def knock(address: str) -> None:
    """Charge a new socket to its address, before anything is known of it; `authenticated` ends its wait.

    Raises:
        CommandError: `rate_limited` or `connection_limit`, or `unavailable` when the server is stopping.
    """
    try:
        await _knock(address)
    except CommandError:
        counters.connections_refused += 1
        raise


async def _knock(address: str) -> None:
    if not runtime.accepting:
        raise CommandError(ErrorCode.UNAVAILABLE, retry_after=1.0)
    if not settings.GATEWAY_LIMITS_ENABLED:
        return
    await violations.require_welcome(address=address)
    key = limits.address_key(address)
    try:
        await limits.spend([Bucket(f"connect:{key}", settings.GATEWAY_NEW_CONNECTIONS_PER_ADDRESS_MINUTE, 60)])
        if not await presence.enter(f"unauthenticated:{key}", settings.GATEWAY_UNAUTHENTICATED_PER_ADDRESS):
            raise CommandError(ErrorCode.CONNECTION_LIMIT)
    except CommandError as error:
        await violations.note(error, address=address, event="connect")
        raise


def authenticated(address: str) -> None:
    """A socket that `knock` let wait has authenticated, or is gone."""
    if settings.GATEWAY_LIMITS_ENABLED:
        presence.leave(f"unauthenticated:{limits.address_key(address)}")


def unauthenticated(address: str) -> None:
    """A socket that was let in is nobody's again, and waits as it did when it came."""
    if settings.GATEWAY_LIMITS_ENABLED:
        key = f"unauthenticated:{limits.address_key(address)}"
        presence.state(key, presence.local(key) + 1)


async def admit(connection: ClientConnection) -> None:
    """Let an authenticated connection in, within the limits of its user and address.

    Raises:
        CommandError: `connection_limit`; `banned` at a barred address; `rate_limited` when the user is kept out after
            too many violations; `unavailable` when the server is stopping.
    """
    if not runtime.accepting:
        raise CommandError(ErrorCode.UNAVAILABLE, retry_after=1.0)
    barriers.require_open(connection.address)
    await violations.require_welcome(user_id=connection.identity.user_id)
    await _claim(connection)
    hub.add(connection)
    user_presence.arrived(connection)


async def welcome(connection: ClientConnection, recovery: Recovery | None = None, since: Since | None = None) -> None:
    """Put an admitted connection into its user's room and send `session:ready`; close it when that fails.

    Args:
        recovery: when it comes back to the rooms it was in, its user's among them.
        since: the last event of its user's room the client has seen.
    """
    room = user_room(connection.identity.user_id)
    try:
        if recovery is not None:
            if await _say_ready(connection, recovery.standing(room)):
                await recovery.complete()
            return
        async with hub.joining(connection, room) as entry:
            joiner = await resume(room, since)
            if await _say_ready(connection, joiner.standing):
                entry.admit(joiner.position)
    except (CommandError, RedisError, OSError, TimeoutError) as error:
        log.warning("a client could not enter its user's room: %s", type(error).__name__)
        connection.close(STATE_LOST, "unavailable", retry_after_ms=1000)


async def _say_ready(connection: ClientConnection, standing: Standing) -> bool:
    """Send `session:ready`, and return whether it was; else the connection is being closed."""
    identity = connection.identity
    ended, level = await asyncio.gather(bus.end_of(identity.session_id), bus.level_of(user_room(identity.user_id)))
    if ended is not None:
        # The session ended after it was read and before this socket could hear of it.
        connection.close(CloseCode(ended[0]), ended[1])
        return False
    if level is not None:
        connection.set_level(level)
    connection.send_event("session:ready", _ready(connection.identity, standing))
    expiries.watch(connection)
    return True


def close_session(connection: Connection) -> None:
    """Forget a connection that is gone. Never waits. Its outlet is its transport's to detach: a Socket.IO
    client may leave the namespace and keep its transport."""
    if connection.id not in hub.connections:
        return
    rooms = hub.remove(connection)
    user_presence.left(connection)
    if settings.GATEWAY_LIMITS_ENABLED:
        for tally in _tallies(connection):
            presence.leave(tally.key)
    if not runtime.stopping:
        telling = asyncio.ensure_future(_tell_rooms(connection.identity, rooms))
        _telling.add(telling)
        telling.add_done_callback(_telling.discard)


async def _tell_rooms(identity: Identity, rooms: list[Room]) -> None:
    for room in rooms:
        handler = DISCONNECT_HANDLERS.get(room.kind)
        if handler is None:
            continue
        try:
            await in_database(handler, identity, room.key, hub.count(room))
        except CommandError:
            log.debug("a room was not told of a disconnect")
        except Exception:
            log.exception("a room could not be told of a disconnect")


class _Tally(NamedTuple):
    """Connections that are counted together, how many there may be, and which user's they are, if one user's."""

    key: str
    limit: int
    user_id: str


def _tallies(connection: Connection) -> list[_Tally]:
    user_id, household = connection.identity.user_id, limits.address_key(connection.address)
    return [
        _Tally(f"connections:{user_id}", settings.GATEWAY_CONNECTIONS_PER_USER, user_id),
        _Tally(f"address:{household}", settings.GATEWAY_CONNECTIONS_PER_ADDRESS, ""),
    ]


async def _claim(connection: Connection) -> None:
    if not settings.GATEWAY_LIMITS_ENABLED:
        return
    entered: list[str] = []
    try:
        for tally in _tallies(connection):
            if not await presence.enter(tally.key, tally.limit):
                error = CommandError(ErrorCode.CONNECTION_LIMIT)
                await violations.note(error, user_id=tally.user_id, address=connection.address, event="connect")
                raise error
            entered.append(tally.key)
    except BaseException:
        for key in entered:
            presence.leave(key)
        raise


def _ready(identity: Identity, standing: Standing) -> SessionReady:
    expires = datetime.fromtimestamp(identity.expires_at, UTC) if identity.expires_at else None
    return SessionReady(
        server_time=now_iso(),
        session_id=identity.session_id,
        token_expires_at=iso(expires) if expires else None,
        limits=SessionLimits(
            max_frame_bytes=settings.GATEWAY_MAX_FRAME_BYTES,
            max_rooms=settings.GATEWAY_MAX_ROOMS_PER_USER,
            rates=settings.GATEWAY_RATE_LIMITS,
        ),
        **asdict(standing),
    )

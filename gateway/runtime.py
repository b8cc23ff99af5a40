"""What runs in a web process beside its requests: bus, heartbeat, sweeper, and the apps' periodic work."""

import asyncio
import logging
import multiprocessing
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import FrameType

from django.conf import settings
from django.db import connection as db_connection
from redis.exceptions import RedisError

from gateway import outbox, recovery, rooms, violations
from gateway.bus import bus, process_room
from gateway.connection import Connection
from gateway.database import in_database
from gateway.doubles import doubles
from gateway.errors import BANNED, INVALID_TOKEN, SHUTDOWN, CommandError, ErrorCode
from gateway.expiry import expiries
from gateway.hub import hub
from gateway.identity import identify_session
from gateway.metrics import counters
from gateway.orders import answer_canary
from gateway.presence import presence
from gateway.redis_clients import ask
from gateway.user_presence import user_presence

log = logging.getLogger(__name__)

_SWEEP_SECONDS = 0.5
_LOOK_SECONDS = 1.0
_REFUSED_SECONDS = 10.0
_PARENT_SECONDS = 1.0
_EXPIRY_SECONDS = 1.0
_PRESENCE_SECONDS = 2.0
_VIOLATIONS_SECONDS = 1.0
_RETRY_SECONDS = 1.0
# Clients of a stopping process come back spread evenly between these.
_RETURN_WINDOW_MS = (500, 10_000)

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Periodic:
    seconds: float
    work: Work


_periodic: list[_Periodic] = []


def every(seconds: float) -> Callable[[Work], Work]:
    """Decorator: run a coroutine function every `seconds` in each web process."""

    def register(work: Work) -> Work:
        _periodic.append(_Periodic(seconds, work))
        return work

    return register


class Runtime:
    """The background work of one web process. Started by the server's lifespan, or by the first client
    under a server without one, such as daphne."""

    def __init__(self) -> None:
        self._starting: asyncio.Future[None] | None = None
        self._retrying: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._checking: asyncio.Task[None] | None = None
        self._answering: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        # Whether new clients are let in; a process that is about to stop turns them away first.
        self.accepting = True
        self.stopping = False
        # Closes a socket that has not said who it is; called when the process stops.
        self.waiting: set[Callable[[], None]] = set()

    async def ensure_started(self) -> None:
        """Start the background work, once.

        Raises:
            redis.RedisError: Redis is away; it is tried again with the next call and each second.
        """
        starting = self._starting
        if starting is None:
            starting = self._starting = asyncio.ensure_future(self._start())
        try:
            await asyncio.shield(starting)
        except Exception:
            if self._starting is starting:
                self._starting = None
            if self._retrying is None:
                self._retrying = asyncio.ensure_future(self._start_soon())
            raise

    async def _start_soon(self) -> None:
        # No client comes while readiness is red, so the process must find out by itself that Redis is back.
        while not self.stopping:
            await asyncio.sleep(_RETRY_SECONDS)
            try:
                await self.ensure_started()
            except (RedisError, OSError) as error:
                log.debug("the gateway cannot start yet: %s", type(error).__name__)
            else:
                log.info("Redis is back; the gateway has started")
                break
        self._retrying = None

    async def stop(self) -> None:
        """Stop the background work and leave the cluster."""
        if self._retrying is not None:
            self._retrying.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await recovery.flush()
        await _note_departures()
        await presence.stop()

    def heed_signals(self) -> None:
        """On SIGTERM let no new client in, and hand the signal to the server `GATEWAY_STOP_DELAY_SECONDS` later.

        In between, a load balancer sees that readiness is red, and sends nobody here any more.
        """
        server = signal.getsignal(signal.SIGTERM)
        if not callable(server):
            return
        loop = asyncio.get_running_loop()

        def leave(number: int) -> None:
            self.dismiss_all()
            server(number, None)

        def stop(number: int, frame: FrameType | None) -> None:
            self.accepting = False
            loop.call_soon_threadsafe(loop.call_later, settings.GATEWAY_STOP_DELAY_SECONDS, leave, number)

        signal.signal(signal.SIGTERM, stop)

    def dismiss_all(self) -> None:
        """Tell every client to come back later, each after a time of its own, and close it; once."""
        if self.stopping:
            return
        self.stopping = True
        self.accepting = False
        connections = list(hub.connections.values())
        random.shuffle(connections)
        for number, connection in enumerate(connections):
            place = (number + random.random()) / len(connections)
            wait = _RETURN_WINDOW_MS[0] + int(place * (_RETURN_WINDOW_MS[1] - _RETURN_WINDOW_MS[0]))
            connection.close(SHUTDOWN, "shutdown", retry_after_ms=wait)
        for close in list(self.waiting):
            close()

    async def _start(self) -> None:
        hub.on_stop = lambda: signal.raise_signal(signal.SIGTERM)
        hub.on_canary = self._answer_canary
        await bus.start(hub.receive, self._catch_up)
        await bus.listen(process_room(presence.process))
        presence.on_forgotten = user_presence.restate
        hub.on_level = self._level_changed
        hub.on_count = lambda room, count: presence.state(room.wire, count)
        hub.on_move, hub.on_place = doubles.moved, doubles.heard
        self._tasks = [
            asyncio.ensure_future(presence.beat()),
            *(asyncio.ensure_future(_repeat(periodic)) for periodic in _periodic),
        ]

    def _answer_canary(self, name: str) -> None:
        self._answering = asyncio.ensure_future(answer_canary(presence.process, name))

    def _level_changed(self, connection: Connection) -> None:
        leaving = asyncio.ensure_future(leave_closed_rooms(connection))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    def _catch_up(self) -> None:
        hub.repair_all()
        presence.restate()
        user_presence.restate()
        doubles.restate()
        self._checking = asyncio.ensure_future(look_at_sessions())


async def _repeat(periodic: _Periodic) -> None:
    while True:
        await asyncio.sleep(periodic.seconds)
        try:
            await periodic.work()
        except (RedisError, OSError, TimeoutError, CommandError) as error:
            log.debug("periodic work waits for its next turn: %s", type(error).__name__)
        except Exception:
            log.exception("periodic work failed")


@every(_PARENT_SECONDS)
async def stop_with_supervisor() -> None:
    """End a worker whose supervisor was killed, as if it had been told to: nobody else would."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None and not supervisor.is_alive():
        signal.raise_signal(signal.SIGTERM)


@every(_SWEEP_SECONDS)
async def sweep_outbox() -> None:
    """Announce what a dead process left, by one process of the cluster at a time."""
    if await ask("SET", "outbox:sweeping", presence.process, "NX", "PX", int(_SWEEP_SECONDS * 900)):
        await in_database(outbox.sweep)


@every(_LOOK_SECONDS)
async def look_at_database() -> None:
    """Find out whether PostgreSQL answers; the log gets one line when it is lost and one when it is back."""
    try:
        await in_database(_ask_database)
    except CommandError as error:
        if counters.database_up:
            log.warning("PostgreSQL is away (%s)", type(error.__cause__).__name__)
        counters.database_up = 0
        return
    if not counters.database_up:
        log.warning("PostgreSQL answers again")
    counters.database_up = 1


class _Refused:
    """Says how many connections were refused: a flood of them is worth a line now and then, not one each."""

    def __init__(self) -> None:
        self._told = 0

    async def tell(self) -> None:
        """Log what was refused since the last time."""
        refused, self._told = counters.connections_refused - self._told, counters.connections_refused
        if refused:
            log.warning("refused %d connections within %g seconds", refused, _REFUSED_SECONDS)


every(_REFUSED_SECONDS)(_Refused().tell)


def _ask_database() -> None:
    with db_connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def leave_closed_rooms(connection: Connection) -> None:
    """Take a connection out of the rooms its user may be in no longer."""
    for room in list(connection.rooms):
        try:
            await in_database(rooms.authorize, connection.identity, room)
        except CommandError as error:
            if error.code is ErrorCode.ACCESS_DENIED:
                hub.leave(connection, room)


async def look_at_sessions() -> None:
    """Know sockets anew after no order about them could be heard: close those of sessions that have ended."""
    for connection in list(hub.connections.values()):
        identity = connection.identity
        try:
            known = await in_database(identify_session, identity.user_id, identity.session_id, identity.expires_at)
            if connection.identity is identity:
                connection.set_level(known.og_level)
        except CommandError as error:
            code = {ErrorCode.INVALID_TOKEN: INVALID_TOKEN, ErrorCode.BANNED: BANNED}.get(error.code)
            if code is not None:
                connection.close(code, "banned" if code == BANNED else "session_ended")


every(_VIOLATIONS_SECONDS)(violations.flush)


@every(_PRESENCE_SECONDS)
async def look_after_users() -> None:
    """Keep users' states true, and tell of the users of processes that have died."""
    await user_presence.look()


every(_PRESENCE_SECONDS)(doubles.look)


async def _note_departures() -> None:
    try:
        await user_presence.flush()
    except CommandError:
        log.debug("PostgreSQL did not take who was last seen when")


@every(_EXPIRY_SECONDS)
async def close_expired() -> None:
    """Tell sockets whose access token is about to run out, and close those whose token has and was not renewed."""
    expiries.run()


runtime = Runtime()

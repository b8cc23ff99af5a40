"""Users who are in a counted room by several processes, so that one of these counts them.

A process that takes a user in says so in the user's own room: every process with a socket of theirs hears that, and
nobody else. Those that have the user in the same room answer. The one that has had them longest counts them, and the
others do not. Redis keeps nothing of it, and a user on one process costs one message.
"""

import asyncio
import logging
import time

from redis.exceptions import RedisError

from gateway.bus import bus
from gateway.bus_messages import UserPlace
from gateway.hub import Hub, hub
from gateway.presence import PROCESSES, presence
from gateway.redis_clients import ask
from gateway.rooms import Room, user_room

log = logging.getLogger(__name__)

_CHUNK = 500
# A room, and the id of a user who is in it here.
_Seat = tuple[Room, str]


class Doubles:
    """What this process knows of its users' places on other processes."""

    def __init__(self, hub: Hub, process: str) -> None:
        self._hub = hub
        self._process = process
        self._since: dict[_Seat, float] = {}
        # By seat, the other processes that have the user there too, and since when.
        self._others: dict[_Seat, dict[str, float]] = {}
        # What is to be told, and whether the others are to answer.
        self._untold: dict[_Seat, bool] = {}
        self._telling: asyncio.Task[None] | None = None

    def moved(self, room: Room, user_id: str, is_in: bool) -> None:
        """A user has come into a counted room here, or is no longer in it. Never waits."""
        seat = (room, user_id)
        if is_in:
            self._since[seat] = time.time()
            self._tell(seat, asks=True)
            return
        del self._since[seat]
        if self._others.pop(seat, None):
            self._hub.rooms[room].elsewhere.discard(user_id)
            self._tell(seat, asks=False)

    def heard(self, message: UserPlace) -> None:
        """Another process has told where it has a user, or has one no longer."""
        seat = (Room.parse(message.place), Room.parse(message.room).key)
        if message.process == self._process or seat not in self._since:
            return
        others = self._others.setdefault(seat, {})
        if message.since:
            others[message.process] = message.since
        else:
            others.pop(message.process, None)
        self._weigh(seat)
        if message.asks:
            self._tell(seat, asks=False)

    def restate(self) -> None:
        """Tell everything again and ask for everything, as when messages may have been lost. Never waits."""
        for seat in self._since:
            self._tell(seat, asks=True)

    async def look(self) -> None:
        """Forget processes that have died, and tell what could not be told.

        Raises:
            redis.RedisError: Redis is away; it is done by the next look.
        """
        if self._untold:
            self._tell_soon()
        if self._others:
            living = set(await ask("ZRANGEBYSCORE", PROCESSES, time.time(), "+inf"))
            for seat, others in list(self._others.items()):
                for dead in others.keys() - living:
                    del others[dead]
                self._weigh(seat)

    def _weigh(self, seat: _Seat) -> None:
        room, user_id = seat
        local, others = self._hub.rooms[room], self._others[seat]
        if not others:
            del self._others[seat]
        here = (self._since[seat], self._process)
        is_elsewhere = any((since, process) < here for process, since in others.items())
        if is_elsewhere != (user_id in local.elsewhere):
            (local.elsewhere.add if is_elsewhere else local.elsewhere.discard)(user_id)
            self._hub.on_count(room, local.count)

    def _tell(self, seat: _Seat, *, asks: bool) -> None:
        self._untold[seat] = asks or self._untold.get(seat, False)
        self._tell_soon()

    def _tell_soon(self) -> None:
        if self._telling is None:
            self._telling = asyncio.ensure_future(self._tell_all())

    async def _tell_all(self) -> None:
        # One after the other, so that what is told of a seat stays in order.
        try:
            while self._untold:
                batch = dict(list(self._untold.items())[:_CHUNK])
                for seat in batch:
                    del self._untold[seat]
                try:
                    await asyncio.gather(*(bus.tell(self._message(seat, asks)) for seat, asks in batch.items()))
                except (RedisError, OSError, TimeoutError) as error:
                    log.debug("users' places are told again later: %s", type(error).__name__)
                    self._untold = batch | self._untold
                    return
        finally:
            self._telling = None

    def _message(self, seat: _Seat, asks: bool) -> UserPlace:
        room, user_id = seat
        return UserPlace(
            room=user_room(user_id).wire, place=room.wire, process=self._process,
            since=self._since.get(seat, 0.0), asks=asks,
        )  # fmt: skip


doubles = Doubles(hub, presence.process)

"""One client: who it is, which rooms it is in, and how it is told and closed."""

import asyncio
import random
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from gateway.errors import SLOW, CloseCode
from gateway.events import Delivery, Event, SessionClosing, finish
from gateway.outlet import Outgoing, Outlet
from gateway.rooms import Room
from gateway.trail import Trail
from gateway.wire import Broadcast, Wire

if TYPE_CHECKING:
    from gateway.identity import Identity

# A client that is closed because it reads too slowly has this long to read why; it comes back between these.
_SLOW_SECONDS = 3.0
_SLOW_RETURN_MS = (1000, 5000)


def closing_notice(code: CloseCode, reason: str, retry_after_ms: int | None) -> Broadcast:
    """What a client is told before it is closed; codes that ask not to reconnect carry no advice when to."""
    closing = SessionClosing(
        code=int(code), reason=reason, retry_after_ms=retry_after_ms if code.may_reconnect else None
    )
    return Broadcast("session:closing", finish(closing)[1], Delivery.DURABLE)


class Connection(ABC):
    """One client on one transport. Both socket transports implement `close`; the rest is shared.

    Attributes:
        id: unique in the cluster.
        identity: who it is, read from its token; set before any command is handled.
        address: the client's network address, as far as trusted proxies tell.
        trail: what it was sent of its rooms, when it asked to be recovered after a loss.
        rooms: the rooms it is in, so that a disconnect costs as much as the client has rooms.
    """

    __slots__ = ("address", "closing", "id", "identity", "outlet", "rooms", "trail", "wire")

    live = True

    def __init__(self, outlet: Outlet, address: str, identity: "Identity") -> None:
        self.id = uuid4().hex
        self.outlet = outlet
        self.wire = outlet.wire
        self.address = address
        self.identity = identity
        self.rooms: dict[Room, None] = {}
        self.trail: Trail | None = Trail() if self.wire is Wire.RECOVERABLE else None
        self.closing = False

    def set_level(self, level: int) -> None:
        """Know the user by another loyalty level from now on."""
        self.identity = replace(self.identity, og_level=level)

    def deliver(self, item: Outgoing) -> None:
        """Send `item` to this client. Never waits and never raises."""
        self.outlet.push(item)

    def send_event(self, name: str, event: Event, delivery: Delivery = Delivery.DURABLE) -> None:
        """Send an event to this client alone."""
        self.deliver(Broadcast(name, finish(event)[1], delivery))

    def close(self, code: CloseCode, reason: str, retry_after_ms: int | None = None) -> None:
        """Tell the client why, then close. Never waits and never raises; a second call does nothing."""
        if self.tell_closing(code, reason, retry_after_ms):
            self._close(code, reason)

    def tell_closing(self, code: CloseCode, reason: str, retry_after_ms: int | None = None) -> bool:
        """Tell the client why it is about to be closed, once; returns whether it had not been told before."""
        if self.closing:
            return False
        self.closing = True
        notice = closing_notice(code, reason, retry_after_ms)
        if code == SLOW:
            self.outlet.push_last(notice)
            asyncio.get_running_loop().call_later(_SLOW_SECONDS, self.outlet.abort)
        else:
            self.deliver(notice)
        return True

    def close_slow(self) -> None:
        """Close a client that reads too slowly to be kept."""
        self.close(SLOW, "slow", retry_after_ms=random.randint(*_SLOW_RETURN_MS))

    @abstractmethod
    def _close(self, code: CloseCode, reason: str) -> None:
        """Close the transport after what was delivered has gone out. Never waits and never raises."""

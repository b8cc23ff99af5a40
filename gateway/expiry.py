"""The end of access tokens on live sockets: a notice before it, and the end itself.

A heap knows which token runs out next, so that a turn costs as much as there is to do, however many sockets are open.
"""

import heapq
import math
import time
from dataclasses import replace

from gateway.connection import Connection
from gateway.errors import TOKEN_EXPIRED
from gateway.events import SessionExpiring
from gateway.hub import hub
from gateway.identity import Identity

NOTICE_SECONDS = 60.0


class Expiries:
    """Which sockets must be told that their token runs out, and which are to be closed because it has."""

    def __init__(self) -> None:
        # (when, connection id, end of the token it is about); what is stale by then is passed over.
        self._heap: list[tuple[float, str, float]] = []

    def watch(self, connection: Connection) -> None:
        """Watch the token that is in force on `connection` now. Sockets without one, as of browsers, live on."""
        ends = connection.identity.expires_at
        if ends > 0:
            heapq.heappush(self._heap, (ends - NOTICE_SECONDS, connection.id, ends))

    def renew(self, connection: Connection, identity: Identity) -> None:
        """Put another token in force on `connection`."""
        is_new = identity.expires_at != connection.identity.expires_at
        connection.identity = replace(identity, country=connection.identity.country)
        if is_new:
            self.watch(connection)

    def run(self, now: float | None = None) -> None:
        """Tell and close whoever is due."""
        now = time.time() if now is None else now
        while self._heap and self._heap[0][0] <= now:
            _, connection_id, ends = heapq.heappop(self._heap)
            connection = hub.connections.get(connection_id)
            if connection is None or connection.identity.expires_at != ends:
                continue
            if ends <= now:
                connection.close(TOKEN_EXPIRED, "token_expired", retry_after_ms=0)
            else:
                connection.send_event("session:expiring", SessionExpiring(ttl=math.ceil(ends - now)))
                heapq.heappush(self._heap, (ends, connection_id, ends))


expiries = Expiries()

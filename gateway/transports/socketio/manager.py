"""Who is in which Socket.IO namespace, by the ids of both layers."""

from collections.abc import Iterator
from typing import Any

import socketio


class SessionManager(socketio.AsyncManager):  # type: ignore[misc]
    """Who is in which namespace. The stock manager scans every room of a namespace on each disconnect;
    rooms are the hub's affair here, so a disconnect is a look-up."""

    def __init__(self) -> None:
        super().__init__()
        self._engine_ids: dict[str, dict[str, str]] = self.rooms
        self._sids: dict[str, dict[str, str]] = {}
        self._ready: set[str] = set()
        self._renamed: dict[str, str] = {}

    def get_namespaces(self) -> list[str]:
        return list(self._engine_ids)

    def get_participants(self, namespace: str, room: str | None) -> Iterator[tuple[str, str]]:
        sids = self._engine_ids.get(namespace, {})
        if room is None:
            yield from list(sids.items())
        elif room in sids:
            yield room, sids[room]

    async def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        if eio_sid in self._sids.get(namespace, {}):
            return None
        sid: str = self.server.eio.generate_id()
        self._engine_ids.setdefault(namespace, {})[sid] = eio_sid
        self._sids.setdefault(namespace, {})[eio_sid] = sid
        return sid

    def rename(self, sid: str, former: str, namespace: str) -> bool:
        """Give a client that is being let in the id it had before; returns whether that was free."""
        eio_sids = self._engine_ids[namespace]
        if former in eio_sids:
            return False
        eio_sid = eio_sids[former] = eio_sids.pop(sid)
        self._sids[namespace][eio_sid] = self._renamed[sid] = former
        return True

    async def connect(self, sid: str, namespace: str) -> str:
        sid = self._renamed.pop(sid, sid)
        self._ready.add(sid)
        return sid

    def is_connected(self, sid: str | None, namespace: str) -> bool:
        return sid in self._ready

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        return self._sids.get(namespace, {}).get(eio_sid)

    def is_anywhere(self, eio_sid: str) -> bool:
        """Whether the client is in any namespace, or on its way in."""
        return any(eio_sid in sids for sids in self._sids.values())

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        return self._engine_ids.get(namespace, {}).get(sid)

    def pre_disconnect(self, sid: str, namespace: str) -> str | None:
        self._ready.discard(sid)
        return self.eio_sid_from_sid(sid, namespace)

    async def disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
        self._ready.discard(sid)
        self.callbacks.pop(sid, None)
        eio_sid = self._engine_ids.get(namespace, {}).pop(sid, None)
        if eio_sid is not None:
            self._sids[namespace].pop(eio_sid, None)

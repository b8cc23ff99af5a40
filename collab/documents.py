"""The documents this process has at hand: one for each session it serves, shared by all who are in it.

The truth is the log in PostgreSQL. A replica is brought up to it before anything is read from it or decided by
it, so that any process serves any session, and one whose replica is lost loses nothing.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock

from django.conf import settings
from pycrdt import Doc, Text, TransactionEvent

from collab import selectors
from collab.yjs.messages import read_state_vector

# The root type of the document that holds the session's text.
TEXT = "content"


def new_document() -> "Doc[Text]":
    """An empty document that any thread may use."""
    return Doc(allow_multithreading=True)


def text_of(document: "Doc[Text]") -> Text:
    """The session's text in a document."""
    return document.get(TEXT, type=Text)


def apply(document: "Doc[Text]", update: bytes) -> bytes:
    """Apply an update that was walked through before; returns what it really changes, or nothing."""
    changes: list[bytes] = []

    def note(event: TransactionEvent) -> None:
        changes.append(event.update)

    subscription = document.observe(note)
    try:
        document.apply_update(update)
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError("the library gave up") from error
    finally:
        document.unobserve(subscription)
    return b"".join(changes[:1])


class Replica:
    """A session's document in this process's memory. Used by whoever holds its lock.

    Attributes:
        seq: the last update of the log that is in it.
        is_ahead: whether it holds what the log does not; it is forgotten then when it is let go.
    """

    def __init__(self, session_id: int) -> None:
        self.session_id = session_id
        self.seq = 0
        self.used_at = 0.0
        self.is_ahead = False
        self.is_forgotten = False
        self.lock = Lock()
        self.document = new_document()

    def catch_up(self) -> None:
        """Bring in what the log holds and this process has not seen."""
        if not self.seq:
            snapshot = selectors.last_snapshot(self.session_id)
            if snapshot is not None:
                self.document.apply_update(bytes(snapshot.data))
                self.seq = snapshot.seq
        with self.document.transaction():
            for row in selectors.updates_after(self.session_id, self.seq):
                self.document.apply_update(bytes(row.data))
                self.seq = row.seq

    def apply(self, update: bytes) -> bytes:
        """Apply an update that the caller writes to the log; returns what it really changes, or nothing."""
        self.is_ahead = True
        return apply(self.document, update)

    def known(self) -> dict[int, int]:
        """How much of each client is in it."""
        return read_state_vector(self.document.get_state())

    def state(self, since: bytes | None = None) -> bytes:
        """All of it, or what is not in a state vector, as an update."""
        return self.document.get_update(since)

    @property
    def text(self) -> str:
        """The session's text, without the NULs that PostgreSQL would not take."""
        return str(text_of(self.document)).replace("\0", "\ufffd")


class Replicas:
    """The replicas of this process; those nobody has used for a while are forgotten."""

    def __init__(self) -> None:
        self._replicas: dict[int, Replica] = {}
        self._lock = Lock()

    @contextmanager
    def held(self, session_id: int) -> Iterator[Replica]:
        """The session's replica, for this thread alone."""
        replica = self._take(session_id)
        try:
            yield replica
        finally:
            if replica.is_ahead:
                self._forget([replica])
            replica.lock.release()

    def forget_idle(self) -> None:
        """Forget what nobody has used for a while."""
        before = time.monotonic() - settings.COLLAB_REPLICA_SECONDS
        with self._lock:
            idle = [replica for replica in self._replicas.values() if replica.used_at < before]
        self._forget(idle)

    def _take(self, session_id: int) -> Replica:
        while True:
            with self._lock:
                replica = self._replicas.get(session_id)
                if replica is None:
                    replica = self._replicas[session_id] = Replica(session_id)
                replica.used_at = time.monotonic()
            replica.lock.acquire()
            if not replica.is_forgotten:
                return replica
            replica.lock.release()

    def _forget(self, gone: Iterable[Replica]) -> None:
        with self._lock:
            for replica in gone:
                replica.is_forgotten = True
                if self._replicas.get(replica.session_id) is replica:
                    del self._replicas[replica.session_id]


replicas = Replicas()

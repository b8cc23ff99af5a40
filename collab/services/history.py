"""What the log tells: who wrote what, snapshots that spare reading it, and what would take somebody's changes back."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from pycrdt import Doc, Text, UndoManager

from collab import selectors
from collab.documents import new_document, text_of
from collab.models import Snapshot, Update

_UNDONE = "undone"
# Stands for what is in a text and is none, such as a picture: one long, as `Authorship` counts it, and never in UTF-8.
_NOT_TEXT = b"\xff"
# Longer than any log takes to be read, so that all that is taken back is one step.
_ONE_STEP_MILLISECONDS = 10**12


class Authorship:
    """Who wrote each byte of a text, kept while the text changes.

    Attributes:
        author_id: who makes the changes that come now.
        runs: user id and number of bytes, from the beginning of the text on.
    """

    def __init__(self, runs: list[list[int]]) -> None:
        self.author_id = 0
        self.runs = runs

    def follow(self, event: Any) -> None:
        """Take in a change of the text, as pycrdt tells it: its types do not say that it has a `delta`."""
        at = 0
        for part in event.delta:
            at += self._take(at, part)

    def _take(self, at: int, part: Mapping[str, Any]) -> int:
        """Take in a part of a change at byte `at`; returns how far it moves on."""
        if "retain" in part:
            return int(part["retain"])
        if "delete" in part:
            self._delete(at, int(part["delete"]))
            return 0
        inserted = part["insert"]
        length = len(inserted.encode()) if isinstance(inserted, str) else 1
        index = self._split(at)
        self.runs.insert(index, [self.author_id, length])
        self._join(index)
        self._join(index - 1)
        return length

    def _delete(self, at: int, length: int) -> None:
        start = self._split(at)
        del self.runs[start : self._split(at + length)]
        self._join(start - 1)

    def _split(self, at: int) -> int:
        """Let a run begin at byte `at`; returns its index."""
        for index, (author_id, length) in enumerate(self.runs):
            if at == 0:
                return index
            if at < length:
                self.runs[index : index + 1] = [[author_id, at], [author_id, length - at]]
                return index + 1
            at -= length
        return len(self.runs)

    def _join(self, index: int) -> None:
        """Make one run of two neighbours by one author."""
        if 0 <= index < len(self.runs) - 1 and self.runs[index][0] == self.runs[index + 1][0]:
            self.runs[index][1] += self.runs.pop(index + 1)[1]


class _Reading:
    """The document and its authorship after the log, read on from the last snapshot."""

    def __init__(self, session_id: int) -> None:
        snapshot = selectors.last_snapshot(session_id)
        self.document = new_document()
        self.seq = snapshot.seq if snapshot is not None else 0
        if snapshot is not None:
            self.document.apply_update(bytes(snapshot.data))
        self._authorship = Authorship(snapshot.authorship if snapshot is not None else [])
        self.text = text_of(self.document)
        self.text.observe(self._authorship.follow)
        for row in selectors.updates_after(session_id, self.seq).iterator():
            self._authorship.author_id = row.author_id
            self.document.apply_update(bytes(row.data))
            self.seq = row.seq

    @property
    def runs(self) -> list[list[int]]:
        return self._authorship.runs


def compact(*, session_id: int) -> Snapshot:
    """Make a snapshot of the document as the log has it now."""
    reading = _Reading(session_id)
    with transaction.atomic(durable=True):
        return Snapshot.objects.get_or_create(
            session_id=session_id,
            seq=reading.seq,
            defaults={"data": reading.document.get_update(), "authorship": reading.runs},
        )[0]


def compact_long_logs() -> int:
    """Make snapshots where many updates have come since the last; returns how many were made."""
    due = selectors.sessions_to_compact(settings.COLLAB_SNAPSHOT_UPDATES)
    for session_id in due:
        compact(session_id=session_id)
    return len(due)


def who_wrote(*, session_id: int) -> list[tuple[int, str]]:
    """The text in pieces, each with the id of the user who wrote it."""
    reading = _Reading(session_id)
    parts = [part for part, _ in reading.text.diff()]
    written = b"".join(part.encode() if isinstance(part, str) else _NOT_TEXT for part in parts)
    pieces, at = [], 0
    for author_id, length in reading.runs:
        pieces.append((author_id, written[at : at + length].decode(errors="ignore")))
        at += length
    return pieces


def taking_back(rows: list[Update]) -> tuple[int, bytes]:
    """An update that takes back changes of one session, with the Yjs client id it is written with.

    Args:
        rows: the changes, the oldest first; what others wrote since stays.
    """
    session_id, taken = rows[0].session_id, {row.seq for row in rows}
    document: Doc[Text] = Doc(skip_gc=True, allow_multithreading=True)
    undo = UndoManager(scopes=[text_of(document)], capture_timeout_millis=_ONE_STEP_MILLISECONDS)
    undo.include_origin(_UNDONE)
    snapshot = selectors.last_snapshot(session_id, before=rows[0].seq)
    if snapshot is not None:
        document.apply_update(bytes(snapshot.data))
    for row in selectors.updates_after(session_id, snapshot.seq if snapshot is not None else 0).iterator():
        with document.transaction(origin=_UNDONE if row.seq in taken else None):
            document.apply_update(bytes(row.data))
    before = document.get_state()
    undo.undo()
    return document.client_id, document.get_update(before)

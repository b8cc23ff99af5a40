"""Reading the audit log, and proving that nobody else has written in it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from audit import chain
from audit.models import Entry, Head

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Fault:
    """The first entry that is not as it was written."""

    entry_id: int
    words: str

    def __str__(self) -> str:
        return f"entry {self.entry_id} {self.words}"


@dataclass(frozen=True, slots=True)
class End:
    """The end of the chain: kept elsewhere, it proves later that nothing before it was changed."""

    entry_id: int
    hash: str


def end_of_chain() -> End:
    """The last entry, as the log itself says."""
    head = Head.objects.get()
    return End(head.last_id, head.last_hash)


def entries_about(target_kind: str, target_id: str) -> "QuerySet[Entry]":
    """What was done to one thing, the latest first."""
    return Entry.objects.filter(target_kind=target_kind, target_id=target_id)


def entries_in_order(*, start: datetime | None = None, end: datetime | None = None) -> Iterator[Entry]:
    """Entries from `start` to before `end`, oldest first, without holding them all in memory."""
    found = Entry.objects.order_by("id")
    if start is not None:
        found = found.filter(created_at__gte=start)
    if end is not None:
        found = found.filter(created_at__lt=end)
    return found.iterator(chunk_size=_CHUNK)


def first_fault(*, kept: End | None = None, progress: Callable[[int], object] = lambda count: None) -> Fault | None:
    """The first entry that was edited, removed, moved or added behind the log's back; None when all is well.

    Args:
        kept: an end of the chain that was noted down earlier, which must still be in it.
        progress: called with 1 for each entry read.
    """
    # Read before the entries: whatever is added meanwhile lies beyond it and is left to the next time.
    head = Head.objects.get()
    if head.last_id and not chain.is_signed(chain.head_bytes(head.last_id, head.last_hash), head.signature):
        return _broken_link(head) or Fault(head.last_id, "is not the end that was signed: the chain was written anew")
    return _broken_link(head, progress) or _lost(kept)


def _broken_link(head: Head, progress: Callable[[int], object] = lambda count: None) -> Fault | None:
    previous_id, previous_hash = 0, chain.FIRST
    for entry in Entry.objects.filter(id__lte=head.last_id).order_by("id").iterator(chunk_size=_CHUNK):
        fault = broken(entry, previous_id, previous_hash)
        if fault is not None:
            return fault
        previous_id, previous_hash = entry.id, entry.hash
        progress(1)
    if previous_id != head.last_id:
        return Fault(previous_id + 1, "was removed, and all after it")
    if previous_hash != head.last_hash:
        return Fault(previous_id, "is not the one the chain ended with")
    return None


def broken(entry: Entry, previous_id: int, previous_hash: str) -> Fault | None:
    """What is wrong with an entry that should follow the one with this id and hash."""
    if entry.id != previous_id + 1:
        return Fault(previous_id + 1, "was removed")
    if chain.digest(entry) != entry.hash:
        return Fault(entry.id, "was edited")
    if entry.previous_hash != previous_hash:
        return Fault(entry.id, "was moved here, or one before it was removed")
    return None


def first_broken(entries: Iterable[Entry]) -> Fault | None:
    """As `first_fault`, of entries in a row that need not begin with the first, such as exported ones."""
    previous: Entry | None = None
    for entry in entries:
        before = (previous.id, previous.hash) if previous else (entry.id - 1, entry.previous_hash)
        fault = broken(entry, *before)
        if fault is not None:
            return fault
        previous = entry
    return None


def _lost(kept: End | None) -> Fault | None:
    if kept is None or Entry.objects.filter(id=kept.entry_id, hash=kept.hash).exists():
        return None
    return Fault(kept.entry_id, "is not the one that was noted down: the log was cut or written anew")

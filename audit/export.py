"""The audit log as a file that proves itself: one entry a line, and a signed line at the end."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from audit import chain
from audit.models import Entry
from audit.selectors import first_broken


class ExportError(Exception):
    """A file is not what was exported; the text says why."""


def lines(entries: Iterable[Entry]) -> Iterator[str]:
    """A line for each entry, and at the end one that signs them; each with its line break."""
    seen, count = hashlib.sha256(), 0
    for entry in entries:
        line = _line(entry)
        seen.update(line.encode())
        count += 1
        yield line
    sealed = {"entries": count, "sha256": seen.hexdigest()}
    yield json.dumps({**sealed, "signature": chain.sign(_seal(count, seen.hexdigest()))}) + "\n"


def verify(path: Path) -> int:
    """How many entries the file at `path` has, when it is as it was exported.

    Raises:
        ExportError: when it is not.
        OSError: when it cannot be read.
    """
    *body, last = path.read_text().splitlines(keepends=True) or [""]
    text = hashlib.sha256("".join(body).encode()).hexdigest()
    try:
        seal = json.loads(last)
        count, named, signature = int(seal["entries"]), str(seal["sha256"]), str(seal["signature"])
        entries = [_entry(line) for line in body]
    except (ValueError, KeyError, TypeError) as error:
        raise ExportError(f"{path} is no export: {type(error).__name__}") from error
    if not chain.is_signed(_seal(count, named), signature):
        raise ExportError(f"the signature of {path} is none of ours")
    fault = first_broken(entries)
    if fault is not None:
        raise ExportError(str(fault))
    if named != text or count != len(entries):
        raise ExportError(f"{path} was changed after it was signed")
    return count


def _seal(count: int, digest: str) -> bytes:
    return f"export:{count}:{digest}".encode()


def _line(entry: Entry) -> str:
    chained = {"id": entry.id, "previous_hash": entry.previous_hash, "hash": entry.hash}
    return json.dumps({**chained, **json.loads(chain.as_json(entry))}) + "\n"


def _entry(line: str) -> Entry:
    values = json.loads(line)
    return Entry(**{**values, "created_at": datetime.fromisoformat(values["created_at"])})

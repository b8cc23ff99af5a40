"""Lists as files of comma-separated values, for `import_list` and `export_list`."""

import csv
from collections.abc import Iterable, Iterator
from typing import Protocol, TextIO

from django.core.exceptions import ValidationError

from moderation.models import ListEntry

COLUMNS = ("list", "kind", "value", "category", "level", "stream", "note")
_NEEDED = ("list", "kind", "value")


class Written(Protocol):
    """What lines can be written to: a file, or a command's output."""

    def write(self, text: str, /) -> object: ...


def write_entries(entries: Iterable[ListEntry], file: Written) -> int:
    """Write entries with a line of names above them; returns how many it were."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    written = 0
    for entry in entries:
        stream = entry.stream_id or ""
        writer.writerow([entry.list, entry.kind, entry.value, entry.category, entry.level, stream, entry.note])
        written += 1
    return written


def read_entries(file: TextIO) -> tuple[list[ListEntry], list[str]]:
    """The entries of a file, and what is wrong with it, line by line; columns but the first three may be left out."""
    reader = csv.DictReader(file)
    missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
    unknown = [str(name) for name in reader.fieldnames or () if name not in COLUMNS]
    if missing or unknown:
        wrong = [f"line 1: there is no column {name}" for name in missing]
        return [], wrong + [f"line 1: nobody knows a column {name}" for name in unknown]
    entries: list[ListEntry] = []
    faults: list[str] = []
    for number, row in enumerate(reader, 2):
        if None in row:
            faults.append(f"line {number}: there are too many values")
            continue
        entry = _entry(row)
        try:
            entry.full_clean(validate_unique=False, validate_constraints=False)
        except ValidationError as error:
            faults.extend(f"line {number}: {fault}" for fault in _faults(error))
        else:
            entries.append(entry)
    return entries, faults


def _entry(row: dict[str, str]) -> ListEntry:
    given = {name: value.strip() for name, value in row.items() if value and value.strip()}
    stream = given.pop("stream", None)
    return ListEntry(**given, stream_id=stream)


def _faults(error: ValidationError) -> Iterator[str]:
    for name, reasons in error.message_dict.items():
        yield from (f"{name}: {reason}" for reason in reasons)

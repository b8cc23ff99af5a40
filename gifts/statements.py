"""Statements as CSV."""

import csv
from collections.abc import Iterator

from gateway.events import iso
from gifts.selectors import Line

_COLUMNS = ("time", "transaction", "kind", "reason", "coins", "bonus")


def csv_lines(lines: Iterator[Line]) -> Iterator[str]:
    """A statement as CSV, line by line."""
    writer = csv.writer(_Echo())
    yield writer.writerow(_COLUMNS)
    for line in lines:
        yield writer.writerow((iso(line.at), line.transfer_id, line.kind, _plain(line.reason), line.coins, line.bonus))


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _plain(text: str) -> str:
    # A spreadsheet would take it for a formula.
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text

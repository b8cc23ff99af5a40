"""Write the audit log to a file that proves itself."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from audit import export
from audit.selectors import entries_in_order


class Command(BaseCommand):
    help = "Write entries, oldest first, one JSON object a line, with a signed line at the end; verify_audit reads it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="start", type=_moment, help="ISO 8601; UTC when nothing is said")
        parser.add_argument("--to", dest="end", type=_moment)
        parser.add_argument("--output", type=Path, help="a file; without it, standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = export.lines(entries_in_order(start=options["start"], end=options["end"]))
        if options["output"] is None:
            for line in lines:
                self.stdout.write(line, ending="")
            return
        with options["output"].open("w") as output:
            output.writelines(lines)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

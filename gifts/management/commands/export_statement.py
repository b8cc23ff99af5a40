"""Write a user's statement as CSV."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.selectors import user_by_name
from gifts.selectors import statement
from gifts.statements import csv_lines


class Command(BaseCommand):
    help = "Write what moved a user's coins as CSV, the newest first, to a file or to standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--from", dest="start", type=_moment, help="ISO 8601; UTC when nothing is said")
        parser.add_argument("--to", dest="end", type=_moment)
        parser.add_argument("--output", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_by_name(options["username"])
        if user is None:
            raise CommandError(f"there is no user called {options['username']}")
        lines = csv_lines(statement(user.pk, start=options["start"], end=options["end"]))
        if options["output"] is None:
            for line in lines:
                self.stdout.write(line, ending="")
            return
        with options["output"].open("w", newline="") as output:
            output.writelines(lines)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

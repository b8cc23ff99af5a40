"""Count the numbers of streams again from the rows."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.management.audited import AuditedCommand
from streams.services.rollups import roll_up_in_steps


class Command(AuditedCommand):
    help = "Count minutes, hours and days again from the rows; likes and viewers, which have none, are kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="start", type=_moment, required=True, help="ISO 8601; UTC by default")
        parser.add_argument("--to", dest="end", type=_moment, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        start, end = options["start"], options["end"]
        if start >= end:
            raise CommandError("--from must be before --to")
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"))
        with Progress(*columns, TimeRemainingColumn(), console=Console(file=self.stdout)) as progress:  # type: ignore[arg-type]
            task = progress.add_task("Counting", total=(end - start).total_seconds())
            for done in roll_up_in_steps(start=start, end=end):
                progress.update(task, completed=done.total_seconds())
        self.stdout.write(f"counted {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

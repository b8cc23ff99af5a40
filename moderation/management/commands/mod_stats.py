"""What moderation has done lately, in numbers."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from moderation.selectors import statistics


class Command(BaseCommand):
    help = "Count sanctions, stopped messages and appeals of the last days."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=7)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        found = statistics(since=timezone.now() - timedelta(days=options["days"]))
        if options["json"]:
            self.stdout.write(json.dumps({"days": options["days"], **found}))
            return
        table = Table("", "Count", title=f"Moderation, {options['days']} days")
        for name, count in found.items():
            table.add_row(name, str(count))
        Console(file=self.stdout).print(table)  # type: ignore[arg-type]

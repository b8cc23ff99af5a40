"""Seal every encrypted value anew under the first key of FIELD_ENCRYPTION_KEYS; older keys can go afterwards."""

import json
from argparse import ArgumentParser
from typing import Any

from rich.console import Console
from rich.progress import Progress

from gateway.management.audited import AuditedCommand
from gateway.rotation import encrypted_columns


class Command(AuditedCommand):
    help = "Seal encrypted values anew under the first key. It may be stopped, and goes on where it was when run again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count what is not under the first key, and end")
        parser.add_argument("--json", action="store_true", help="print one JSON object: values by column")

    def handle(self, *args: Any, **options: Any) -> None:
        counts: dict[str, int] = {}
        with Progress(console=Console(stderr=True), disable=options["json"]) as progress:
            for column in encrypted_columns():
                stale = column.stale().count()
                counts[column.name] = stale if options["dry_run"] else 0
                if options["dry_run"]:
                    continue
                bar = progress.add_task(column.name, total=stale)
                for done in column.reseal():
                    counts[column.name] += done
                    progress.advance(bar, done)
        self._tell(counts, options)

    def _tell(self, counts: dict[str, int], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps({"dryRun": options["dry_run"], "columns": counts}))
            return
        verb = "to seal anew" if options["dry_run"] else "sealed anew"
        for name, count in counts.items():
            self.stdout.write(f"{name}  {count} {verb}")

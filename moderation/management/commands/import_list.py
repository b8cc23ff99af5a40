"""Put the words, patterns and domains of a file on the lists of moderation."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console

from audit.services import Actor
from gateway import errors
from gateway.management.audited import AuditedCommand
from moderation.management.list_files import read_entries
from moderation.services import rules


class Command(AuditedCommand):
    """All of the file or nothing: it ends with 1, and says which lines are wrong, when any is."""

    help = "Import blocked and allowed words, patterns and domains (CSV: list,kind,value,category,level,stream,note)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with (
                Path(options["file"]).open(encoding="utf-8-sig", newline="") as file,
                Console(stderr=True).status("reading the list"),
            ):
                entries, faults = read_entries(file)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        if faults:
            raise CommandError("\n".join(["Nothing was imported.", *faults]))
        is_trial = options["dry_run"]
        try:
            done = rules.import_entries(actor=Actor.command(), entries=entries, is_trial=is_trial)
        except errors.CommandError as error:
            raise CommandError(error.message) from error
        told = {"added": done.added, "changed": done.changed, "unchanged": done.unchanged, "dryRun": is_trial}
        words = ", ".join(f"{name}: {count}" for name, count in told.items() if name != "dryRun")
        self.stdout.write(json.dumps(told) if options["json"] else words)

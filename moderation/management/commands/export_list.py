"""Write the lists of moderation to a file that `import_list` reads."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from moderation.management.list_files import write_entries
from moderation.models.rules import ListName
from moderation.selectors.rules import entries


class Command(BaseCommand):
    help = "Export blocked and allowed words, patterns and domains as CSV."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="standard output when left out")
        parser.add_argument("--list", choices=ListName.values, help="this list alone")
        parser.add_argument("--stream", type=int, help="those of this stream alone, by its id")
        parser.add_argument("--json", action="store_true", help="print one JSON object; needs a file")

    def handle(self, *args: Any, **options: Any) -> None:
        found = entries()
        if options["list"]:
            found = found.filter(list=options["list"])
        if options["stream"]:
            found = found.filter(stream=options["stream"])
        path: Path | None = options["file"]
        if path is None:
            if options["json"]:
                raise CommandError("--json needs a file: the list itself goes to standard output.")
            write_entries(found, self.stdout)
            return
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                written = write_entries(found, file)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error}") from error
        self.stdout.write(json.dumps({"entries": written}) if options["json"] else f"{written} entries")

"""Prove that the audit log is as it was written; the exit code tells, and the first broken entry is named."""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import Progress

from audit import export
from audit.selectors import End, end_of_chain, first_fault


class Command(BaseCommand):
    help = (
        "Name the first entry that was edited, removed, moved or added; print the end of the chain when there is none."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--kept",
            type=_end,
            metavar="ID:HASH",
            help="an end this command printed earlier, which must still be there",
        )
        parser.add_argument("--export", type=Path, help="verify a file of export_audit instead of the database")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["export"] is not None:
            self._verify_file(options["export"])
            return
        end = end_of_chain()
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("Reading", total=end.entry_id)
            fault = first_fault(kept=options["kept"], progress=lambda count: progress.advance(task, count))
        if fault is not None:
            raise CommandError(f"the audit log is broken: {fault}")
        self.stdout.write(f"{end.entry_id} entries are as they were written; the end is {end.entry_id}:{end.hash}")

    def _verify_file(self, path: Path) -> None:
        try:
            count = export.verify(path)
        except (OSError, export.ExportError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} entries are as they were exported")


def _end(text: str) -> End:
    entry_id, _, digest = text.partition(":")
    if not entry_id.isdecimal() or len(digest) != 64:
        raise ArgumentTypeError("is ID:HASH, as this command prints it")
    return End(int(entry_id), digest)

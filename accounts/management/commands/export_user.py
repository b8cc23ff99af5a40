"""Write all that is held on a person."""

import json
import os
from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import Progress

from accounts import data_rights
from accounts.models import User
from accounts.selectors import user_by_name
from audit.services import Actor
from gateway.management.audited import AuditedCommand


class Command(AuditedCommand):
    help = (
        "Write all that is held on a user as one JSON object, to a new file its owner alone can read or to the output."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--output", default="", help="a file that is not there yet; without it, standard output")
        parser.add_argument("--reason", default="by staff", help="why, for the record")
        parser.add_argument("--json", action="store_true", help="with --output: say how many rows it has as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_by_name(options["username"])
        if user is None:
            raise CommandError(f"There is no user called {options['username']}.")
        if not options["output"]:
            self._write(user, partial(self.stdout.write, ending=""))
            return
        path = Path(options["output"])
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{path} cannot be made: {error.strerror}.") from error
        with os.fdopen(descriptor, "w", encoding="utf-8") as output:
            rows = self._write(user, output.write)
        told = {"user": user.pk, "output": str(path), "rows": rows}
        self.stdout.write(json.dumps(told) if options["json"] else f"{sum(rows.values())} rows are in {path}")

    def _write(self, user: User, write: Callable[[str], object]) -> dict[str, int]:
        rows = data_rights.held(user)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            bar = progress.add_task("Writing", total=sum(rows.values()))
            pieces = data_rights.export(actor=Actor.command(), user=user, on_row=lambda: progress.advance(bar))
            for piece in pieces:
                write(piece)
        return rows

"""Erase a person."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import Progress

from accounts import data_rights
from accounts.models import User
from accounts.selectors import user_by_name
from audit.services import Actor
from gateway import errors
from gateway.management.audited import AuditedCommand


class Command(AuditedCommand):
    help = (
        "Erase what is held on a user; books and the audit log keep their id alone. It may be stopped, and goes on"
        " where it was when run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--yes", action="store_true", help="do it: it cannot be undone")
        parser.add_argument("--reason", default="asked for by the user", help="why, for the record")
        parser.add_argument("--dry-run", action="store_true", help="count what would be erased, and end")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_by_name(options["username"])
        if user is None:
            raise CommandError(f"There is no user called {options['username']}.")
        try:
            data_rights.require_erasable(user)
        except errors.CommandError as error:
            raise CommandError(error.message) from error
        rows = data_rights.left_to_erase(user)
        if not options["dry_run"]:
            if not options["yes"]:
                raise CommandError("This cannot be undone. Say --yes to do it, --dry-run to see what would be erased.")
            rows = self._erase(user, rows, options["reason"])
        self._say(user, rows, options)

    def _erase(self, user: User, left: dict[str, int], reason: str) -> dict[str, int]:
        erased: dict[str, int] = {}
        with Progress(console=Console(stderr=True), transient=True) as progress:
            bar = progress.add_task("Erasing", total=sum(left.values()))
            for name, count in data_rights.erase(actor=Actor.command(), user=user, reason=reason):
                erased[name] = erased.get(name, 0) + count
                progress.advance(bar, count)
        return erased

    def _say(self, user: User, rows: dict[str, int], options: dict[str, Any]) -> None:
        kept = data_rights.kept(user)
        if options["json"]:
            told = {"user": user.pk, "dryRun": options["dry_run"], "erased": rows, "kept": kept}
            self.stdout.write(json.dumps(told))
            return
        verb = "to erase" if options["dry_run"] else "erased"
        for name, count in rows.items():
            self.stdout.write(f"{name}  {count} {verb}")
        for name, reason in kept.items():
            self.stdout.write(f"{name}  kept: {reason}")

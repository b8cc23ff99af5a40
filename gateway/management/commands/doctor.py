"""Say whether everything works together, and what does not; the exit code tells."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from gateway.health import Finding, examine


class Command(BaseCommand):
    help = "Look at database, Redis, every web process, Celery, the outbox, the ledger and clocks. 0: all is well."
    # A database that is away is a finding, not a reason to give up.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(examine())
        ill = [finding.name for finding in findings if finding.problem]
        if options["json"]:
            checks = {finding.name: finding.problem or None for finding in findings}
            self.stdout.write(json.dumps({"ok": not ill, "checks": checks}))
        else:
            Console(file=self.stdout, soft_wrap=True).print(_table(findings))  # type: ignore[arg-type]
        if ill:
            raise CommandError(f"not well: {', '.join(ill)}")


def _table(findings: list[Finding]) -> Table:
    table = Table("Check", "Problem", title="Doctor")
    for finding in findings:
        table.add_row(finding.name, finding.problem or "none", style="red" if finding.problem else "green")
    return table

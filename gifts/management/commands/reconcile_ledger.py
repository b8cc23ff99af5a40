"""Prove that the ledger is right; the exit code tells."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from gifts.selectors import ledger_faults

_SHOWN = 5


class Command(BaseCommand):
    help = "Prove that entries sum to zero, balances match them, no wallet is below zero, every gift has its transfer."

    def handle(self, *args: Any, **options: Any) -> None:
        table = Table("There must be no", "Found", "Ids", title="Ledger")
        faults = 0
        for name, ids in ledger_faults():
            faults += len(ids)
            shown = ", ".join(map(str, ids[:_SHOWN])) + (" …" if len(ids) > _SHOWN else "")
            table.add_row(name, str(len(ids)), shown, style="red" if ids else "green")
        Console(file=self.stdout).print(table)  # type: ignore[arg-type]
        if faults:
            raise CommandError(f"the ledger is wrong in {faults} places")

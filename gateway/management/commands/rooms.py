"""A live table of rooms and their members over all processes."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.live import Live
from rich.table import Table

from gateway.presence import cluster_counts


class Command(BaseCommand):
    help = "Show rooms and members over all processes, live; --once prints them and ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true")
        parser.add_argument("--kind", default="stream", help="the kind of room, such as stream")
        parser.add_argument("--interval", type=float, default=1.0, help="seconds between two looks")

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console()
        prefix = f"{options['kind']}:"
        if options["once"]:
            console.print(_table(prefix))
            return
        with Live(_table(prefix), console=console, auto_refresh=False) as live:
            try:
                while True:
                    time.sleep(options["interval"])
                    live.update(_table(prefix), refresh=True)
            except KeyboardInterrupt:
                return


def _table(prefix: str) -> Table:
    table = Table("Room", "Members", "Processes", title="Rooms")
    counts = sorted(cluster_counts(prefix).items(), key=lambda item: -sum(item[1].values()))
    for room, by_process in counts:
        spread = ", ".join(f"{process}: {count}" for process, count in sorted(by_process.items()))
        table.add_row(room, str(sum(by_process.values())), spread)
    if not counts:
        table.add_row("no rooms", "0", "")
    return table

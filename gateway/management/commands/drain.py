"""Take one process of many out of service: it finishes what it took, sends its clients away, and ends."""

import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError

from gateway.management.audited import AuditedCommand
from gateway.orders import stop_process
from gateway.presence import cluster_counts, living_processes

# A process that was told to stop is gone within this time.
_STOP_SECONDS = 30.0


class Command(AuditedCommand):
    help = "Stop one process gracefully and wait until it has left; without a name, list the processes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("process", nargs="?", help="the process's name, or a part of it that no other has")
        parser.add_argument("--no-wait", action="store_true", help="return as soon as the process has heard")

    def changes(self, options: Mapping[str, Any]) -> bool:
        return options["process"] is not None

    def handle(self, *args: Any, **options: Any) -> None:
        if options["process"] is None:
            self._list()
            return
        process = _named(options["process"])
        if not stop_process(process):
            raise CommandError(f"{process} does not listen.")
        self.stdout.write(f"{process} is stopping")
        if not options["no_wait"]:
            self._wait(process)

    def _list(self) -> None:
        clients: Counter[str] = Counter()
        for by_process in cluster_counts("connections:").values():
            clients.update(by_process)
        for process in living_processes():
            self.stdout.write(f"{process}  {clients[process]} clients")

    def _wait(self, process: str) -> None:
        deadline = time.monotonic() + _STOP_SECONDS
        while process in living_processes():
            if time.monotonic() > deadline:
                raise CommandError(f"{process} has not left within {_STOP_SECONDS:g} seconds.")
            time.sleep(0.2)
        self.stdout.write(f"{process} has left")


def _named(part: str) -> str:
    processes = living_processes()
    found = [process for process in processes if process == part] or [name for name in processes if part in name]
    if len(found) != 1:
        listed = "\n".join(found or processes)
        raise CommandError(f"{'Several processes match' if found else 'No process matches'} {part}:\n{listed}")
    return found[0]

"""Watch a room in the terminal: what its members are told, as it happens. Reading along is recorded."""

import time
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from gateway import outbox
from gateway.management.audited import AuditedCommand
from gateway.models import OutboxEvent

_PAGE = 200


class Command(AuditedCommand):
    help = "Print a room's events with a history as they are announced, after the last few; Ctrl-C ends it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("room", help="the room's wire name, such as stream:7")
        parser.add_argument("--last", type=int, default=10, help="how many earlier events to begin with")
        parser.add_argument("--once", action="store_true", help="print those, and end")
        parser.add_argument("--interval", type=float, default=0.5, help="seconds between two looks")
        parser.add_argument("--json", action="store_true", help="print one JSON object a line")

    def changes(self, options: Mapping[str, Any]) -> bool:
        """It changes nothing, but reads what may be private, which is to be known."""
        return True

    def handle(self, *args: Any, **options: Any) -> None:
        last = outbox.last(options["room"], options["last"])
        place = last[-1].pk if last else 0
        self._print(last, options["json"])
        try:
            while not options["once"]:
                time.sleep(options["interval"])
                page = outbox.page(options["room"], after=place, limit=_PAGE)
                place = page[-1].pk if page else place
                self._print(page, options["json"])
        except KeyboardInterrupt:
            return

    def _print(self, events: list[OutboxEvent], as_json: bool) -> None:
        for event in events:
            if as_json:
                self.stdout.write(f'{{"id":{event.pk},"event":"{event.name}","seq":{event.seq},"data":{event.body}}}')
            else:
                self.stdout.write(f"{event.created_at:%H:%M:%S}  {event.name:<18}  {event.body}")
        self.stdout.flush()

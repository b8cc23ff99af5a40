"""Replay a room's event log: print it page by page, or announce again what Redis has lost."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError
from redis.exceptions import RedisError

from gateway import outbox
from gateway.management.audited import AuditedCommand


class Command(AuditedCommand):
    help = "Print a room's announced events, oldest first, one JSON object a line; --publish announces them again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("room", help="the room's wire name, such as stream:7")
        parser.add_argument("--after", type=int, default=0, help="start after the event with this id")
        parser.add_argument("--limit", type=int, default=100, help="how many events at the most")
        parser.add_argument(
            "--publish",
            action="store_true",
            help="announce them again; those the room has in its present epoch are not repeated",
        )

    def changes(self, options: Mapping[str, Any]) -> bool:
        return bool(options["publish"])

    def handle(self, *args: Any, **options: Any) -> None:
        page = outbox.page(options["room"], after=options["after"], limit=options["limit"])
        if options["publish"]:
            try:
                outbox.replay(options["room"], page)
            except RedisError as error:
                raise CommandError("Redis is away; nothing was announced.") from error
        for row in page:
            self.stdout.write(f'{{"id":{row.pk},"event":"{row.name}","seq":{row.seq},"data":{row.body}}}')
        if len(page) == options["limit"]:
            self.stderr.write(f"more: --after {page[-1].pk}")

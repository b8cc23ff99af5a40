"""Say something to everybody in a stream, or in every live stream, as a system message."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import track

from accounts import selectors as account_selectors
from accounts.models import User
from chat.services.notices import announce
from gateway.errors import CommandError as Refusal
from gateway.management.audited import AuditedCommand
from streams.selectors import find_cards, live_stream_ids

_BATCH = 200


class Command(AuditedCommand):
    help = "Write a system message into the chat of one stream, or of every live one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text")
        parser.add_argument(
            "--as", dest="author", required=True, help="the name of whoever says it, a moderator or staff"
        )
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--stream", type=int, help="the stream's id")
        where.add_argument("--everywhere", action="store_true", help="every live stream")
        parser.add_argument("--dry-run", action="store_true", help="say how many streams would be told, and end")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        author = _author(options["author"])
        ids = live_stream_ids() if options["everywhere"] else [str(options["stream"])]
        if not options["everywhere"] and not find_cards(ids):
            raise CommandError(f"There is no stream {options['stream']}.")
        told = len(ids) if options["dry_run"] else self._tell(author, options["text"], ids, options["json"])
        if options["json"]:
            self.stdout.write(json.dumps({"dryRun": options["dry_run"], "streams": told}))
        else:
            self.stdout.write(f"{told} streams {'would be' if options['dry_run'] else 'were'} told")

    def _tell(self, author: User, text: str, ids: list[str], quiet: bool) -> int:
        told, batches = 0, [ids[start : start + _BATCH] for start in range(0, len(ids), _BATCH)]
        for batch in track(batches, "announcing", console=Console(stderr=True), disable=quiet):
            try:
                told += len(announce(author=author, text=text, cards=list(find_cards(batch).values())))
            except Refusal as refusal:
                raise CommandError(refusal.message) from refusal
        return told


def _author(name: str) -> User:
    author = account_selectors.user_by_name(name)
    if author is None:
        raise CommandError(f"There is no user called {name}.")
    if not (author.is_moderator or author.is_staff):
        raise CommandError(f"{author.username} is neither a moderator nor staff.")
    return author

"""Tighten all settings of a stream's chat for a time, or end that."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

import msgspec
from django.core.management.base import CommandError
from django.utils import timezone

from audit.services import Actor
from gateway import errors
from gateway.management.audited import AuditedCommand
from streams.events.chat import ChatRules
from streams.selectors import find_card
from streams.services import chat_settings

_LONGEST_MINUTES = 1440


class Command(AuditedCommand):
    """It ends with 0 when the chat is as it was asked to be, and with 1 when nothing was done, and says why."""

    help = "Tighten all settings of a stream's chat for some minutes; afterwards all is as it was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("stream", type=int, help="the stream's id")
        parser.add_argument("state", choices=["on", "off"])
        parser.add_argument("--for", dest="minutes", type=int, default=15, metavar="MINUTES", help="default: 15")
        parser.add_argument("--reason", default="by staff", help="why, for the record")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--dry-run", action="store_true", help="say how the chat is now, and do nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["minutes"] <= _LONGEST_MINUTES:
            raise CommandError(f"A shield holds for 1 to {_LONGEST_MINUTES} minutes.")
        card = find_card(str(options["stream"]))
        if card is None:
            raise CommandError(f"There is no stream {options['stream']}.")
        now = ChatRules.of(card.chat, timezone.now())
        rules = now if options["dry_run"] else self._change(options)
        told = {"stream": options["stream"], "dryRun": options["dry_run"], **msgspec.to_builtins(rules)}
        words = ", ".join(f"{name}: {value}" for name, value in told.items())
        self.stdout.write(json.dumps(told) if options["json"] else words)

    def _change(self, options: dict[str, Any]) -> ChatRules:
        whose = {"actor": Actor.command(), "stream_id": options["stream"], "reason": options["reason"]}
        try:
            if options["state"] == "off":
                return chat_settings.lower_shield(**whose)
            return chat_settings.raise_shield(lasts=timedelta(minutes=options["minutes"]), **whose)
        except errors.CommandError as error:
            raise CommandError(error.message) from error

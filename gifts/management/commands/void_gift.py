"""Take a gift back."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from audit.services import Actor
from gateway import errors
from gateway.management.audited import AuditedCommand
from gifts.services.voids import void_gift


class Command(AuditedCommand):
    help = "Void a gift: coins, throne, battle while it runs and tier progress go back, and clients are told."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("transaction", type=int, help="the gift's transactionId")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sent = void_gift(transfer_id=options["transaction"], reason=options["reason"], actor=Actor.command())
        except errors.CommandError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"voided {sent} of {sent.cost} coins by transfer {sent.void_transfer_id}")

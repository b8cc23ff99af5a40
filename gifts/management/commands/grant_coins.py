"""Give a user coins or bonus of the platform's."""

from argparse import ArgumentParser
from secrets import token_hex
from typing import Any

from django.core.management.base import CommandError

from accounts.selectors import user_by_name
from audit.services import Actor
from gateway import errors
from gateway.management.audited import AuditedCommand
from gifts.selectors import balances
from gifts.services.wallets import grant_coins


class Command(AuditedCommand):
    help = "Give a user coins, or bonus coins, which cannot be paid out. The same --key again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("coins", type=int)
        parser.add_argument("--bonus", action="store_true", help="give bonus coins")
        parser.add_argument("--reason", default="granted by staff")
        parser.add_argument("--key", default="", help="names the grant, so that it can be repeated safely")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_by_name(options["username"])
        if user is None:
            raise CommandError(f"there is no user called {options['username']}")
        amount = {"bonus" if options["bonus"] else "coins": options["coins"]}
        key = options["key"] or token_hex(8)
        try:
            transfer = grant_coins(user_id=user.pk, key=key, reason=options["reason"], actor=Actor.command(), **amount)
        except errors.CommandError as error:
            raise CommandError(error.message) from error
        held = balances(user.pk)
        self.stdout.write(f"transfer {transfer.pk}: {user.username} has {held['coins']} coins, {held['bonus']} bonus")

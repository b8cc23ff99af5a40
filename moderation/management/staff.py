"""The base of the commands by which staff act on users."""

import json
from abc import ABC, abstractmethod
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from accounts.models import User
from accounts.selectors import user_by_name
from audit.services import Actor
from gateway import errors
from gateway.management.audited import AuditedCommand


class StaffCommand(AuditedCommand, ABC):
    """Acts on one user, says what it did in words or with `--json`, and with `--dry-run` what it would do.

    It ends with 0 when it did what it was asked, with 1 when it did nothing: the text on standard error says why.
    A command implements `plan` and `act`, which both return what is told.
    """

    def add_user(self, parser: ArgumentParser) -> None:
        """Say how the user is named."""
        parser.add_argument("username")

    def add_arguments(self, parser: ArgumentParser) -> None:
        self.add_user(parser)
        parser.add_argument("--stream", type=int, help="in this stream alone, by its id")
        parser.add_argument("--reason", default="by staff", help="why, for the user and for the record")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_by_name(options["username"])
        if user is None:
            raise CommandError(f"There is no user called {options['username']}.")
        is_trial = options["dry_run"]
        try:
            told = self.plan(user, options) if is_trial else self.act(user, Actor.command(), options)
        except errors.CommandError as error:
            raise CommandError(error.message) from error
        self._say({"user": user.pk, "stream": options["stream"], "dryRun": is_trial, **told}, options["json"])

    @abstractmethod
    def plan(self, user: User, options: dict[str, Any]) -> dict[str, Any]:
        """What would be done. Raises gateway's CommandError when it cannot be."""

    @abstractmethod
    def act(self, user: User, actor: Actor, options: dict[str, Any]) -> dict[str, Any]:
        """Do it. Raises gateway's CommandError when it cannot be done; nothing is done then."""

    def _say(self, told: dict[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(told))
            return
        self.stdout.write(", ".join(f"{name}: {value}" for name, value in told.items() if value not in (None, False)))

"""The base of the commands that act on a user, or on a device and a network nobody may come from."""

from abc import abstractmethod
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from audit.services import Actor
from gateway import errors
from moderation.management.staff import StaffCommand


class PlaceCommand(StaffCommand):
    """Acts on a user as `StaffCommand` does; with `--device` or `--ip` on those places instead.

    A command implements `plan_places` and `act_on_places` too.
    """

    def add_user(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", nargs="?")

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--device", default="", help="a device, by the id its app sends, instead of a user")
        parser.add_argument("--ip", default="", help="an address or a prefix such as 203.0.113.0/24, instead of a user")

    def handle(self, *args: Any, **options: Any) -> None:
        names_places = bool(options["device"] or options["ip"])
        if names_places == bool(options["username"]):
            raise CommandError("Name either a user, or a device or a network with --device and --ip.")
        if not names_places:
            super().handle(*args, **options)
            return
        is_trial = options["dry_run"]
        try:
            told = self.plan_places(options) if is_trial else self.act_on_places(Actor.command(), options)
        except errors.CommandError as error:
            raise CommandError(error.message) from error
        self._say({"dryRun": is_trial, **told}, options["json"])

    @abstractmethod
    def plan_places(self, options: dict[str, Any]) -> dict[str, Any]:
        """What would be done. Raises gateway's CommandError when it cannot be."""

    @abstractmethod
    def act_on_places(self, actor: Actor, options: dict[str, Any]) -> dict[str, Any]:
        """Do it. Raises gateway's CommandError when it cannot be done; nothing is done then."""

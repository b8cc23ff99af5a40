"""Keep a user from writing for a while."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from accounts.models import User
from audit.services import Actor
from moderation.management.staff import StaffCommand
from moderation.models import Rung
from moderation.services import sanctions


class Command(StaffCommand):
    help = "Keep a user from writing in a stream or everywhere for a while."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--minutes", type=int, default=10, help="for how long (default: 10)")

    def plan(self, user: User, options: dict[str, Any]) -> dict[str, Any]:
        return {"minutes": options["minutes"]}

    def act(self, user: User, actor: Actor, options: dict[str, Any]) -> dict[str, Any]:
        sanction = sanctions.sanction_user(
            actor=actor,
            user_id=user.pk,
            rung=Rung.TIMEOUT,
            reason=options["reason"],
            stream_id=options["stream"],
            lasts=timedelta(minutes=options["minutes"]),
        )
        return {"sanction": sanction.pk, **self.plan(user, options)}

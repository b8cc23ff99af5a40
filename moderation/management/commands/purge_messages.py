"""Take back what a user wrote."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from accounts.models import User
from audit.services import Actor
from moderation.management.staff import StaffCommand
from moderation.services import sanctions


class Command(StaffCommand):
    help = "Take back what a user wrote in a stream or everywhere; rooms are told."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--since", type=_moment, help="ISO 8601, UTC by default; all there is when left out")

    def plan(self, user: User, options: dict[str, Any]) -> dict[str, Any]:
        return {"since": options["since"].isoformat() if options["since"] else None}

    def act(self, user: User, actor: Actor, options: dict[str, Any]) -> dict[str, Any]:
        removed = sanctions.purge(
            actor=actor,
            user_id=user.pk,
            stream_id=options["stream"],
            since=options["since"],
            reason=options["reason"],
        )
        return {"removed": removed, **self.plan(user, options)}


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

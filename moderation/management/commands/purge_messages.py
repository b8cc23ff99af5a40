"""Take back what a user wrote."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.progress import Progress

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
        shown = sanctions.purgeable(user_id=user.pk, stream_id=options["stream"], since=options["since"])
        return {"toRemove": shown, "since": options["since"].isoformat() if options["since"] else None}

    def act(self, user: User, actor: Actor, options: dict[str, Any]) -> dict[str, Any]:
        planned, removed = self.plan(user, options), 0
        parts = sanctions.purge(
            actor=actor,
            user_id=user.pk,
            stream_id=options["stream"],
            since=options["since"],
            reason=options["reason"],
        )
        with Progress(console=Console(stderr=True), transient=True) as progress:
            bar = progress.add_task("Taking back", total=planned["toRemove"])
            for part in parts:
                removed += part
                progress.advance(bar, part)
        return {"removed": removed, "since": planned["since"]}


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

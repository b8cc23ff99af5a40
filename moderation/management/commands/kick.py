"""Put a user out of a stream; they may come back."""

from typing import Any

from accounts.models import User
from audit.services import Actor
from gateway.errors import CommandError, ErrorCode
from moderation.management.staff import StaffCommand
from moderation.services import sanctions


class Command(StaffCommand):
    help = "Take every socket of a user out of a stream (--stream). They may come back; `ban` keeps them out."

    def plan(self, user: User, options: dict[str, Any]) -> dict[str, Any]:
        if options["stream"] is None:
            raise CommandError(ErrorCode.INVALID_PAYLOAD, "Say out of which stream with --stream.")
        return {}

    def act(self, user: User, actor: Actor, options: dict[str, Any]) -> dict[str, Any]:
        self.plan(user, options)
        sanctions.kick(actor=actor, user_id=user.pk, stream_id=options["stream"], reason=options["reason"])
        return {"kicked": True}

"""Lift a user's bans."""

from typing import Any

from accounts.models import User
from audit.services import Actor
from gateway.errors import CommandError, ErrorCode
from moderation.management.staff import StaffCommand
from moderation.selectors import bans_in_force
from moderation.services import sanctions


class Command(StaffCommand):
    help = "Lift a user's bans from a stream, or without --stream those from everything."

    def plan(self, user: User, options: dict[str, Any]) -> dict[str, Any]:
        bans = list(bans_in_force(user.pk, options["stream"]).values_list("pk", flat=True))
        if not bans:
            raise CommandError(ErrorCode.INVALID_STATE, "There is no such ban in force.")
        return {"bans": bans}

    def act(self, user: User, actor: Actor, options: dict[str, Any]) -> dict[str, Any]:
        planned = self.plan(user, options)
        for ban in planned["bans"]:
            sanctions.lift(actor=actor, sanction_id=ban, reason=options["reason"])
        return planned

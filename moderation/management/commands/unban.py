"""Lift a user's bans, or those of a device or a network."""

from typing import Any

from accounts import barriers
from accounts.models import User
from audit.services import Actor
from gateway.errors import CommandError, ErrorCode
from moderation.management.places import PlaceCommand
from moderation.selectors import bans_in_force
from moderation.services import sanctions


class Command(PlaceCommand):
    help = "Lift a user's bans from a stream, or without --stream those from everything; or of a device or a network."

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

    def plan_places(self, options: dict[str, Any]) -> dict[str, Any]:
        found = barriers.of_places(device_id=options["device"], network=options["ip"])
        if not found:
            raise CommandError(ErrorCode.INVALID_STATE, "There is no such ban in force.")
        return {"barriers": found}

    def act_on_places(self, actor: Actor, options: dict[str, Any]) -> dict[str, Any]:
        planned = self.plan_places(options)
        barriers.lift(actor=actor, barrier_ids=planned["barriers"], reason=options["reason"])
        return planned

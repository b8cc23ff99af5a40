"""End all sessions of a user."""

from typing import Any

from accounts import selectors
from accounts.models import User
from audit.services import Actor
from moderation.management.staff import StaffCommand
from moderation.services import sanctions


class Command(StaffCommand):
    help = "End all sessions of a user: every token is worth nothing and every socket closes within two seconds."

    def plan(self, user: User, options: dict[str, Any]) -> dict[str, Any]:
        return {"sessions": len(selectors.open_sessions(user))}

    def act(self, user: User, actor: Actor, options: dict[str, Any]) -> dict[str, Any]:
        planned = self.plan(user, options)
        sanctions.revoke_sessions(actor=actor, user_id=user.pk, reason=options["reason"])
        return planned

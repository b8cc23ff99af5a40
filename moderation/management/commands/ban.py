"""Ban a user from a stream or from everything."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from accounts.models import User
from audit.services import Actor
from moderation.management.staff import StaffCommand
from moderation.models import Rung
from moderation.services import sanctions


class Command(StaffCommand):
    help = "Ban a user from a stream or everywhere: sockets close or leave within two seconds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--minutes", type=int, help="for how long; until it is lifted when left out")
        parser.add_argument("--devices", action="store_true", help="mark it as a ban of devices and addresses")
        parser.add_argument("--purge", action="store_true", help="take back what they wrote there")

    def plan(self, user: User, options: dict[str, Any]) -> dict[str, Any]:
        return {"rung": str(_rung(options)), "minutes": options["minutes"], "purge": options["purge"]}

    def act(self, user: User, actor: Actor, options: dict[str, Any]) -> dict[str, Any]:
        minutes = options["minutes"]
        sanction = sanctions.sanction_user(
            actor=actor,
            user_id=user.pk,
            rung=_rung(options),
            reason=options["reason"],
            stream_id=options["stream"],
            lasts=timedelta(minutes=minutes) if minutes is not None else None,
            purge=options["purge"],
        )
        return {"sanction": sanction.pk, **self.plan(user, options)}


def _rung(options: dict[str, Any]) -> Rung:
    return Rung.DEVICE_BAN if options["devices"] else Rung.BAN

"""Ban a user from a stream or from everything, or a device or a network."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from accounts import barriers
from accounts.models import User
from audit.services import Actor
from moderation.management.places import PlaceCommand
from moderation.models import Rung
from moderation.services import sanctions


class Command(PlaceCommand):
    help = "Ban a user from a stream or everywhere, or a device or a network: sockets close within two seconds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--minutes", type=int, help="for how long; until it is lifted when left out")
        parser.add_argument("--devices", action="store_true", help="ban their devices and addresses too")
        parser.add_argument("--purge", action="store_true", help="take back what they wrote there")

    def plan(self, user: User, options: dict[str, Any]) -> dict[str, Any]:
        return {"rung": str(_rung(options)), "minutes": options["minutes"], "purge": options["purge"]}

    def act(self, user: User, actor: Actor, options: dict[str, Any]) -> dict[str, Any]:
        sanction = sanctions.sanction_user(
            actor=actor,
            user_id=user.pk,
            rung=_rung(options),
            reason=options["reason"],
            stream_id=options["stream"],
            lasts=_lasts(options),
            purge=options["purge"],
        )
        return {"sanction": sanction.pk, **self.plan(user, options)}

    def plan_places(self, options: dict[str, Any]) -> dict[str, Any]:
        if options["ip"]:
            barriers.checked(options["ip"])
        return {"device": bool(options["device"]), "network": options["ip"] or None, "minutes": options["minutes"]}

    def act_on_places(self, actor: Actor, options: dict[str, Any]) -> dict[str, Any]:
        made = barriers.bar(
            actor=actor,
            device_id=options["device"],
            network=options["ip"],
            reason=options["reason"],
            lasts=_lasts(options),
        )
        return {"barriers": [barrier.pk for barrier in made], **self.plan_places(options)}


def _lasts(options: dict[str, Any]) -> timedelta | None:
    return timedelta(minutes=options["minutes"]) if options["minutes"] is not None else None


def _rung(options: dict[str, Any]) -> Rung:
    return Rung.DEVICE_BAN if options["devices"] else Rung.BAN

"""Handling the commands of moderation."""

from datetime import timedelta

import msgspec

from audit.services import Actor
from gateway.database import in_database
from gateway.dispatch import Context, handles
from gateway.errors import CommandError, ErrorCode
from gateway.idempotency import Answer
from gateway.identity import identify_session
from moderation import selectors, services
from moderation.events import AcknowledgeSanction, AppealSanction, IssueSanction, LiftSanction, WarnRoom
from moderation.models import Rung
from moderation.plain_text import require_text
from moderation.services import sanctions
from streams import selectors as stream_selectors


@handles(WarnRoom)
async def ai_warning(context: Context, command: WarnRoom) -> Answer:
    """Let the host and moderators, whose role is read now, warn the room."""
    identity = await in_database(identify_session, context.identity.user_id, context.identity.session_id)
    card = await in_database(stream_selectors.access_card, identity, command.stream_id)
    if not card.may_moderate(identity):
        raise CommandError(ErrorCode.ACCESS_DENIED)
    return await in_database(
        services.warn_room,
        moderator=identity,
        card=card,
        warning_type=command.warning_type,
        message=require_text(command.message),
        key=context.key,
    )


# --- Sanctions ------------------------------------------------------------------------------------


class Sanctioned(msgspec.Struct, rename="camel"):
    """The answer to `sanction:issue`."""

    sanction_id: str


@handles(IssueSanction)
async def sanction_issue(context: Context, command: IssueSanction) -> Sanctioned:
    """Sanction a user; whether one may is read now."""
    return await in_database(_issue, context, command)


@handles(LiftSanction)
async def sanction_lift(context: Context, command: LiftSanction) -> None:
    """End a sanction; whether one may is read now."""
    await in_database(_lift, context, command)


@handles(AcknowledgeSanction)
async def sanction_acknowledge(context: Context, command: AcknowledgeSanction) -> None:
    """Note that a warning was read."""
    await in_database(_acknowledge, context, command)


@handles(AppealSanction)
async def sanction_appeal(context: Context, command: AppealSanction) -> None:
    """Take an appeal."""
    await in_database(_appeal, context, command)


def _issue(context: Context, command: IssueSanction) -> Sanctioned:
    moderator = identify_session(context.identity.user_id, context.identity.session_id)
    if command.stream_id is not None:
        stream_selectors.access_card(moderator, command.stream_id)
    user = selectors.access_subject(moderator, command.user_id, command.stream_id)
    sanction = sanctions.sanction_user(
        actor=Actor.api(int(moderator.user_id), context.caller.address),
        user_id=user.pk,
        rung=Rung(command.rung),
        reason=require_text(command.reason),
        stream_id=int(command.stream_id) if command.stream_id is not None else None,
        lasts=timedelta(seconds=command.seconds) if command.seconds is not None else None,
        purge=command.purge,
    )
    return Sanctioned(str(sanction.pk))


def _lift(context: Context, command: LiftSanction) -> None:
    moderator = identify_session(context.identity.user_id, context.identity.session_id)
    sanction = selectors.access_sanction(moderator, command.sanction_id)
    actor = Actor.api(int(moderator.user_id), context.caller.address)
    sanctions.lift(actor=actor, sanction_id=sanction.pk, reason=require_text(command.reason))


def _acknowledge(context: Context, command: AcknowledgeSanction) -> None:
    sanction = selectors.access_own_sanction(int(context.identity.user_id), command.sanction_id)
    sanctions.acknowledge(sanction=sanction)


def _appeal(context: Context, command: AppealSanction) -> None:
    sanction = selectors.access_own_sanction(int(context.identity.user_id), command.sanction_id)
    sanctions.appeal(sanction=sanction, text=require_text(command.text))

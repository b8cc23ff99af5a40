"""Handling the commands of moderation."""

from gateway.database import in_database
from gateway.dispatch import Context, handles
from gateway.errors import CommandError, ErrorCode
from gateway.idempotency import Answer
from gateway.identity import identify_session
from moderation import services
from moderation.events import WarnRoom
from moderation.plain_text import require_text
from streams import selectors


@handles(WarnRoom)
async def ai_warning(context: Context, command: WarnRoom) -> Answer:
    """Let the host and moderators, whose role is read now, warn the room."""
    identity = await in_database(identify_session, context.identity.user_id, context.identity.session_id)
    card = await in_database(selectors.access_card, identity, command.stream_id)
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

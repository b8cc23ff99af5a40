"""Handling the commands about how a stream's chat behaves."""

from datetime import timedelta

from audit.services import Actor
from gateway.database import in_database
from gateway.dispatch import Context, handles
from gateway.identity import identify_session
from streams.chat_settings import SETTINGS
from streams.events.chat import ChatRules, SetChat, Shield
from streams.selectors import access_moderated_card
from streams.services import chat_settings


@handles(SetChat)
async def chat_settings_changed(context: Context, command: SetChat) -> ChatRules:
    """Change the settings of a chat; who may is read now."""
    return await in_database(_change, context, command)


@handles(Shield)
async def chat_shield(context: Context, command: Shield) -> ChatRules:
    """Raise or lower the shield; who may is read now."""
    return await in_database(_shield, context, command)


def _change(context: Context, command: SetChat) -> ChatRules:
    actor, stream_id = _moderator(context, command.stream_id)
    given = {name: getattr(command, name) for name in SETTINGS}
    fields = {name: value for name, value in given.items() if value is not None}
    return chat_settings.change_chat(actor=actor, stream_id=stream_id, fields=fields)


def _shield(context: Context, command: Shield) -> ChatRules:
    actor, stream_id = _moderator(context, command.stream_id)
    if not command.on:
        return chat_settings.lower_shield(actor=actor, stream_id=stream_id)
    lasts = timedelta(minutes=command.minutes)
    return chat_settings.raise_shield(actor=actor, stream_id=stream_id, lasts=lasts)


def _moderator(context: Context, stream_id: str) -> tuple[Actor, int]:
    identity = identify_session(context.identity.user_id, context.identity.session_id)
    card = access_moderated_card(identity, stream_id)
    return Actor.api(int(identity.user_id), context.caller.address), int(card.id)

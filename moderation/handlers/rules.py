"""Handling the commands about what messages are judged by."""

from audit.services import Actor
from gateway.database import in_database
from gateway.dispatch import Context, handles
from gateway.identity import identify_session
from moderation.events.rules import Levels, ModerationLevels
from moderation.render import render_levels
from moderation.selectors.rules import access_policed_stream
from moderation.services import rules


@handles(ModerationLevels)
async def moderation_levels(context: Context, command: ModerationLevels) -> Levels:
    """Set the levels of a stream, or tell them; who may is read now."""
    return await in_database(_set, context, command)


def _set(context: Context, command: ModerationLevels) -> Levels:
    identity = identify_session(context.identity.user_id, context.identity.session_id)
    stream_id = access_policed_stream(identity, command.stream_id)
    if command.levels or command.undecided:
        levels = {category.value: level for category, level in command.levels.items()}
        actor = Actor.api(int(identity.user_id), context.caller.address)
        rules.change_policy(actor=actor, stream_id=stream_id, levels=levels, undecided=command.undecided)
    return render_levels(stream_id)

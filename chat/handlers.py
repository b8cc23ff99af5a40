"""Handling the commands of chat."""

from django.conf import settings

from chat import render, selectors, services
from chat.events import RemoveMessage, SendMessage
from chat.models import Kind, Visibility
from chat.services import Draft, gift_lines, removal
from chat.text import require_emoji
from gateway import limits
from gateway.batch import Batcher
from gateway.database import in_database
from gateway.dispatch import Context, handles
from gateway.errors import CommandError, ErrorCode
from gateway.idempotency import Answer
from gateway.identity import Identity, identify_session
from gateway.limits import Bucket
from moderation.plain_text import require_text
from streams.selectors import StreamCard, access_cached_card
from streams.services.lines import writes_gift_lines
from streams.services.rollups import counts_minutes
from streams.snapshot import contribute

batcher = Batcher[Draft](lambda drafts: services.send_messages(drafts=drafts), settings.CHAT_BATCH_MESSAGES)

# The legacy `type` of a command means who sees the message and what it is.
_TYPES = {
    "public": (Visibility.PUBLIC, Kind.TEXT),
    "text": (Visibility.PUBLIC, Kind.TEXT),
    "emoji": (Visibility.PUBLIC, Kind.EMOJI),
    "gift": (Visibility.GIFT, Kind.GIFT),
    "private": (Visibility.PRIVATE, Kind.TEXT),
}


@handles(SendMessage)
async def chat_new(context: Context, command: SendMessage) -> Answer:
    """Check who says what where, and how fast; then it is judged, stored and announced with its batch."""
    author = context.identity
    card = await access_cached_card(author, command.stream_id)
    await limits.spend(_buckets(author, card))
    if not card.is_live:
        raise CommandError(ErrorCode.NOT_LIVE)
    visibility, kind = _TYPES[command.type]
    text = require_emoji(command.message) if kind is Kind.EMOJI else require_text(command.message)
    return await batcher.submit(
        Draft(
            author=author,
            card=card,
            text=text,
            type=visibility,
            message_type=kind,
            reply_to=int(command.reply_to) if command.reply_to else None,
            key=context.key,
        )
    )


@handles(RemoveMessage)
async def chat_remove(context: Context, command: RemoveMessage) -> None:
    """Take a message back; who may is read now."""
    identity = await in_database(identify_session, context.identity.user_id, context.identity.session_id)
    message, card = await in_database(selectors.access_message, identity, command.message_id)
    await in_database(removal.remove_message, remover=identity, message=message, card=card)


def _buckets(author: Identity, card: StreamCard) -> list[Bucket]:
    if card.may_moderate(author):
        return limits.rate("chat_moderator", author.user_id)
    buckets = limits.rate("chat", author.user_id)
    if card.slow_mode_seconds:
        key = f"slow:{card.id}:{author.user_id}"
        buckets.append(Bucket(key, 1, card.slow_mode_seconds, ErrorCode.SLOW_MODE))
    return buckets


@contribute("messages")
def last_messages(card: StreamCard) -> list[object]:
    """The last public messages, for a joiner's snapshot. Events that follow may repeat one: its `id` tells."""
    page = selectors.page_before(selectors.access_messages(card, None), None, settings.CHAT_SNAPSHOT_MESSAGES)
    return [render.render(message, card) for message in page.messages]


counts_minutes(selectors.comments_by_minute)
writes_gift_lines(gift_lines.write_gift_lines)

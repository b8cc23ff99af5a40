"""What the settings of a stream's chat ask of those who do not moderate it."""

from django.utils import timezone

from chat.text import holds_letters
from gateway import limits
from gateway.errors import CommandError, ErrorCode
from gateway.identity import Identity
from gateway.limits import Bucket
from moderation import spam
from streams.chat_settings import ChatSettings
from streams.selectors import StreamCard


def settings_for(author: Identity, card: StreamCard) -> ChatSettings | None:
    """The settings an author must bear in a stream now; None for those who moderate it."""
    return None if card.may_moderate(author) else card.chat.in_force(timezone.now())


def require_manners(author: Identity, card: StreamCard, text: str) -> None:
    """Check what one can tell of a message by itself.

    Raises:
        CommandError: `og_only`, `emoji_only`.
    """
    rules = settings_for(author, card)
    if rules is None:
        return
    if author.og_level < rules.og_only_level:
        raise CommandError(ErrorCode.OG_ONLY, limits={"level": rules.og_only_level})
    if rules.emoji_only and holds_letters(text):
        raise CommandError(ErrorCode.EMOJI_ONLY)


def buckets(author: Identity, card: StreamCard, text: str) -> list[Bucket]:
    """What the message is charged: its author's pace, the slow mode, what must not be repeated."""
    rules = settings_for(author, card)
    if rules is None:
        return limits.rate("chat_moderator", author.user_id)
    found = limits.rate("chat", author.user_id)
    if rules.slow_mode_seconds:
        key = f"slow:{card.id}:{author.user_id}"
        found.append(Bucket(key, 1, rules.slow_mode_seconds, ErrorCode.SLOW_MODE))
    found += spam.buckets(author.user_id, card.id, text)
    if rules.unique_messages:
        found.append(spam.unique_bucket(card.id, text))
    return found

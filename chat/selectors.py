"""Reading messages: a whisper is for its author, the host and moderators, the lounge for high tiers and them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncMinute
from django.utils import timezone

from chat.models import ROOM_WIDE, UNSHOWN, Message, Pin, Visibility
from gateway.database import run
from gateway.errors import CommandError, ErrorCode
from gateway.identity import Identity
from moderation.selectors import stopped_messages
from moderation.whatif import Said
from streams.selectors import StreamCard, find_card, require_og_level

_AROUND = 4


@dataclass(frozen=True, slots=True)
class Page:
    """Some messages of a stream, oldest first, and whether there are more in the direction asked for."""

    messages: list[Message]
    has_more: bool


def access_messages(card: StreamCard, identity: Identity | None) -> QuerySet[Message]:
    """The messages of a stream that the user, or a visitor without a name, may read."""
    shown = Message.objects.filter(stream_id=int(card.id), removed_at__isnull=True)
    messages = shown.select_related("author", "reply_to__author")
    if identity is None:
        return messages.filter(type__in=ROOM_WIDE, is_hidden=False)
    messages = messages.filter(Q(is_hidden=False) | Q(author_id=int(identity.user_id)))
    if card.may_moderate(identity):
        return messages
    readable = Q(type__in=ROOM_WIDE) | Q(type=Visibility.PRIVATE, author_id=int(identity.user_id))
    if may_enter_lounge(card, identity):
        readable |= Q(type=Visibility.LOUNGE)
    return messages.filter(readable)


def of_lounge(messages: QuerySet[Message], wanted: bool) -> QuerySet[Message]:
    """Those of the messages that were said in the lounge, or those that were not."""
    return messages.filter(type=Visibility.LOUNGE) if wanted else messages.exclude(type=Visibility.LOUNGE)


def access_message(identity: Identity, message_id: str) -> tuple[Message, StreamCard]:
    """A message the user may read or could read before it was removed, and its stream.

    Raises:
        CommandError: `not_found`.
    """
    message = Message.objects.select_related("author").filter(pk=message_id).first()
    card = find_card(str(message.stream_id)) if message is not None else None
    if message is None or card is None or not card.may_enter(identity):
        raise CommandError(ErrorCode.NOT_FOUND)
    if not _may_read(message, identity, card):
        raise CommandError(ErrorCode.NOT_FOUND)
    return message, card


def pinned(stream_id: int, now: datetime) -> Pin | None:
    """What is pinned in a stream, with its message; nothing once that is removed or its time is over."""
    pins = Pin.objects.filter(stream=stream_id, message__removed_at__isnull=True, message__isnull=False)
    holding = pins.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))
    return holding.select_related("message__author", "message__reply_to__author").first()


def require_lounge(card: StreamCard, identity: Identity) -> None:
    """Check that the user may enter the lounge, by their tier as it is now.

    Raises:
        CommandError: `access_denied`.
    """
    if not card.may_moderate(identity):
        require_og_level(int(identity.user_id), settings.CHAT_LOUNGE_FROM_OG_LEVEL)


def may_enter_lounge(card: StreamCard, identity: Identity) -> bool:
    """Whether the user, as their role and tier are known, reads and writes in the lounge."""
    return identity.og_level >= settings.CHAT_LOUNGE_FROM_OG_LEVEL or card.may_moderate(identity)


def page_before(messages: QuerySet[Message], before: int | None, limit: int) -> Page:
    """The newest messages, or those before a message's id."""
    if before is not None:
        messages = messages.filter(pk__lt=before)
    found = list(messages.order_by("-id")[: limit + 1])
    return Page(messages=found[:limit][::-1], has_more=len(found) > limit)


def page_after(messages: QuerySet[Message], after: int, limit: int) -> Page:
    """The oldest messages after a message's id."""
    found = list(messages.filter(pk__gt=after).order_by("id")[: limit + 1])
    return Page(messages=found[:limit], has_more=len(found) > limit)


def messages_by_id(ids: Iterable[int]) -> dict[int, Message]:
    """Messages by id, with their authors, for checks that know the stream; one query."""
    wanted = set(ids)
    return Message.objects.select_related("author").in_bulk(wanted) if wanted else {}


def messages_around(message_id: int) -> list[Message]:
    """A message and those next to it in the same room, whatever became of them, in order; for moderators alone."""
    message = Message.objects.select_related("author").filter(pk=message_id).first()
    if message is None:
        return []
    others = Message.objects.select_related("author").filter(stream=message.stream_id)
    if message.type in ROOM_WIDE:
        others = others.filter(type__in=ROOM_WIDE)
    else:
        others = others.filter(type=message.type, author=message.author_id)
    before = others.filter(pk__lt=message_id).order_by("-id")[:_AROUND]
    after = others.filter(pk__gt=message_id).order_by("id")[:_AROUND]
    return [*reversed(before), message, *after]


def comments_by_minute(start: datetime, end: datetime) -> dict[tuple[int, datetime], dict[str, int]]:
    """Messages the room has seen, by stream and minute, for the roll-ups of streams."""
    written = Message.objects.filter(created_at__gte=start, created_at__lt=end, is_hidden=False, combo__isnull=True)
    messages = written.filter(type__in=ROOM_WIDE).exclude(removed_reason__in=UNSHOWN)
    rows = messages.annotate(minute=TruncMinute("created_at", tzinfo=UTC)).values("stream", "minute").order_by()
    return {(row["stream"], row["minute"]): {"comments": row["count"]} for row in rows.annotate(count=Count("pk"))}


def _may_read(message: Message, identity: Identity, card: StreamCard) -> bool:
    if str(message.author_id) == identity.user_id:
        return True
    if message.is_hidden:
        return False
    if message.type in ROOM_WIDE or card.may_moderate(identity):
        return True
    return message.type == Visibility.LOUNGE and may_enter_lounge(card, identity)


def newcomers(user_ids: Collection[int]) -> set[int]:
    """Those of the users whose account is new and who have written nothing that was shown yet; one query."""
    if not user_ids:
        return set()
    shown = Message.objects.filter(author=OuterRef("pk"), removed_at__isnull=True)
    new = get_user_model().objects.filter(
        pk__in=user_ids, date_joined__gt=timezone.now() - settings.MODERATION_NEW_ACCOUNT
    )
    return set(new.exclude(Exists(shown)).values_list("pk", flat=True))


def next_ids(count: int) -> list[int]:
    """Ids for as many new messages, so that their events can be written before they are."""
    rows = run("SELECT nextval(pg_get_serial_sequence('chat_message', 'id')) FROM generate_series(1, %s::int)", [count])
    return [row[0] for row in rows]


def judged_messages(*, last: int, stream_id: int | None) -> list[Said]:
    """The last messages that were judged, stopped ones too, the oldest first; whispers and staff's words are left out.

    Args:
        last: how many.
        stream_id: those of one stream alone; of all when left out.
    """
    written = Message.objects.exclude(type=Visibility.PRIVATE).exclude(model_version="").filter(combo__isnull=True)
    if stream_id is not None:
        written = written.filter(stream=stream_id)
    rows = written.order_by("-id").values_list("id", "stream", "text", "created_at")[:last]
    said = [Said("message", pk, str(stream), text, at) for pk, stream, text, at in rows]
    said += stopped_messages(last=last, stream_id=stream_id)
    return sorted(said, key=lambda one: one.at)[-last:]

"""Messages as moderation knows them: shown, hidden and purged by its decisions."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from chat import render, selectors
from chat.models import ROOM_WIDE, UNSHOWN, Message, RemovalReason, Visibility
from chat.rooms import rooms_of
from chat.services.removal import remove_messages
from gateway.identity import Identity
from gateway.publish import Announcement, publish_many
from moderation.subjects import Subject
from streams import services as stream_services
from streams.selectors import find_card

# What moderation calls messages.
MESSAGE_KIND = "message"


class MessageSubjects:
    """The kind `message`."""

    def access(self, identity: Identity, subject_id: str) -> Subject:
        message, _ = selectors.access_message(identity, subject_id)
        return _subject(message)

    def describe(self, subject_ids: Collection[int]) -> dict[int, Subject]:
        return {pk: _subject(message) for pk, message in selectors.messages_by_id(subject_ids).items()}

    def context(self, subject_id: int) -> list[Subject]:
        return [_subject(message) for message in selectors.messages_around(subject_id)]

    def show(self, *, subject_ids: Collection[int]) -> list[int]:
        hidden = Message.objects.filter(pk__in=subject_ids, removed_at__isnull=False).order_by("id")
        return show_messages(list(hidden.select_related("author", "reply_to__author").select_for_update(of=("self",))))

    def hide(self, *, subject_ids: Collection[int], by: int | None) -> list[int]:
        reason = RemovalReason.MODERATOR if by is not None else RemovalReason.AUTOMATIC
        held = Message.objects.filter(pk__in=subject_ids, removed_reason=RemovalReason.HELD).select_for_update()
        refused = list(held.values_list("pk", flat=True))
        # Nobody has been told of a held message, so nobody is told that it is gone.
        Message.objects.filter(pk__in=refused).update(removed_reason=reason, removed_by=by)
        return refused + remove_messages(message_ids=subject_ids, reason=reason, removed_by=by)

    def shown(self, *, user_id: int, stream_id: int | None, since: datetime) -> int:
        return _written(user_id, stream_id, since).count()

    def purge(self, *, user_id: int, stream_id: int | None, since: datetime, by: int | None, most: int) -> int:
        ids = list(_written(user_id, stream_id, since).order_by("id").values_list("pk", flat=True)[:most])
        return len(remove_messages(message_ids=ids, reason=RemovalReason.PURGE, removed_by=by))


def _written(user_id: int, stream_id: int | None, since: datetime) -> QuerySet[Message]:
    there = Q(removed_at__isnull=True) | Q(removed_reason=RemovalReason.DELAYED)
    written = Message.objects.filter(there, author=user_id, created_at__gte=since)
    return written.filter(stream=stream_id) if stream_id is not None else written


def show_messages(messages: Sequence[Message]) -> list[int]:
    """Show locked messages to everybody they were meant for, in the caller's transaction; their ids."""
    shown = [message.pk for message in messages]
    Message.objects.filter(pk__in=shown).update(removed_at=None, removed_reason="", removed_by=None)
    publish_many(announcement for message in messages for announcement in _announcements(message))
    # What was taken back has been counted when it was shown first.
    first = [message for message in messages if message.removed_reason in UNSHOWN and not message.is_hidden]
    _count([message for message in first if message.type in ROOM_WIDE])
    return shown


def _subject(message: Message) -> Subject:
    return Subject(
        id=message.pk,
        author_id=message.author_id,
        author_name=message.author.username,
        stream_id=message.stream_id,
        text=message.text,
        sent_at=message.created_at,
        is_shown=message.removed_at is None,
        is_private=message.type == Visibility.PRIVATE,
    )


def _announcements(message: Message) -> list[Announcement]:
    card = find_card(str(message.stream_id))
    if card is None:
        return []
    event = render.render(message, card)
    return [Announcement(room, event) for room in rooms_of(message, card)]


def _count(messages: list[Message]) -> None:
    if messages:
        stream_services.count_comments(counts=Counter(str(message.stream_id) for message in messages))

"""What may be done with a stream: create, start, end, change; and what its room is told."""

from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from gateway.database import run
from gateway.errors import CommandError, ErrorCode
from gateway.events import now_iso
from gateway.identity import Identity
from gateway.publish import Announcement, publish, publish_many
from gateway.rooms import user_room
from streams import metrics, selectors, whereabouts
from streams.chat_settings import SETTINGS
from streams.events import MetricsUpdated, Reacted, ViewerJoined, ViewerLeft
from streams.models import Status, Stream
from streams.rooms import stream_room
from streams.services import battles, throne
from streams.services.chat_settings import announce_chat
from streams.services.fields import set_fields

_CHANGEABLE = (
    "title", "country", "allowed_countries", "denied_countries", "tags", "playback_url", "is_private", "is_anonymous",
    "max_viewers", "early_join_seconds", "fail_mode", *SETTINGS,
)  # fmt: skip


def create_stream(*, host: User, invited: list[User] | None = None, **fields: Any) -> Stream:
    """Make a pending stream.

    Args:
        host: whose stream it is.
        invited: who may see it when it is private.
        fields: those of `Stream` a host may set.

    Raises:
        CommandError: `invalid_payload`, naming the field.
    """
    stream = Stream(host=host)
    set_fields(stream, fields, _CHANGEABLE)
    with transaction.atomic(durable=True):
        stream.save()
        stream.invited.set(invited or [])
    return stream


def change_stream(*, stream: Stream, fields: dict[str, Any]) -> Stream:
    """Change what a host may change, at any time before the end.

    Raises:
        CommandError: `invalid_state` after the end; `invalid_payload`, naming the field.
    """
    with transaction.atomic(durable=True):
        locked = _lock(stream)
        if locked.status == Status.ENDED:
            raise CommandError(ErrorCode.INVALID_STATE)
        set_fields(locked, fields, _CHANGEABLE)
        locked.save()
        if fields.keys() & set(SETTINGS):
            announce_chat(stream=locked)
    return locked


def start_stream(*, stream: Stream) -> Stream:
    """Go live.

    Raises:
        CommandError: `invalid_state` unless it is pending.
    """
    with transaction.atomic(durable=True):
        locked = _lock(stream)
        if locked.status != Status.PENDING:
            raise CommandError(ErrorCode.INVALID_STATE, "Only a pending stream can start")
        locked.status = Status.LIVE
        locked.started_at = timezone.now()
        locked.save(update_fields=["status", "started_at"])
        transaction.on_commit(lambda: announce_metrics(stream_ids=[str(locked.pk)]))
    return locked


def end_stream(*, stream: Stream) -> Stream:
    """End for good.

    Raises:
        CommandError: `invalid_state` when it has ended already.
    """
    with transaction.atomic(durable=True):
        locked = _lock(stream)
        if locked.status == Status.ENDED:
            raise CommandError(ErrorCode.INVALID_STATE, "The stream has ended already")
        locked.status = Status.ENDED
        locked.ended_at = timezone.now()
        locked.save(update_fields=["status", "ended_at"])
        battles.finish_battle_of(stream_id=locked.pk, now=locked.ended_at)
        throne.vacate_throne(stream_id=locked.pk, now=locked.ended_at)
        transaction.on_commit(lambda: announce_metrics(stream_ids=[str(locked.pk)]))
    return locked


def announce_join(*, identity: Identity, stream_id: str, members: int, connection_id: str) -> None:
    """Tell a room, while it is small, that somebody has come in; the connection that has knows already."""
    if members <= settings.GATEWAY_JOINS_ANNOUNCED_UP_TO:
        publish(
            stream_room(stream_id),
            ViewerJoined(
                user_id=identity.user_id, username=identity.username, timestamp=now_iso(), stream_id=stream_id
            ),
            skip=connection_id,
        )


def announce_leave(*, identity: Identity, stream_id: str, members: int) -> None:
    """Tell a room, while it is small, that somebody has left."""
    if members <= settings.GATEWAY_JOINS_ANNOUNCED_UP_TO:
        publish(stream_room(stream_id), left(identity, stream_id))


def left(identity: Identity, stream_id: str) -> ViewerLeft:
    """The notice that `identity` has left."""
    return ViewerLeft(user_id=identity.user_id, username=identity.username, timestamp=now_iso(), stream_id=stream_id)


def dismiss(*, user_id: str, stream_id: str) -> None:
    """Tell a user's own sockets that they have left a stream, as when they leave by themselves."""
    user = get_user_model().objects.get(pk=user_id)
    notice = ViewerLeft(user_id=user_id, username=user.username, timestamp=now_iso(), stream_id=stream_id)
    publish(user_room(user_id), notice)
    transaction.on_commit(lambda: whereabouts.forget(user_id, stream_id), robust=True)


def react(*, identity: Identity, stream_id: str, reaction: str) -> None:
    """Count a like and show it to the room.

    Raises:
        CommandError: `access_denied` for an animated reaction without the tier it needs, which is read now.
    """
    animated = reaction in settings.STREAM_ANIMATED_REACTIONS
    if animated:
        selectors.require_og_level(int(identity.user_id), settings.STREAM_ANIMATED_FROM_OG_LEVEL)
    metrics.count_like(stream_id, reaction)
    event = Reacted(
        user_id=identity.user_id,
        username=identity.username,
        reaction=reaction,
        animated=animated,
        timestamp=now_iso(),
        stream_id=stream_id,
    )
    publish(stream_room(stream_id), event)


def announce_metrics(*, stream_ids: Collection[str]) -> None:
    """Tell the rooms of streams their numbers: one query, one reading of Redis and one publish pipeline."""
    cards = list(selectors.find_cards(stream_ids).values())
    now = now_iso()
    publish_many(
        Announcement(stream_room(card.id), MetricsUpdated(stream_id=card.id, metrics=numbers, timestamp=now))
        for card, numbers in zip(cards, metrics.current(cards), strict=True)
    )


def count_comments(*, counts: Mapping[str, int]) -> None:
    """Add to the comments of streams, by their ids, in the caller's transaction."""
    # Streams are locked in one order everywhere, so that two batches cannot wait for each other.
    run(
        """
        WITH locked AS (
            SELECT id, count FROM streams_stream JOIN unnest(%s::bigint[], %s::int[]) AS c(stream_id, count)
            ON id = stream_id ORDER BY id FOR NO KEY UPDATE OF streams_stream
        )
        UPDATE streams_stream AS s SET comments = s.comments + locked.count FROM locked WHERE s.id = locked.id
        """,
        [[int(stream_id) for stream_id in counts], list(counts.values())],
    )
    transaction.on_commit(lambda: metrics.mark(counts))


def report_metrics(*, stream_id: str, reported: dict[str, Any]) -> None:
    """Keep what the host's encoder reports of the stream."""
    metrics.set_client_metrics(stream_id, reported)


def _lock(stream: Stream) -> Stream:
    return Stream.objects.select_for_update(of=("self",)).select_related("host").get(pk=stream.pk)

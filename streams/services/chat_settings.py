"""How a stream's chat behaves: changed, shielded for a time, and told to its room."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.services import AUTOMATIC, Actor, record
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso
from gateway.publish import publish
from streams.chat_settings import SETTINGS, ChatSettings
from streams.events.chat import ChatRules, ChatSettingsChanged
from streams.models import Status, Stream
from streams.rooms import stream_room
from streams.services.fields import set_fields

_KIND = "streams.stream"


def change_chat(*, actor: Actor, stream_id: int, fields: dict[str, Any]) -> ChatRules:
    """Change how a stream's chat behaves; under a raised shield it shows when that is lowered.

    Args:
        actor: who does, and may.
        fields: those of `SETTINGS` that are to change.

    Raises:
        CommandError: `invalid_state` after the end; `invalid_payload`, naming the field.
    """
    with transaction.atomic(durable=True):
        stream = _lock(stream_id)
        before = {name: getattr(stream, name) for name in fields}
        set_fields(stream, fields, SETTINGS)
        stream.save(update_fields=SETTINGS)
        announce_chat(stream=stream)
        _record(actor, "chat.settings", stream_id, before, fields)
    return ChatRules.of(ChatSettings.of(stream), timezone.now())


def raise_shield(*, actor: Actor, stream_id: int, lasts: timedelta, reason: str = "") -> ChatRules:
    """Tighten all of a stream's chat for a time; raised again, it lasts from now.

    Raises:
        CommandError: `invalid_state` after the end.
    """
    return _shield(actor, stream_id, timezone.now() + lasts, reason)


def lower_shield(*, actor: Actor, stream_id: int, reason: str = "") -> ChatRules:
    """Let a stream's chat be as it was set; without a shield, nothing happens.

    Raises:
        CommandError: `invalid_state` after the end.
    """
    return _shield(actor, stream_id, None, reason)


def expire_shields() -> int:
    """Tell the rooms whose shield has run out, and forget it; how many it were. It has held no longer than its time."""
    ended = Stream.objects.filter(shield_until__lte=timezone.now()).order_by("pk").values_list("pk", flat=True)
    count = 0
    for stream_id in list(ended[:100]):
        with transaction.atomic(durable=True):
            found = Stream.objects.filter(pk=stream_id, shield_until__lte=timezone.now())
            stream = found.select_for_update(of=("self",), skip_locked=True).first()
            if stream is None:
                continue
            _set_shield(AUTOMATIC, stream, None, "its time was over")
            count += 1
    return count


def announce_chat(*, stream: Stream) -> None:
    """Tell a stream's room how its chat behaves now, in the caller's transaction."""
    now = timezone.now()
    rules = ChatRules.of(ChatSettings.of(stream), now)
    room = stream_room(str(stream.pk))
    publish(room, ChatSettingsChanged(stream_id=str(stream.pk), settings=rules, timestamp=iso(now)))


def _shield(actor: Actor, stream_id: int, until: datetime | None, reason: str) -> ChatRules:
    with transaction.atomic(durable=True):
        stream = _lock(stream_id)
        if until is not None or stream.shield_until is not None:
            _set_shield(actor, stream, until, reason)
    return ChatRules.of(ChatSettings.of(stream), timezone.now())


def _set_shield(actor: Actor, stream: Stream, until: datetime | None, reason: str) -> None:
    before, stream.shield_until = stream.shield_until, until
    stream.save(update_fields=["shield_until"])
    announce_chat(stream=stream)
    action = "shield.raise" if until is not None else "shield.lower"
    _record(actor, action, stream.pk, {"until": before}, {"until": until}, reason)


def _lock(stream_id: int) -> Stream:
    stream = Stream.objects.select_for_update(of=("self",)).get(pk=stream_id)
    if stream.status == Status.ENDED:
        raise CommandError(ErrorCode.INVALID_STATE)
    return stream


def _record(
    actor: Actor, action: str, stream_id: int, before: dict[str, Any], after: dict[str, Any], reason: str = ""
) -> None:
    record(
        actor=actor,
        action=action,
        target_kind=_KIND,
        target_id=str(stream_id),
        before=before,
        after=after,
        reason=reason,
    )

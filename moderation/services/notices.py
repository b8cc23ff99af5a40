"""What authors and reporters are told of what moderators decide."""

from datetime import datetime

from django.utils import timezone

from gateway.events import iso, now_iso
from gateway.publish import Announcement, publish, publish_many
from gateway.rooms import user_room
from moderation.events import ContentWarning
from moderation.events.queue import MessageHeld, ReportDecided
from moderation.models.queue import Item, ItemKind, Outcome

_WAITS = "Your message waits for a moderator."
_REFUSED = "A moderator has looked at your message: it is not shown."


def tell_waiting(item: Item) -> None:
    """Tell the author of a held message that it waits: released apps by a warning, others by its state."""
    _tell_held(item, "waiting", item.due_at)
    _warn(item, _WAITS, "hold")


def tell_outcome(item: Item) -> None:
    """Tell the author of a held message, and those who reported something, what was decided."""
    outcome = Outcome(item.outcome)
    if item.kind == ItemKind.HOLD:
        _tell_held(item, "shown" if outcome is Outcome.SHOW else "refused", None)
        if outcome is Outcome.HIDE:
            _warn(item, _REFUSED, "stop")
    event = ReportDecided(
        subject_id=str(item.subject_id), subject_kind=item.subject_kind, outcome=outcome, timestamp=now_iso()
    )
    reporters = item.reported_by.order_by("id").values_list("reporter", flat=True) if item.reports else ()
    publish_many(Announcement(user_room(str(reporter)), event) for reporter in reporters)


def _tell_held(item: Item, state: str, until: datetime | None) -> None:
    publish(
        user_room(str(item.user_id)),
        MessageHeld(
            message_id=str(item.subject_id),
            stream_id=str(item.stream_id),
            state=state,
            until=iso(until) if until else None,
            timestamp=iso(timezone.now()),
        ),
    )


def _warn(item: Item, words: str, action: str) -> None:
    publish(
        user_room(str(item.user_id)),
        ContentWarning(
            message=words,
            type="content_moderation",
            score=item.score,
            warning_id=str(item.decision_id),
            categories=item.categories,
            action=action,
            until=None,
            appealable=False,
            must_acknowledge=False,
            stream_id=str(item.stream_id),
        ),
    )

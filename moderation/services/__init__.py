"""Acting on verdicts: stop a message, mute its author, warn a room."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.services import AUTOMATIC
from gateway.errors import CommandError, ErrorCode
from gateway.events import iso, now_iso
from gateway.idempotency import Answer, CommandKey, remember
from gateway.identity import Identity
from gateway.publish import publish
from gateway.rooms import user_room
from moderation.events import ContentWarning, RoomWarning
from moderation.models import Decision, Rung, Sanction
from moderation.policy import Action, Verdict, mute_duration
from moderation.services.decisions import keep_decision
from moderation.services.sanctions import add_points, impose
from streams.rooms import stream_room
from streams.selectors import StreamCard

_WORDS = {
    Action.STOP: ("content_moderation", "Your message was not sent: it breaks the rules of this chat."),
    Action.BAN: (
        "content_ban",
        "Your message was not sent, and you cannot write for a while: it breaks the rules badly.",
    ),
}


def refusal(verdict: Verdict) -> CommandError:
    """What the author of a stopped message is told in answer; a retry is told the same."""
    return CommandError(ErrorCode.CONTENT_STOPPED, final=True)


def cannot_check() -> CommandError:
    """What the author of a message is told that may be written only while it can be checked; a retry may do better."""
    retry_after = settings.MODERATION_SECOND_LOOK_PAUSE_SECONDS
    return CommandError(ErrorCode.UNAVAILABLE, "Messages cannot be checked just now", retry_after=retry_after)


def stop_message(*, author: Identity, stream_id: str, text: str, verdict: Verdict) -> Decision:
    """Keep the decision on a message that reaches nobody, mute its author when it is bad enough, and tell them.

    Runs in the caller's transaction.
    """
    decision = keep_decision(user_id=int(author.user_id), stream_id=int(stream_id), text=text, verdict=verdict)
    add_points(user_id=int(author.user_id), points=settings.MODERATION_POINTS[verdict.action])
    until = _mute(decision) if verdict.action is Action.BAN else None
    kind, words = _WORDS[verdict.action]
    publish(
        user_room(author.user_id),
        ContentWarning(
            message=words,
            type=kind,
            score=verdict.score,
            warning_id=str(decision.pk),
            categories=sorted(verdict.categories),
            action=verdict.action,
            until=iso(until) if until else None,
            appealable=True,
            must_acknowledge=False,
            stream_id=stream_id,
        ),
    )
    return decision


def warn_room(
    *, moderator: Identity, card: StreamCard, warning_type: str, message: str, key: CommandKey | None = None
) -> Answer:
    """Show a notice to everybody in the stream's room; once, however often the command with `key` is retried."""
    answer = Answer(ok=True, body="{}")
    with transaction.atomic(durable=True):
        earlier = remember({key: answer}) if key is not None else {}
        if key in earlier:
            return earlier[key]
        publish(
            stream_room(card.id),
            RoomWarning(
                user_id=moderator.user_id,
                username=moderator.username,
                warning_type=warning_type,
                message=message,
                timestamp=now_iso(),
                stream_id=card.id,
            ),
        )
    return answer


def _mute(decision: Decision) -> datetime | None:
    earlier = Sanction.objects.filter(
        user=decision.user_id,
        rung=Rung.TIMEOUT,
        decision__isnull=False,
        created_at__gt=timezone.now() - settings.MODERATION_MUTE_MEMORY,
    )
    sanction = impose(
        actor=AUTOMATIC,
        user_id=decision.user_id,
        rung=Rung.TIMEOUT,
        reason=_WORDS[Action.BAN][1],
        lasts=mute_duration(earlier.count()),
        decision_id=decision.pk,
    )
    return sanction.until

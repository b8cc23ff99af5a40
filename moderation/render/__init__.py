"""What moderators' clients are shown: items of the queue, and the levels of a stream."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.utils import timezone

from gateway.events import iso
from moderation.events.rules import Levels
from moderation.lexicon import Category
from moderation.models.queue import Item
from moderation.selectors.queue import report_reasons
from moderation.selectors.rules import policy_of
from moderation.subjects import Subject, describe


class QueueItem(msgspec.Struct, kw_only=True, rename="camel"):
    """An item with what it is about.

    Attributes:
        id: the item.
        version: to be given with every act on the item.
        kind: what brought it here: `hold`, `report`, `recheck`, `evasion` or `fraud`.
        status: `open`, `claimed` or `decided`.
        priority: 1 to 4, the most pressing last.
        score: how bad it seems, 0 to 1.
        categories: what it is suspected of.
        reports: how many users reported it.
        reasons: how often each reason was given.
        subject_kind: `message`, or `user` for a flag.
        subject_id: the thing's id.
        text: what was written, or whom a flag is about; null when it is gone.
        is_shown: whether people see it now.
        user_id: whom it is about.
        username: their name.
        stream_id: where it was written; null for flags.
        stream_title: that stream's title.
        claimed_by: who is on it; null when nobody is.
        claimed_until: until when.
        assigned_to: who was asked to look at it; null when nobody was.
        outcome: `show`, `hide`, or nothing while it waits.
        decided_by: who decided; null when nobody has, or the policy did.
        decided_at: when.
        created_at: since when it waits.
        due_at: when the policy decides instead; null when it does not.
    """

    id: str
    version: int
    kind: str
    status: str
    priority: int
    score: float
    categories: list[str]
    reports: int
    reasons: dict[str, int]
    subject_kind: str
    subject_id: str
    text: str | None
    is_shown: bool
    user_id: str
    username: str
    stream_id: str | None
    stream_title: str | None
    claimed_by: str | None
    claimed_until: str | None
    assigned_to: str | None
    outcome: str
    decided_by: str | None
    decided_at: str | None
    created_at: str
    due_at: str | None


def status_of(item: Item, now: datetime) -> str:
    """Whether an item is `open`, `claimed` or `decided`."""
    if item.decided_at is not None:
        return "decided"
    return "claimed" if is_claimed(item, now) else "open"


def is_claimed(item: Item, now: datetime) -> bool:
    """Whether somebody has taken an item and still has it."""
    return item.claimed_until is not None and item.claimed_until > now


def render_items(items: Sequence[Item]) -> list[QueueItem]:
    """Items with what they are about; a query for each kind of thing, and one for the reports."""
    now = timezone.now()
    reasons = report_reasons(item.pk for item in items if item.reports)
    subjects = {
        kind: describe(kind, [item.subject_id for item in items if item.subject_kind == kind])
        for kind in {item.subject_kind for item in items}
    }
    return [
        _render(item, subjects[item.subject_kind].get(item.subject_id), reasons.get(item.pk, {}), now) for item in items
    ]


def _render(item: Item, subject: Subject | None, reasons: dict[str, int], now: datetime) -> QueueItem:
    claimed = is_claimed(item, now)
    return QueueItem(
        id=str(item.pk),
        version=item.version,
        kind=item.kind,
        status=status_of(item, now),
        priority=item.priority,
        score=round(item.score, 4),
        categories=item.categories,
        reports=item.reports,
        reasons=reasons,
        subject_kind=item.subject_kind,
        subject_id=str(item.subject_id),
        text=subject.text if subject else None,
        is_shown=subject is not None and subject.is_shown,
        user_id=str(item.user_id),
        username=item.user.username,
        stream_id=str(item.stream_id) if item.stream_id else None,
        stream_title=item.stream.title if item.stream else None,
        claimed_by=item.claimed_by.username if claimed and item.claimed_by else None,
        claimed_until=iso(item.claimed_until) if claimed and item.claimed_until else None,
        assigned_to=item.assigned_to.username if item.assigned_to else None,
        outcome=item.outcome,
        decided_by=item.decided_by.username if item.decided_by else None,
        decided_at=iso(item.decided_at) if item.decided_at else None,
        created_at=iso(item.created_at),
        due_at=iso(item.due_at) if item.due_at else None,
    )


def render_levels(stream_id: int) -> Levels:
    """How strictly a stream is moderated."""
    policy = policy_of(stream_id)
    return Levels(
        levels={category.value: policy.level(category) for category in Category},
        undecided=policy.undecided,
        policy_version=policy.version,
    )

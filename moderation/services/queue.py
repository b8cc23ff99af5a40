"""The moderators' queue: what comes in, who takes it, what is decided, and taking a decision back.

Every change raises an item's version and is told to the moderators' room. Who acts on a version that is no longer
the item's is refused and told who was quicker.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.services import AUTOMATIC, Actor, record
from gateway.events import encode, now_iso
from gateway.idempotency import Answer, CommandKey, earlier, remember
from gateway.publish import publish
from moderation.events.queue import ItemVersion, QueueChanged
from moderation.models.queue import Item, ItemKind, Outcome, Priority
from moderation.render import is_claimed, status_of
from moderation.rooms import QUEUE_ROOM
from moderation.services import notices
from moderation.subjects import describe, subject_kind

_URGENT = frozenset(("threat", "self_harm", "hate"))
_HIGH_SCORE, _LOW_SCORE = 0.7, 0.3
# Flags are about a user, not about something they wrote.
USER_KIND = "user"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that a moderator is to look at.

    Attributes:
        score: how bad it seems, 0 to 1.
        due_at: when the stream's policy decides instead.
    """

    kind: ItemKind
    subject_kind: str
    subject_id: int
    user_id: int
    score: float
    stream_id: int | None = None
    categories: Sequence[str] = ()
    decision_id: int | None = None
    due_at: datetime | None = None


class ItemResult(msgspec.Struct, kw_only=True, rename="camel"):
    """What became of an act on one item: its version now, and when it was refused, why and because of whom."""

    id: str
    ok: bool
    version: int
    message: str = ""
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Moderator:
    """Who acts on the queue, whose role was read just now, and how the audit log names them."""

    user: User
    actor: Actor


def enqueue(arrival: Arrival) -> Item:
    """Put something into the queue, in the caller's transaction; what waits there already is raised, not doubled."""
    item = Item(
        kind=arrival.kind,
        subject_kind=arrival.subject_kind,
        subject_id=arrival.subject_id,
        user_id=arrival.user_id,
        stream_id=arrival.stream_id,
        decision_id=arrival.decision_id,
        score=arrival.score,
        categories=sorted(arrival.categories),
        due_at=arrival.due_at,
        priority=_priority(arrival.score, arrival.categories),
        version=0,
    )
    # Two who report the same thing at once make one item: the row of the first is there, and the second waits for it.
    Item.objects.bulk_create([item], ignore_conflicts=True)
    kept = Item.objects.select_for_update().get(
        subject_kind=arrival.subject_kind, subject_id=arrival.subject_id, decided_at__isnull=True
    )
    kept.score = max(kept.score, arrival.score)
    kept.categories = sorted({*kept.categories, *arrival.categories})
    kept.priority = max(kept.priority, _priority(kept.score, kept.categories))
    _change(kept, None)
    return kept


def claim(*, moderator: Moderator, items: Sequence[ItemVersion], key: CommandKey | None = None) -> Answer:
    """Take items for `MODERATION_CLAIM_SECONDS`, or take them longer; nobody else can decide them meanwhile."""
    until = timezone.now() + timedelta(seconds=settings.MODERATION_CLAIM_SECONDS)

    def take(found: list[Item]) -> None:
        for item in found:
            item.claimed_by, item.claimed_until = moderator.user, until

    return _act(moderator, items, take, key)


def unclaim(*, moderator: Moderator, items: Sequence[ItemVersion], key: CommandKey | None = None) -> Answer:
    """Give items back."""

    def give_back(found: list[Item]) -> None:
        for item in found:
            item.claimed_by = item.claimed_until = None

    return _act(moderator, items, give_back, key)


def assign(
    *, moderator: Moderator, items: Sequence[ItemVersion], to: User | None, key: CommandKey | None = None
) -> Answer:
    """Ask a moderator to look at items, or nobody in particular."""

    def hand_over(found: list[Item]) -> None:
        for item in found:
            item.assigned_to = to
            _record(moderator.actor, "queue.assign", item, after={"assigned_to": to.pk if to else None})

    return _act(moderator, items, hand_over, key)


def decide(
    *,
    moderator: Moderator,
    items: Sequence[ItemVersion],
    outcome: Outcome,
    reason: str = "",
    key: CommandKey | None = None,
) -> Answer:
    """Show or hide what items are about, for everybody at once, and tell its authors and those who reported it."""

    def settle(found: list[Item]) -> None:
        settle_items(found, outcome=outcome, by=moderator.user, actor=moderator.actor, reason=reason)

    return _act(moderator, items, settle, key)


def undo(*, moderator: Moderator, items: Sequence[ItemVersion], key: CommandKey | None = None) -> Answer:
    """Take decisions back: what people see is as it was before, and the items wait again."""

    def reopen(found: list[Item]) -> None:
        changed = [item for item in found if item.changed_subject]
        _apply([i for i in changed if i.outcome == Outcome.HIDE], Outcome.SHOW, moderator.user.pk)
        _apply([i for i in changed if i.outcome == Outcome.SHOW], Outcome.HIDE, moderator.user.pk)
        for item in found:
            outcome = item.outcome
            item.outcome, item.decided_at, item.decided_by, item.due_at = "", None, None, None
            item.changed_subject = False
            _record(moderator.actor, "queue.undo", item, before={"outcome": outcome})

    return _act(moderator, items, reopen, key, decided=True)


def settle_items(
    items: Sequence[Item], *, outcome: Outcome, by: User | None, actor: Actor = AUTOMATIC, reason: str = ""
) -> None:
    """Decide items that are locked, in the caller's transaction; the caller writes them."""
    now = timezone.now()
    changed = _apply(items, outcome, by.pk if by else None)
    for item in items:
        item.outcome, item.decided_at, item.decided_by = outcome, now, by
        item.claimed_by = item.claimed_until = None
        item.changed_subject = item.pk in changed
        notices.tell_outcome(item)
        _record(actor, "queue.decide", item, before={"score": item.score}, after={"outcome": outcome}, reason=reason)


def save_settled(items: Iterable[Item], by: User | None) -> None:
    """Write items that were decided, and tell the moderators."""
    for item in items:
        _change(item, by)


def _act(
    moderator: Moderator,
    items: Sequence[ItemVersion],
    act: Callable[[list[Item]], None],
    key: CommandKey | None,
    decided: bool = False,
) -> Answer:
    seen = {int(item.id): item.version for item in items}
    with transaction.atomic(durable=True):
        # Whoever retries waits here for the first try, and then finds its answer.
        found = {item.pk: item for item in _locked(seen)}
        if key is not None and (answers := earlier([key])):
            return answers[key]
        refused = {pk: _objection(pk, found.get(pk), seen[pk], moderator.user, decided) for pk in seen}
        free = [found[pk] for pk, objection in refused.items() if objection is None]
        act(free)
        for item in free:
            _change(item, moderator.user)
        results = [refused[pk] or ItemResult(id=str(pk), ok=True, version=found[pk].version) for pk in seen]
        answer = Answer(ok=True, body=encode({"items": results}).decode())
        if key is not None:
            remember({key: answer})
    return answer


def _locked(ids: Collection[int]) -> list[Item]:
    # Who has claimed or decided them is read afterwards: joined, it would be as it was before the wait for the lock.
    return list(Item.objects.filter(pk__in=ids).order_by("id").select_for_update())


def _objection(item_id: int, item: Item | None, version: int, moderator: User, decided: bool) -> ItemResult | None:
    """Why a moderator may not act on an item; `None` when they may."""
    if item is None:
        return ItemResult(id=str(item_id), ok=False, version=0, message="There is no such item.")
    by: User | None = None
    words = ""
    if decided != (item.decided_at is not None):
        by = item.decided_by
        words = "It waits for a decision." if decided else f"{by.username if by else 'The policy'} has decided this."
    elif is_claimed(item, timezone.now()) and item.claimed_by_id != moderator.pk:
        by = item.claimed_by
        words = f"{by.username if by else 'Somebody'} is on it."
    elif item.version != version:
        by = item.claimed_by
        words = "It has changed since you saw it."
    if not words:
        return None
    return ItemResult(id=str(item.pk), ok=False, version=item.version, message=words, by=by.username if by else None)


def _apply(items: Sequence[Item], outcome: Outcome, by: int | None) -> set[int]:
    """Show or hide what items are about; the ids of the items for which that changed what people see."""
    changed: set[int] = set()
    for name in sorted({item.subject_kind for item in items}):
        kind, of_kind = subject_kind(name), [item for item in items if item.subject_kind == name]
        ids = [item.subject_id for item in of_kind]
        shown = {pk for pk, subject in describe(name, ids).items() if subject.is_shown}
        if outcome == Outcome.SHOW:
            acted = set(kind.show(subject_ids=ids))
        else:
            acted = set(kind.hide(subject_ids=ids, by=by)) & shown
        changed.update(item.pk for item in of_kind if item.subject_id in acted)
    return changed


def _change(item: Item, by: User | None) -> None:
    item.version += 1
    item.save()
    publish(
        QUEUE_ROOM,
        QueueChanged(
            item_id=str(item.pk),
            version=item.version,
            kind=item.kind,
            status=status_of(item, timezone.now()),
            priority=item.priority,
            by_user_id=str(by.pk) if by else None,
            by_username=by.username if by else None,
            timestamp=now_iso(),
        ),
    )


def _priority(score: float, categories: Collection[str]) -> Priority:
    if _URGENT & set(categories):
        return Priority.URGENT
    if score >= _HIGH_SCORE:
        return Priority.HIGH
    return Priority.NORMAL if score >= _LOW_SCORE else Priority.LOW


def _record(actor: Actor, action: str, item: Item, reason: str = "", **values: dict[str, object]) -> None:
    record(actor=actor, action=action, target_kind="moderation.item", target_id=str(item.pk), reason=reason, **values)

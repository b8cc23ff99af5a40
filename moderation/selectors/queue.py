"""Reading the queue."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from gateway.errors import CommandError, ErrorCode
from moderation.models.queue import Item, Outcome, QueueFilter, Report


def access_moderator(user_id: int | str) -> User:
    """The user, if they moderate everywhere now, whatever was known when they connected.

    Raises:
        CommandError: `access_denied`.
    """
    user = User.objects.filter(pk=user_id, is_moderator=True, is_active=True, is_banned=False).first()
    if user is None:
        raise CommandError(ErrorCode.ACCESS_DENIED)
    return user


def items(
    *,
    decided: bool = False,
    kind: str = "",
    category: str = "",
    stream: int | None = None,
    user: int | None = None,
    of: int | None = None,
) -> QuerySet[Item]:
    """Items of the queue, the most pressing first; decided ones the last decided first.

    Args:
        of: only what this moderator has claimed or been assigned.
    """
    found = Item.objects.select_related("user", "stream", "claimed_by", "assigned_to", "decided_by")
    found = found.filter(decided_at__isnull=not decided)
    if kind:
        found = found.filter(kind=kind)
    if category:
        found = found.filter(categories__contains=[category])
    if stream is not None:
        found = found.filter(stream=stream)
    if user is not None:
        found = found.filter(user=user)
    if of is not None:
        found = found.filter(Q(assigned_to=of) | Q(claimed_by=of, claimed_until__gt=timezone.now()))
    return found.order_by("-decided_at", "-id") if decided else found.order_by("-priority", "id")


def due_item_ids(now: datetime) -> list[int]:
    """Held messages whose time is over."""
    return list(Item.objects.filter(due_at__lte=now, decided_at__isnull=True).values_list("pk", flat=True)[:100])


def reporter_weight(reporter_id: int) -> float:
    """What a report of this user is worth, 0 to 2: 1 without a record, more when moderators agreed, less when not."""
    decided = Report.objects.filter(reporter=reporter_id, item__decided_by__isnull=False)
    record = decided.aggregate(all=Count("pk"), agreed=Count("pk", filter=Q(item__outcome=Outcome.HIDE)))
    return float(2 * (record["agreed"] + 1) / (record["all"] + 2))


def report_reasons(item_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """How often each reason was given, by item."""
    found: dict[int, dict[str, int]] = {}
    rows = Report.objects.filter(item__in=list(item_ids)).values("item", "reason").annotate(count=Count("pk"))
    for row in rows.order_by("item", "-count"):
        found.setdefault(row["item"], {})[row["reason"]] = row["count"]
    return found


def filters_of(moderator_id: int) -> QuerySet[QueueFilter]:
    """The views of the queue a moderator keeps."""
    return QueueFilter.objects.filter(owner=moderator_id)

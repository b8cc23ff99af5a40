"""Reading the queue."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from gateway.errors import CommandError, ErrorCode
from moderation.models.queue import Item, Outcome, QueueFilter, Report

_PAGE = 50
_EPOCH, _MICROSECOND = datetime.fromtimestamp(0, UTC), timedelta(microseconds=1)


def access_moderator(user_id: int | str) -> User:
    """The user, if they moderate everywhere now, whatever was known when they connected.

    Raises:
        CommandError: `access_denied`.
    """
    user = moderators().filter(pk=user_id).first()
    if user is None:
        raise CommandError(ErrorCode.ACCESS_DENIED)
    return user


def moderators() -> QuerySet[User]:
    """Who moderates everywhere, by name."""
    return User.objects.filter(is_moderator=True, is_active=True, is_banned=False).order_by("username")


def items(
    *,
    decided: bool = False,
    kind: str = "",
    category: str = "",
    stream: int | None = None,
    user: int | None = None,
    min_score: float = 0.0,
) -> QuerySet[Item]:
    """Items of the queue, the most pressing first; decided ones the last decided first."""
    found = _with_names().filter(decided_at__isnull=not decided, score__gte=min_score)
    if kind:
        found = found.filter(kind=kind)
    if category:
        found = found.filter(categories__contains=[category])
    if stream is not None:
        found = found.filter(stream=stream)
    if user is not None:
        found = found.filter(user=user)
    return found.order_by("-decided_at", "-id") if decided else found.order_by("-priority", "id")


def of_assignee(found: QuerySet[Item], assignee: int | None) -> QuerySet[Item]:
    """Those of the items a moderator has claimed or been assigned; those nobody has, for `None`."""
    now = timezone.now()
    if assignee is None:
        return found.filter(assigned_to__isnull=True).exclude(claimed_until__gt=now)
    return found.filter(Q(assigned_to=assignee) | Q(claimed_by=assignee, claimed_until__gt=now))


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Some items in their order, and where the page after them begins; an empty string after the last."""

    items: list[Item]
    next: str


def page_of(found: QuerySet[Item], *, decided: bool, after: str) -> ItemPage:
    """A page of what `items` found; who comes or goes meanwhile moves nobody else to another page.

    Args:
        decided: as it was given to `items`.
        after: the `next` of the page before, or nothing.
    """
    page = list((_behind(found, decided, after) if after else found)[: _PAGE + 1])
    if len(page) <= _PAGE:
        return ItemPage(page, "")
    last = page[_PAGE - 1]
    place = (last.decided_at - _EPOCH) // _MICROSECOND if last.decided_at else last.priority
    return ItemPage(page[:_PAGE], f"{place}-{last.pk}")


def _behind(found: QuerySet[Item], decided: bool, after: str) -> QuerySet[Item]:
    place, pk = map(int, after.split("-"))
    if not decided:
        return found.filter(Q(priority__lt=place) | Q(priority=place, pk__gt=pk))
    try:
        at = _EPOCH + place * _MICROSECOND
    except OverflowError as error:
        raise CommandError(ErrorCode.INVALID_PAYLOAD, "Invalid payload: `after` is no place in the queue") from error
    return found.filter(Q(decided_at__lt=at) | Q(decided_at=at, pk__lt=pk))


def access_item(item_id: int | str) -> Item:
    """An item, for those who have shown that they are moderators.

    Raises:
        CommandError: `not_found`.
    """
    item = _with_names().filter(pk=item_id).first()
    if item is None:
        raise CommandError(ErrorCode.NOT_FOUND)
    return item


def reports_of(item_id: int) -> QuerySet[Report]:
    """Who reported what the item is about, the first reporter first."""
    return Report.objects.filter(item=item_id).select_related("reporter").order_by("id")


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


def _with_names() -> QuerySet[Item]:
    return Item.objects.select_related("user", "stream", "claimed_by", "assigned_to", "decided_by")

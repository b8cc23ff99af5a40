"""Reading numbers over time, and who sat on thrones the longest."""

from datetime import datetime
from typing import Any

from django.db.models import Max, Sum

from streams.models import StreamNumbers
from streams.selectors import reign_seconds, reigns

_MOST_ROWS = 2000


def numbers_of(period: str, start: datetime, end: datetime, *, stream_id: int | None = None) -> list[dict[str, Any]]:
    """A stream's numbers, or those of all streams together, for each minute, hour or day that has any."""
    rows = StreamNumbers.objects.filter(period=period, starts_at__gte=start, starts_at__lt=end)
    if stream_id is not None:
        rows = rows.filter(stream=stream_id)
    summed = rows.order_by("starts_at").values("starts_at")
    return list(
        summed.annotate(
            peak=Max("viewers"),
            all_likes=Sum("likes"),
            all_gifts=Sum("gifts"),
            all_coins=Sum("coins"),
            all_comments=Sum("comments"),
        )[:_MOST_ROWS]
    )


def reign_leaders(stream_id: int, now: datetime, limit: int) -> list[tuple[str, str, int, int]]:
    """Who sat on a stream's throne the longest: id, name, seconds, reigns."""
    found: dict[str, tuple[str, int, int]] = {}
    for reign in reigns(stream_id):
        key = str(reign.user_id)
        _, seconds, count = found.get(key, ("", 0, 0))
        found[key] = (reign.user.username, seconds + reign_seconds(reign, now), count + 1)
    ranked = sorted(found.items(), key=lambda item: (-item[1][1], int(item[0])))
    return [(user_id, *rest) for user_id, rest in ranked[:limit]]

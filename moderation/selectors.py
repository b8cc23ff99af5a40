"""Reading what moderation has decided."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max
from django.utils import timezone

from moderation.models import Mute


def muted_until(user_ids: Iterable[str]) -> dict[str, datetime]:
    """Until when those of the users who are muted may not write; one query."""
    mutes = (
        Mute.objects.filter(user_id__in=list(user_ids), until__gt=timezone.now())
        .order_by()
        .values("user_id")
        .annotate(last=Max("until"))
    )
    return {str(mute["user_id"]): mute["last"] for mute in mutes}

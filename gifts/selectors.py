"""Reading coins and gifts."""

import time
from datetime import date

from django.conf import settings

from gifts.models import Gift

_catalog: tuple[float, dict[str, Gift]] = (0.0, {})


def catalog() -> dict[str, Gift]:
    """All gifts by id, from this process's memory, at most a moment old."""
    global _catalog
    until, gifts = _catalog
    if until <= time.monotonic():
        gifts = {gift.pk: gift for gift in Gift.objects.all()}
        _catalog = (time.monotonic() + settings.GIFT_CATALOG_SECONDS, gifts)
    return gifts


def is_in_season(gift: Gift, country: str, day: date) -> bool:
    """Whether a festival's gift may be sent that day in a stream of that country; others always may."""
    if (gift.starts_on and day < gift.starts_on) or (gift.ends_on and day > gift.ends_on):
        return False
    return not gift.countries or country in gift.countries

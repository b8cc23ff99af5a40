"""The periodic work of gifts: in each web process, and by Celery where time is not pressing."""

from collections.abc import Mapping
from datetime import datetime

from celery import shared_task

from gateway.database import in_database
from gateway.runtime import every
from gifts import selectors
from gifts.services.combos import end_combos
from gifts.services.fraud import find_fraud
from gifts.services.tiers import pay_daily_bonuses
from og.services import expire_memberships
from streams.services.rollups import counts_minutes

_COMBO_SECONDS = 0.5


@every(_COMBO_SECONDS)
async def end_due_combos() -> None:
    """End the combos whose time is over, whichever process they were begun on."""
    await in_database(end_combos)


@shared_task  # type: ignore[untyped-decorator]
def end_combos_left() -> None:
    """The same once more, for when no web process is up to do it."""
    end_combos()


@shared_task  # type: ignore[untyped-decorator]
def keep_tiers() -> None:
    """Pay the days of tiers that are owed, whenever they fell due, and end tiers whose time is over."""
    pay_daily_bonuses()
    while expire_memberships():
        pass


@shared_task  # type: ignore[untyped-decorator]
def look_for_fraud() -> None:
    """Bring users whose coins move strangely before the moderators."""
    find_fraud()


@counts_minutes
def gifts_by_minute(start: datetime, end: datetime) -> Mapping[tuple[int, datetime], Mapping[str, int]]:
    """Gifts and coins, for the roll-ups of streams."""
    return selectors.gifts_by_minute(start, end)
